"""The dispatcher: order, limits, recovery, late outcomes, no open transaction during calls."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from app.core.db import Database, require_no_transaction
from app.deliveries.dispatcher import Dispatcher, DispatchOptions
from app.deliveries.models import Delivery
from app.deliveries.ports import Dispatch, Limits, PermanentError, Receipt, Registry, TransientError, UnclearError
from app.deliveries.rules import BREAKER_FAILURES, DeliveryState, Recovery
from app.deliveries.service import remove_old_deliveries
from tests.conftest import JoinedDatabase, settings_for
from tests.deliveries.factories import Things, get_row, list_outcomes, make_due, queue_thing

S = DeliveryState


class FakeAdapter:
    """An adapter with outcomes set by the test; it records its calls."""

    dedupes_for: timedelta | None = None

    def __init__(self, recovery: Recovery = Recovery.NONE, limits: Limits | None = None) -> None:
        self.recovery, self.limits = recovery, limits or Limits()
        self.does: Callable[[], Any] = lambda: None
        self.found: Receipt | None = None
        self.sent: list[Dispatch] = []

    async def send(self, dispatch: Dispatch, content: Mapping[str, Any]) -> Receipt:
        self.sent.append(dispatch)
        done = self.does()
        if isinstance(done, Exception):
            raise done
        if done is not None:
            await done
        return Receipt("theirs")

    async def find(self, dispatch: Dispatch, content: Mapping[str, Any]) -> Receipt | None:
        return self.found


def make(database: Database, adapter: FakeAdapter, **options: Any) -> Dispatcher:
    options = {"timeout": timedelta(seconds=5)} | options
    return Dispatcher(database, Registry({"partner": adapter}, {"thing": Things()}), DispatchOptions(**options))


async def test_a_delivery_is_sent_once_and_recorded_with_its_effects(database: JoinedDatabase) -> None:
    adapter = FakeAdapter()
    delivery_id = await queue_thing(database)
    dispatcher = make(database, adapter)
    assert [await dispatcher.dispatch_once(), await dispatcher.dispatch_once()] == [1, 0]
    row = await get_row(database, delivery_id)
    assert (row.state, row.external_id, row.attempts, row.lease_until) == (S.SENT, "theirs", 1, None)
    assert row.finished_at is not None
    assert await list_outcomes(database) == ["thing.sent"]
    assert len(adapter.sent) == 1


@pytest.mark.parametrize(
    ("error", "recovery", "state", "code", "outcomes"),
    [
        (TransientError("http_503"), Recovery.NONE, S.QUEUED, "http_503", []),
        (PermanentError("http_400"), Recovery.NONE, S.FAILED, "http_400", ["thing.failed"]),
        (UnclearError("reset"), Recovery.NONE, S.UNCERTAIN, "reset", ["thing.uncertain"]),
        (UnclearError("reset"), Recovery.REPEATS_SAFELY, S.QUEUED, "reset", []),
        (ValueError("client's words"), Recovery.NONE, S.UNCERTAIN, "ValueError", ["thing.uncertain"]),
    ],
)
async def test_errors_are_distinguished(
    database: JoinedDatabase, error: Exception, recovery: Recovery, state: S, code: str, outcomes: list[str]
) -> None:
    adapter = FakeAdapter(recovery)
    adapter.does = lambda: error
    delivery_id = await queue_thing(database)
    await make(database, adapter).dispatch_once()
    row = await get_row(database, delivery_id)
    assert (row.state, row.last_error) == (state, code)
    assert await list_outcomes(database) == outcomes


async def test_attempts_are_limited_and_retry_after_is_honoured(database: JoinedDatabase) -> None:
    adapter = FakeAdapter()
    adapter.does = lambda: TransientError("http_429", retry_after=timedelta(hours=2))
    delivery_id = await queue_thing(database)
    await make(database, adapter, max_attempts=2).dispatch_once()
    row = await get_row(database, delivery_id)
    assert row.next_attempt_at > row.created_at + timedelta(hours=1, minutes=59)
    await make_due(database)
    await make(database, adapter, max_attempts=2).dispatch_once()
    assert (await get_row(database, delivery_id)).state is S.FAILED
    assert await list_outcomes(database) == ["thing.failed"]


async def test_a_delivery_refused_by_the_domain_is_not_sent(database: JoinedDatabase) -> None:
    adapter = FakeAdapter()
    delivery_id = await queue_thing(database, payload={"refused": True})
    await make(database, adapter).dispatch_once()
    row = await get_row(database, delivery_id)
    assert (row.state, row.last_error, adapter.sent) == (S.FAILED, "switched_off", [])


async def test_deliveries_of_an_ordering_key_are_sent_in_order_one_at_a_time(database: JoinedDatabase) -> None:
    adapter = FakeAdapter()
    first, second = [await queue_thing(database, ordering_key="chat") for _ in range(2)]
    other = await queue_thing(database, ordering_key="another chat")
    dispatcher = make(database, adapter)
    claimed = await dispatcher.claim("partner")
    assert [one.id for one in claimed] == [first, other]
    assert await dispatcher.claim("partner") == [], "the first is on its way"
    adapter.does = lambda: TransientError("http_503")
    await dispatcher.deliver(claimed[0])
    assert await dispatcher.claim("partner") == [], "the second waits for the first's next attempt"
    await make_due(database)
    adapter.does = lambda: None
    (again,) = await dispatcher.claim("partner")
    assert again.id == first
    await dispatcher.deliver(again)
    assert [one.id for one in await dispatcher.claim("partner")] == [second]


@pytest.mark.parametrize(
    ("recovery", "found", "state", "calls"),
    [
        (Recovery.REPEATS_SAFELY, None, S.SENT, 1),
        (Recovery.LOOKS_UP, Receipt("before"), S.SENT, 0),
        (Recovery.LOOKS_UP, None, S.SENT, 1),
        (Recovery.NONE, None, S.UNCERTAIN, 0),
    ],
)
async def test_an_expired_lease_is_recovered_by_the_recovery_of_the_adapter(
    database: JoinedDatabase, recovery: Recovery, found: Receipt | None, state: S, calls: int
) -> None:
    adapter = FakeAdapter(recovery)
    adapter.found = found
    delivery_id = await queue_thing(database)
    (killed,) = await make(database, adapter).claim("partner")  # … and here it was killed
    heir = make(database, adapter)
    assert await heir.dispatch_once() == 0, "the lease runs"
    await make_due(database)
    await heir.dispatch_once()
    await make_due(database)
    await heir.dispatch_once()
    row = await get_row(database, delivery_id)
    assert (row.state, len(adapter.sent)) == (state, calls)
    assert {one.idempotency_key for one in adapter.sent} <= {killed.idempotency_key}
    assert row.external_id == (found.external_id if found else "theirs" if calls else None)
    assert len(await list_outcomes(database)) == 1


async def test_a_late_outcome_settles_an_uncertain_delivery(database: JoinedDatabase) -> None:
    adapter = FakeAdapter()
    delivery_id = await queue_thing(database)
    slow = make(database, adapter)
    (claimed,) = await slow.claim("partner")
    await make_due(database)
    await make(database, adapter).recover()
    assert (await get_row(database, delivery_id)).state is S.UNCERTAIN
    await slow.deliver(claimed)
    assert (await get_row(database, delivery_id)).state is S.SENT
    assert await list_outcomes(database) == ["thing.uncertain", "thing.sent"]


async def test_the_outcome_of_a_lost_claim_is_ignored(database: JoinedDatabase) -> None:
    adapter = FakeAdapter(Recovery.REPEATS_SAFELY)
    await queue_thing(database)
    slow, heir = make(database, adapter), make(database, adapter)
    (claimed,) = await slow.claim("partner")
    await make_due(database)
    await heir.recover()
    await make_due(database)
    await heir.dispatch_once()
    await slow.deliver(claimed)
    assert await list_outcomes(database) == ["thing.sent"]


async def test_the_breaker_stops_calls_of_a_dead_partner(database: JoinedDatabase) -> None:
    adapter = FakeAdapter()
    adapter.does = lambda: TransientError("http_503")
    for _ in range(BREAKER_FAILURES + 3):
        await queue_thing(database)
    dispatcher = make(database, adapter)
    for _ in range(5):
        await dispatcher.dispatch_once()
    assert len(adapter.sent) <= BREAKER_FAILURES + adapter.limits.concurrency - 1
    before = len(adapter.sent)
    await make_due(database)
    await dispatcher.dispatch_once()
    assert len(adapter.sent) == before


async def test_the_limits_of_a_target_and_of_a_chat_are_kept(database: JoinedDatabase) -> None:
    every = timedelta(seconds=30)
    adapter = FakeAdapter(limits=Limits(concurrency=2))
    for _ in range(5):
        await queue_thing(database)
    assert len(await make(database, adapter).claim("partner")) == 2
    spaced = FakeAdapter(limits=Limits(interval=every))
    dispatcher = make(database, spaced)
    assert [await dispatcher.dispatch_once(), await dispatcher.dispatch_once()] == [1, 0]
    chats = FakeAdapter(limits=Limits(concurrency=1, interval_per_key=every))
    for chat in ("a", "a", "b"):
        await queue_thing(database, target="partner:2", rate_key=chat)
    dispatcher = Dispatcher(database, Registry({"partner": chats}, {"thing": Things()}))
    for _ in range(3):
        for one in await dispatcher.claim("partner:2"):
            await dispatcher.deliver(one)
    assert [one.rate_key for one in chats.sent] == ["a", "b"]


async def test_an_outcome_that_failed_to_be_recorded_is_not_lost_and_not_sent_again(
    database: JoinedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(Things):
        async def on_sent(self, session: Any, dispatch: Dispatch, external_id: str | None) -> None:
            raise ValueError

    monkeypatch.setattr("app.deliveries.dispatcher.RECORD_PAUSES", (0.0, 0.0))
    adapter = FakeAdapter(Recovery.REPEATS_SAFELY)
    delivery_id = await queue_thing(database)
    dispatcher = Dispatcher(database, Registry({"partner": adapter}, {"thing": Broken()}))
    await dispatcher.dispatch_once()
    await make_due(database)
    await dispatcher.dispatch_once()
    row = await get_row(database, delivery_id)
    assert (row.state, row.last_error, row.external_id, len(adapter.sent)) == (
        S.UNCERTAIN,
        "not_recorded:ValueError",
        "theirs",
        1,
    )


async def test_an_adapter_is_called_while_no_transaction_is_open(database: JoinedDatabase) -> None:
    require_no_transaction()
    async with database.transaction(write=False):
        with pytest.raises(RuntimeError):
            require_no_transaction()
    require_no_transaction()
    delivery_id = await queue_thing(database)
    dispatcher = make(database, FakeAdapter())
    (claimed,) = await dispatcher.claim("partner")
    async with database.transaction(write=False):
        with pytest.raises(RuntimeError, match="network call"):
            await dispatcher._sender.attempt(claimed)
    assert (await get_row(database, delivery_id)).state is S.SENDING


async def test_finished_rows_are_removed_by_age(database: JoinedDatabase) -> None:
    adapter = FakeAdapter()
    await queue_thing(database)
    await make(database, adapter).dispatch_once()
    failed = await queue_thing(database, payload={"refused": True})
    waiting = await queue_thing(database)
    async with database.transaction() as session:
        finished = select(Delivery).where(col(Delivery.finished_at).is_not(None))
        for row in (await session.exec(finished)).all():
            row.finished_at = row.created_at - timedelta(days=31)
    await make(database, adapter).dispatch_once()  # refuses one, sends the other
    async with database.transaction() as session:
        assert await remove_old_deliveries(session, sent_days=30, failed_days=365) == 1
    async with database.transaction() as session:
        left = {row.id for row in (await session.exec(select(Delivery))).all()}
    assert left == {failed, waiting}


async def test_many_workers_send_each_delivery_once_and_keep_the_order(fresh_database: str, tmp_path: Any) -> None:
    settings = settings_for(fresh_database, tmp_path)
    databases = [Database(settings) for _ in range(3)]
    adapter = FakeAdapter()
    adapter.does = lambda: asyncio.sleep(0.01)
    expected = {chat: [await queue_thing(databases[0], ordering_key=chat) for _ in range(8)] for chat in "abc"}
    stop = asyncio.Event()
    workers = [asyncio.create_task(make(database, adapter).run(stop, 0.05)) for database in databases]
    for _ in range(600):
        if len(await list_outcomes(databases[0])) == 24:
            break
        await asyncio.sleep(0.05)
    stop.set()
    await asyncio.gather(*workers)
    sent = [one.id for one in adapter.sent]
    assert {chat: [one for one in sent if one in ids] for chat, ids in expected.items()} == expected
    assert await list_outcomes(databases[0]) == ["thing.sent"] * 24
    for database in databases:
        await database.close()
