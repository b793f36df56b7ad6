"""The state after an attempt, the back-off and the circuit breaker."""

from datetime import UTC, datetime, timedelta

import pytest

from app.deliveries.rules import (
    BREAKER_FAILURES,
    BREAKER_PAUSE,
    Breaker,
    Decision,
    DeliveryState,
    Outcome,
    Recovery,
    decide,
    effective_recovery,
    pause_after,
)

NOW = datetime(2026, 11, 24, tzinfo=UTC)
Oc, R, S = Outcome, Recovery, DeliveryState


@pytest.mark.parametrize(
    ("outcome", "recovery", "is_last", "may_have_arrived", "state", "then"),
    [
        (Oc.SENT, R.NONE, True, True, S.SENT, False),
        (Oc.PERMANENT, R.REPEATS_SAFELY, False, True, S.FAILED, False),
        (Oc.REFUSED, R.NONE, False, False, S.FAILED, False),
        (Oc.REFUSED, R.REPEATS_SAFELY, False, True, S.UNCERTAIN, True),  # an earlier attempt may have arrived
        (Oc.TRANSIENT, R.NONE, False, False, S.QUEUED, False),
        (Oc.TRANSIENT, R.LOOKS_UP, False, True, S.QUEUED, True),  # it is looked up again
        (Oc.TRANSIENT, R.NONE, True, False, S.FAILED, False),
        (Oc.TRANSIENT, R.REPEATS_SAFELY, True, True, S.UNCERTAIN, True),
        (Oc.UNCLEAR, R.REPEATS_SAFELY, False, False, S.QUEUED, True),
        (Oc.UNCLEAR, R.LOOKS_UP, False, False, S.QUEUED, True),
        (Oc.UNCLEAR, R.NONE, False, False, S.UNCERTAIN, True),  # never sent again automatically
        (Oc.UNCLEAR, R.LOOKS_UP, True, False, S.UNCERTAIN, True),
    ],
)
def test_an_outcome_decides_the_state(
    outcome: Outcome, recovery: Recovery, is_last: bool, may_have_arrived: bool, state: DeliveryState, then: bool
) -> None:
    decided = decide(outcome, recovery, is_last_attempt=is_last, may_have_arrived=may_have_arrived)
    assert decided == Decision(state, then)


@pytest.mark.parametrize(
    ("recovery", "hours", "passed", "expected"),
    [
        (R.REPEATS_SAFELY, None, 100, R.REPEATS_SAFELY),
        (R.REPEATS_SAFELY, 1, 0, R.REPEATS_SAFELY),
        (R.REPEATS_SAFELY, 1, 1, R.NONE),  # the deduplication has ended
        (R.LOOKS_UP, 1, 2, R.LOOKS_UP),
        (R.NONE, None, 0, R.NONE),
    ],
)
def test_a_partner_may_deduplicate_for_a_limited_time(
    recovery: Recovery, hours: int | None, passed: int, expected: Recovery
) -> None:
    window = timedelta(hours=hours) if hours is not None else None
    assert effective_recovery(recovery, window, NOW - timedelta(hours=passed), NOW) is expected


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 2), (1, 2), (2, 4), (5, 32), (12, 3600), (10_000, 3600)])
def test_the_pause_doubles_up_to_an_hour(attempts: int, seconds: int) -> None:
    assert pause_after(attempts) == timedelta(seconds=seconds)


def test_the_breaker_opens_probes_and_closes() -> None:
    breaker = Breaker()
    for _ in range(BREAKER_FAILURES - 1):
        breaker.record_failure(NOW)
    assert breaker.allows(NOW, 4, 0) == 4
    breaker.record_failure(NOW)
    later = NOW + BREAKER_PAUSE
    assert [breaker.allows(NOW, 4, 0), breaker.allows(later, 4, 1), breaker.allows(later, 4, 0)] == [0, 0, 1]
    breaker.record_failure(later)
    assert [breaker.allows(later + BREAKER_PAUSE, 4, 0), breaker.allows(later + 2 * BREAKER_PAUSE, 4, 0)] == [0, 1]
    breaker.record_success()
    assert breaker.allows(later, 4, 3) == 4
