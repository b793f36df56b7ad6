"""The dispatcher: claims due deliveries, sends them outside any transaction, and records the outcome.

Three steps: claim (a short transaction) → send (no transaction, no lock, a time limit) → record (a transaction with
the effects in the domain). The lease of a worker killed between claim and record expires; the delivery is then
recovered as the adapter allows (`Recovery`).
"""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from app.core import clock
from app.core.db import Database
from app.core.ids import new_id
from app.core.outbox import wait_for_any
from app.deliveries.claims import INTERRUPTED, build_claim, build_outcome, to_dispatch
from app.deliveries.models import Delivery
from app.deliveries.ports import Dispatch, Registry
from app.deliveries.rules import FIRST_PAUSE, AttemptResult, Decision, DeliveryState, Outcome, decide
from app.deliveries.sender import Sender
from app.deliveries.target_limits import TargetLimits

log = structlog.get_logger()

LEASE_MARGIN = timedelta(seconds=30)
"""The time added to the limit of a call for the lease, to record the outcome."""
RECORD_PAUSES = (0.1, 0.5, 2.0, 5.0, 10.0)
RECOVERED_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class DispatchOptions:
    """Settings of a dispatcher."""

    timeout: timedelta = timedelta(seconds=20)
    max_attempts: int = 15
    first_pause: timedelta = FIRST_PAUSE


class LostClaim(Exception):
    """Another claim holds the delivery; the transaction is rolled back."""


class Dispatcher:
    """Sends due deliveries with a limit of concurrent calls per target."""

    def __init__(self, database: Database, registry: Registry, options: DispatchOptions | None = None) -> None:
        self._database = database
        self._registry = registry
        self._options = options or DispatchOptions()
        self._limits = TargetLimits(registry)
        self._sender = Sender(database, registry, self._limits, self._options.timeout)
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
                        self._limits.record_start(target)
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
        amount = self._limits.count_free_slots(target, now)
        if amount < 1:
            return []
        held_keys = self._limits.list_held_keys(target, now)
        lease = self._options.timeout + LEASE_MARGIN
        statement = build_claim(target, new_id(), amount=amount, held_keys=held_keys, lease=lease)
        try:
            async with self._database.transaction() as session:
                claimed = (await session.exec(statement)).scalars().all()
                return [to_dispatch(delivery) for delivery in sorted(claimed, key=lambda delivery: delivery.id)]
        except IntegrityError:
            return []  # another worker claimed a delivery with the same ordering key

    async def deliver(self, dispatch: Dispatch) -> None:
        """Send a claimed delivery and record the outcome."""
        result = await self._sender.attempt(dispatch)
        self._limits.update(dispatch, result)
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
                await self._record(to_dispatch(row), AttemptResult(Outcome.UNCLEAR, code=INTERRUPTED))
        return len(rows)

    async def _run_one(self, dispatch: Dispatch) -> None:
        try:
            await self.deliver(dispatch)
        except Exception as error:  # the lease expires and the delivery is recovered  # noqa: BLE001
            log.error("delivery_not_recorded", delivery=str(dispatch.id), error=type(error).__name__)
        finally:
            self._limits.record_end(dispatch.target)
            self._wake.set()

    async def _list_due_targets(self) -> list[str]:
        query = select(Delivery.target).where(
            col(Delivery.state) == DeliveryState.QUEUED, col(Delivery.next_attempt_at) <= clock.now()
        )
        async with self._database.transaction(write=False) as session:  # an idle worker takes no write lock
            return list((await session.exec(query.distinct())).all())

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
            self._sender.get_recovery(dispatch),
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
            await session.exec(build_outcome(dispatch, result, decision, self._options.first_pause))
            held = select(Delivery.id).where(Delivery.id == dispatch.id, Delivery.lease_owner == dispatch.claim_id)
            if (await session.exec(held.where(Delivery.state == decision.state))).first() is None:
                raise LostClaim

    async def _record_alone(self, dispatch: Dispatch, result: AttemptResult, error: str) -> None:
        """Record the outcome without the failed domain, so that an administrator sees it and nothing is sent again."""
        is_sure = result.outcome is not Outcome.SENT and result.outcome is not Outcome.UNCLEAR
        state = DeliveryState.FAILED if is_sure else DeliveryState.UNCERTAIN
        noted = AttemptResult(result.outcome, result.external_id, f"not_recorded:{error}")
        async with self._database.transaction() as session:
            decision = Decision(state, may_have_arrived=not is_sure)
            await session.exec(build_outcome(dispatch, noted, decision, self._options.first_pause))
