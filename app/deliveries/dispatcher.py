"""The dispatcher: claims due deliveries, sends them outside any transaction, and records the outcome.

Three steps: claim (a short transaction) → send (no transaction, no lock, a time limit) → record (a transaction with
the effects in the domain). The lease of a worker killed between claim and record expires; the delivery is then
recovered as the adapter allows (`Recovery`).
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from app.core import clock
from app.core.db import Database, require_no_transaction
from app.core.ids import new_id
from app.core.outbox import wait_for_any
from app.deliveries.models import Delivery
from app.deliveries.ports import (
    Adapter,
    DeliveryError,
    Dispatch,
    Limits,
    PermanentError,
    Refused,
    Registry,
    TransientError,
)
from app.deliveries.rules import (
    FIRST_PAUSE,
    Breaker,
    Decision,
    DeliveryState,
    Outcome,
    Recovery,
    decide,
    effective_recovery,
    pause_after,
)

log = structlog.get_logger()

LEASE_MARGIN = timedelta(seconds=30)
"""The time added to the limit of a call for the lease, to record the outcome."""
RECORD_PAUSES = (0.1, 0.5, 2.0, 5.0, 10.0)
RECOVERED_AT_ONCE = 20
INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class DispatchOptions:
    """Settings of a dispatcher."""

    timeout: timedelta = timedelta(seconds=20)
    max_attempts: int = 15
    first_pause: timedelta = FIRST_PAUSE


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """The outcome of an attempt, with the id of the receiving system or a stable error code."""

    outcome: Outcome
    external_id: str | None = None
    code: str | None = None
    retry_after: timedelta | None = None
    is_partners: bool = False
    """Whether the receiving system caused the failure; only such failures count for the breaker."""


class LostClaim(Exception):
    """Another claim holds the delivery; the transaction is rolled back."""


class Dispatcher:
    """Sends due deliveries with a limit of concurrent calls per target."""

    def __init__(self, database: Database, registry: Registry, options: DispatchOptions | None = None) -> None:
        self._database = database
        self._registry = registry
        self._options = options or DispatchOptions()
        self._in_flight: Counter[str] = Counter()
        self._breakers: dict[str, Breaker] = {}
        self._held_until: dict[tuple[str, str | None], datetime] = {}
        """The earliest time of the next call of a target (key None) or of its rate key."""
        self._wake = database.subscribe()

    async def run(self, stop: asyncio.Event, poll_seconds: float) -> None:
        """Dispatch until stopped, then wait for the calls in flight. Outages of the database are retried."""
        tasks: set[asyncio.Task[None]] = set()
        while not stop.is_set():
            self._wake.clear()
            try:
                await self.recover()
                for target in await self._list_due_targets():
                    for dispatch in await self.claim(target):
                        self._in_flight[target] += 1
                        task = asyncio.create_task(self._run_one(dispatch))
                        tasks.add(task)
                        task.add_done_callback(tasks.discard)
            except Exception as error:  # the loop continues after an outage  # noqa: BLE001
                log.warning("dispatch_failed", error=type(error).__name__)
            await wait_for_any(poll_seconds, stop, self._wake)
        if tasks:
            await asyncio.wait(tasks)

    async def dispatch_once(self) -> int:
        """Dispatch the due deliveries one after another and return how many were claimed."""
        await self.recover()
        count = 0
        for target in await self._list_due_targets():
            for dispatch in await self.claim(target):
                await self.deliver(dispatch)
                count += 1
        return count

    async def claim(self, target: str) -> list[Dispatch]:
        """Claim due deliveries of a target within its limits."""
        now = clock.now()
        amount = self._count_free_slots(target, now)
        if amount < 1:
            return []
        claim_id = new_id()
        row, other = Delivery, aliased(Delivery)
        is_blocked = (
            sa.exists()
            .where(
                col(other.target) == col(row.target),
                col(other.ordering_key) == col(row.ordering_key),
                sa.or_(
                    col(other.state) == DeliveryState.SENDING,
                    sa.and_(col(other.state) == DeliveryState.QUEUED, col(other.id) < col(row.id)),
                ),
            )
            .correlate(row)
        )
        held = [key for (its, key), until in self._held_until.items() if its == target and key and until > now]
        due = (
            sa.select(col(row.id))
            .where(
                col(row.state) == DeliveryState.QUEUED,
                col(row.target) == target,
                col(row.next_attempt_at) <= now,
                sa.not_(is_blocked),
                sa.or_(col(row.rate_key).is_(None), col(row.rate_key).not_in(held)),
            )
            .order_by(col(row.id))
            .limit(amount)
        )
        statement = (
            sa.update(row)
            .where(col(row.id).in_(due.with_for_update(skip_locked=True)))
            .values(
                state=DeliveryState.SENDING,
                attempts=col(row.attempts) + 1,
                first_attempt_at=sa.func.coalesce(col(row.first_attempt_at), now),
                lease_owner=claim_id,
                lease_until=now + self._options.timeout + LEASE_MARGIN,
                version=col(row.version) + 1,
            )
            .returning(row)
            .execution_options(synchronize_session=False)
        )
        try:
            async with self._database.transaction() as session:
                claimed = (await session.exec(statement)).scalars().all()
                return [_to_dispatch(delivery) for delivery in sorted(claimed, key=lambda delivery: delivery.id)]
        except IntegrityError:
            return []  # another worker claimed a delivery with the same ordering key

    async def deliver(self, dispatch: Dispatch) -> None:
        """Send a claimed delivery and record the outcome."""
        result = await self._attempt(dispatch)
        self._update_limits(dispatch, result)
        await self._record_patiently(dispatch, result)

    async def recover(self) -> int:
        """Recover deliveries with an expired lease, whose worker was killed between claim and record."""
        query = select(Delivery).where(
            col(Delivery.state) == DeliveryState.SENDING, col(Delivery.lease_until) < clock.now()
        )
        async with self._database.transaction(write=False) as session:
            rows = (await session.exec(query.order_by(col(Delivery.id)).limit(RECOVERED_AT_ONCE))).all()
        for row in rows:
            with contextlib.suppress(LostClaim):
                await self._record(_to_dispatch(row), AttemptResult(Outcome.UNCLEAR, code=INTERRUPTED))
        return len(rows)

    async def _run_one(self, dispatch: Dispatch) -> None:
        try:
            await self.deliver(dispatch)
        except Exception as error:  # the lease expires and the delivery is recovered  # noqa: BLE001
            log.error("delivery_not_recorded", delivery=str(dispatch.id), error=type(error).__name__)
        finally:
            self._in_flight[dispatch.target] -= 1
            self._wake.set()

    async def _list_due_targets(self) -> list[str]:
        query = select(Delivery.target).where(
            col(Delivery.state) == DeliveryState.QUEUED, col(Delivery.next_attempt_at) <= clock.now()
        )
        async with self._database.transaction(write=False) as session:  # an idle worker takes no write lock
            return list((await session.exec(query.distinct())).all())

    def _count_free_slots(self, target: str, now: datetime) -> int:
        self._held_until = {key: until for key, until in self._held_until.items() if until > now}
        if (target, None) in self._held_until:
            return 0
        limits = self._get_limits(target)
        free = limits.concurrency - self._in_flight[target]
        if limits.interval:
            free = min(free, 1)
        return self._get_breaker(target).allows(now, free, self._in_flight[target])

    def _get_limits(self, target: str) -> Limits:
        adapter = self._registry.adapter(target)
        return adapter.limits if adapter is not None else Limits()

    def _get_breaker(self, target: str) -> Breaker:
        return self._breakers.setdefault(target, Breaker())

    async def _attempt(self, dispatch: Dispatch) -> AttemptResult:
        adapter, handler = self._registry.adapter(dispatch.target), self._registry.handlers.get(dispatch.kind)
        if adapter is None or handler is None:
            return AttemptResult(Outcome.PERMANENT, code="no_adapter")
        if dispatch.may_have_arrived and self._get_recovery(dispatch) is Recovery.NONE:
            return AttemptResult(Outcome.UNCLEAR, code="not_repeatable")
        try:
            async with self._database.transaction(write=False) as session:
                content = await handler.prepare(session, dispatch)
        except Refused as refusal:
            return AttemptResult(Outcome.REFUSED, code=refusal.code)
        except Exception as error:  # nothing was sent  # noqa: BLE001
            return AttemptResult(Outcome.TRANSIENT, code=f"not_prepared:{type(error).__name__}")
        await self._wait_for_turn(dispatch, adapter.limits)
        require_no_transaction()
        if dispatch.may_have_arrived and adapter.recovery is Recovery.LOOKS_UP:
            found = await self._look_up(adapter, dispatch, content)
            if found is not None:
                return found
        return await self._send(adapter, dispatch, content)

    async def _look_up(self, adapter: Adapter, dispatch: Dispatch, content: Mapping[str, Any]) -> AttemptResult | None:
        """Return the result if it arrived earlier or the lookup failed, None if it did not arrive."""
        try:
            async with asyncio.timeout(self._options.timeout.total_seconds()):
                receipt = await adapter.find(dispatch, content)
        except Exception as error:  # nothing was sent  # noqa: BLE001
            wait = error.retry_after if isinstance(error, DeliveryError) else None
            code = f"not_looked_up:{_get_code(error)}"
            return AttemptResult(Outcome.TRANSIENT, code=code, retry_after=wait, is_partners=True)
        return AttemptResult(Outcome.SENT, external_id=receipt.external_id) if receipt is not None else None

    async def _send(self, adapter: Adapter, dispatch: Dispatch, content: Mapping[str, Any]) -> AttemptResult:
        try:
            async with asyncio.timeout(self._options.timeout.total_seconds()):
                receipt = await adapter.send(dispatch, content)
        except TransientError as error:
            return AttemptResult(Outcome.TRANSIENT, None, error.code, error.retry_after, is_partners=True)
        except PermanentError as error:
            return AttemptResult(Outcome.PERMANENT, code=error.code)
        except Exception as error:  # it may have arrived: a timeout, an interruption or an unknown error  # noqa: BLE001
            return AttemptResult(Outcome.UNCLEAR, code=_get_code(error), is_partners=True)
        return AttemptResult(Outcome.SENT, external_id=receipt.external_id)

    async def _wait_for_turn(self, dispatch: Dispatch, limits: Limits) -> None:
        """Wait until the rate key may be called and set the next time of the key and the target."""
        now = clock.now()
        if limits.interval:
            self._held_until[dispatch.target, None] = now + limits.interval
        if dispatch.rate_key is not None and limits.interval_per_key:
            turn = max(now, self._held_until.get((dispatch.target, dispatch.rate_key), now))
            self._held_until[dispatch.target, dispatch.rate_key] = turn + limits.interval_per_key
            await asyncio.sleep((turn - now).total_seconds())

    def _get_recovery(self, dispatch: Dispatch) -> Recovery:
        adapter = self._registry.adapter(dispatch.target)
        if adapter is None:
            return Recovery.NONE
        return effective_recovery(adapter.recovery, adapter.dedupes_for, dispatch.first_attempt_at, clock.now())

    def _update_limits(self, dispatch: Dispatch, result: AttemptResult) -> None:
        """Update the breaker and delay the target or the rate key for `Retry-After`."""
        now = clock.now()
        if result.retry_after is not None:
            self._held_until[dispatch.target, dispatch.rate_key] = now + result.retry_after
        elif result.is_partners:
            self._get_breaker(dispatch.target).record_failure(now)
        elif result.outcome in (Outcome.SENT, Outcome.PERMANENT):
            self._get_breaker(dispatch.target).record_success()

    async def _record_patiently(self, dispatch: Dispatch, result: AttemptResult) -> None:
        """Record the outcome with retries: a lost outcome would mean a second or an uncertain delivery."""
        for pause in (*RECORD_PAUSES, None):
            try:
                await self._record(dispatch, result)
                return
            except LostClaim:
                log.warning("delivery_claim_lost", delivery=str(dispatch.id))
                return
            except Exception as error:  # an outage, or an error of the domain  # noqa: BLE001
                log.warning("delivery_record_failed", delivery=str(dispatch.id), error=type(error).__name__)
                if pause is None:
                    await self._record_alone(dispatch, result, type(error).__name__)
                    return
                await asyncio.sleep(pause)

    async def _record(self, dispatch: Dispatch, result: AttemptResult) -> None:
        """Record the outcome and its effects in the domain in one transaction. Raises `LostClaim`."""
        decision = decide(
            result.outcome,
            self._get_recovery(dispatch),
            is_last_attempt=dispatch.attempt >= self._options.max_attempts,
            may_have_arrived=dispatch.may_have_arrived,
        )
        handler = self._registry.handlers.get(dispatch.kind)
        async with self._database.transaction() as session:
            # Locks are taken in the same order as for sending: thread and message first, the delivery last.
            if handler is not None:
                match decision.state:
                    case DeliveryState.SENT:
                        await handler.on_sent(session, dispatch, result.external_id)
                    case DeliveryState.FAILED:
                        await handler.on_failed(session, dispatch, result.code or result.outcome.value)
                    case DeliveryState.UNCERTAIN:
                        await handler.on_uncertain(session, dispatch)
            await session.exec(self._recorded(dispatch, result, decision))
            held = select(Delivery.id).where(Delivery.id == dispatch.id, Delivery.lease_owner == dispatch.claim_id)
            if (await session.exec(held.where(Delivery.state == decision.state))).first() is None:
                raise LostClaim

    async def _record_alone(self, dispatch: Dispatch, result: AttemptResult, error: str) -> None:
        """Record the outcome without the failed domain, so that an administrator sees it and nothing is sent again."""
        is_sure = result.outcome is not Outcome.SENT and result.outcome is not Outcome.UNCLEAR
        state = DeliveryState.FAILED if is_sure else DeliveryState.UNCERTAIN
        noted = AttemptResult(result.outcome, result.external_id, f"not_recorded:{error}")
        async with self._database.transaction() as session:
            await session.exec(self._recorded(dispatch, noted, Decision(state, may_have_arrived=not is_sure)))

    def _recorded(self, dispatch: Dispatch, result: AttemptResult, decision: Decision) -> Any:
        now = clock.now()
        is_open = decision.state is DeliveryState.QUEUED
        pause = pause_after(dispatch.attempt, self._options.first_pause)
        return (
            sa.update(Delivery)
            .where(
                col(Delivery.id) == dispatch.id,
                col(Delivery.lease_owner) == dispatch.claim_id,
                col(Delivery.state).in_(_recordable_states(result, decision)),
            )
            .values(
                state=decision.state,
                may_have_arrived=decision.may_have_arrived,
                next_attempt_at=now + max(pause, result.retry_after or timedelta(0)),
                lease_until=None,
                external_id=result.external_id,
                last_error=None if decision.state is DeliveryState.SENT else (result.code or "")[:200] or None,
                finished_at=None if is_open else now,
                version=col(Delivery.version) + 1,
            )
            .execution_options(synchronize_session=False)
        )


def _to_dispatch(row: Delivery) -> Dispatch:
    return Dispatch(
        id=row.id,
        target=row.target,
        kind=row.kind,
        object_id=row.object_id,
        payload=row.payload,
        idempotency_key=row.idempotency_key,
        rate_key=row.rate_key,
        attempt=row.attempts,
        claim_id=row.lease_owner or UUID(int=0),
        may_have_arrived=row.may_have_arrived,
        first_attempt_at=row.first_attempt_at,
    )


def _recordable_states(result: AttemptResult, decision: Decision) -> list[DeliveryState]:
    """Return the states in which the outcome of a claim is accepted; a late definite one resolves `uncertain`."""
    if result.code == INTERRUPTED:
        return [DeliveryState.SENDING]
    is_definite = decision.state in (DeliveryState.SENT, DeliveryState.FAILED)
    return [DeliveryState.SENDING, DeliveryState.QUEUED, *([DeliveryState.UNCERTAIN] if is_definite else [])]


def _get_code(error: Exception) -> str:
    if isinstance(error, DeliveryError):
        return error.code
    return "timeout" if isinstance(error, TimeoutError) else type(error).__name__[:100]
