"""States and outcomes of deliveries, the back-off and the circuit breaker."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(hours=1)
BREAKER_FAILURES = 5
BREAKER_PAUSE = timedelta(seconds=30)
BREAKER_LONGEST_PAUSE = timedelta(minutes=5)


class DeliveryState(StrEnum):
    """State of a delivery."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    CANCELLED = "cancelled"
    """A newer delivery of the same object replaced it."""


OPEN_STATES = frozenset({DeliveryState.QUEUED, DeliveryState.SENDING})
RETRYABLE_STATES = frozenset({DeliveryState.FAILED, DeliveryState.UNCERTAIN})


class Recovery(StrEnum):
    """How to recover after an attempt with an unknown outcome."""

    REPEATS_SAFELY = "repeats_safely"
    """The receiving system deduplicates by the idempotency key, so the same request is sent again."""
    LOOKS_UP = "looks_up"
    """The adapter can look up whether it arrived."""
    NONE = "none"
    """Neither; an employee decides."""


class Outcome(StrEnum):
    """How an attempt ended."""

    SENT = "sent"
    REFUSED = "refused"
    """The domain no longer allows it; nothing was sent in this attempt."""
    PERMANENT = "permanent"
    TRANSIENT = "transient"
    UNCLEAR = "unclear"
    """It may have arrived: a timeout, a broken connection or a killed worker."""


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """The outcome of an attempt, with the id of the receiving system or a stable error code."""

    outcome: Outcome
    external_id: str | None = None
    code: str | None = None
    retry_after: timedelta | None = None
    is_partners: bool = False
    """Whether the receiving system caused the failure; only such failures count for the breaker."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The state after an attempt, and whether an earlier attempt may have arrived."""

    state: DeliveryState
    may_have_arrived: bool = False


def decide(outcome: Outcome, recovery: Recovery, *, is_last_attempt: bool, may_have_arrived: bool) -> Decision:
    """Return the state of a delivery after an attempt."""
    dead = DeliveryState.UNCERTAIN if may_have_arrived else DeliveryState.FAILED
    match outcome:
        case Outcome.SENT:
            return Decision(DeliveryState.SENT)
        case Outcome.PERMANENT:
            return Decision(DeliveryState.FAILED)
        case Outcome.REFUSED:
            return Decision(dead, may_have_arrived)
        case Outcome.TRANSIENT:
            return Decision(dead if is_last_attempt else DeliveryState.QUEUED, may_have_arrived)
        case _ if recovery is Recovery.NONE or is_last_attempt:
            return Decision(DeliveryState.UNCERTAIN, may_have_arrived=True)
    return Decision(DeliveryState.QUEUED, may_have_arrived=True)


def effective_recovery(
    recovery: Recovery, dedupes_for: timedelta | None, first_attempt_at: datetime | None, now: datetime
) -> Recovery:
    """Return the recovery still possible; deduplication for a limited time ends after that time."""
    if recovery is Recovery.REPEATS_SAFELY and dedupes_for is not None and first_attempt_at is not None:
        return recovery if now - first_attempt_at < dedupes_for else Recovery.NONE
    return recovery


def pause_after(attempts: int, first: timedelta = FIRST_PAUSE) -> timedelta:
    """Return the back-off after the n-th attempt: doubled each time, at most an hour."""
    doublings = max(0, min(attempts - 1, 20))
    return min(LONGEST_PAUSE, first * (1 << doublings))


@dataclass(slots=True)
class Breaker:
    """Blocks the calls of a target after consecutive failures; after each pause one call probes it."""

    failures: int = 0
    open_until: datetime | None = None

    def allows(self, now: datetime, requested: int, in_flight: int) -> int:
        """Return how many calls may start now."""
        if self.open_until is None:
            return requested
        if now < self.open_until or in_flight:
            return 0
        return min(1, requested)

    def record_success(self) -> None:
        """Close the breaker."""
        self.failures, self.open_until = 0, None

    def record_failure(self, now: datetime) -> None:
        """Count a failure; open the breaker after enough of them."""
        self.failures += 1
        if self.failures >= BREAKER_FAILURES:
            pause = BREAKER_PAUSE * 2 ** min(self.failures - BREAKER_FAILURES, 10)
            self.open_until = now + min(BREAKER_LONGEST_PAUSE, pause)
