"""Events are handled once, with several workers and after failures (reliability F1)."""

import asyncio
from datetime import timedelta
from typing import ClassVar

import pytest
import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock, outbox
from app.core.db import Database
from app.core.outbox import Event, Handler, OutboxEntry, Relay, emit
from app.core.settings import Settings
from app.imports.events import ImportQueued
from app.surveys.events import CommentsIndexed
from app.worker import HANDLERS, LONG_JOBS, build_relays
from tests.conftest import JoinedDatabase, settings_for


class ThingHappened(Event):
    """An event of the tests."""

    type: ClassVar = "thing.happened"
    number: int


class LongThingHappened(ThingHappened):
    """An event with long handling."""

    type: ClassVar = "long_thing.happened"


async def record_effect(session: AsyncSession, event: ThingHappened) -> None:
    """Record an effect in the database that can be counted."""
    audit.record(session, None, "effect", "thing", str(event.number))


async def list_effects(database: Database) -> list[str | None]:
    async with database.transaction() as session:
        return sorted(
            (await session.exec(select(audit.AuditEvent.object_id).where(audit.AuditEvent.action == "effect"))).all(),
            key=str,
        )


@pytest.fixture
def own_settings(fresh_database: str, settings: Settings) -> Settings:
    return settings_for(fresh_database, settings.var_dir)


async def test_a_rolled_back_transaction_emits_nothing(database: JoinedDatabase) -> None:
    with pytest.raises(RuntimeError):
        async with database.transaction() as session:
            emit(session, ThingHappened(number=1))
            raise RuntimeError
    assert await Relay(database, {ThingHappened: [record_effect]}).relay_batch() == 0


async def test_many_workers_handle_each_entry_once(own_settings: Settings) -> None:
    databases = [Database(own_settings) for _ in range(4)]
    async with databases[0].transaction() as session:
        for number in range(100):
            emit(session, ThingHappened(number=number))
    relays = [Relay(database, {ThingHappened: [record_effect]}) for database in databases]

    async def relay_all(relay: Relay) -> int:
        total = 0
        while count := await relay.relay_batch():
            total += count
        return total

    totals = await asyncio.gather(*[relay_all(relay) for relay in relays])
    assert sum(totals) == 100
    assert await list_effects(databases[0]) == sorted((str(n) for n in range(100)), key=str)
    for database in databases:
        await database.close()


async def test_long_events_do_not_delay_other_events(database: JoinedDatabase) -> None:
    async with database.transaction() as session:
        for number in range(25):
            emit(session, LongThingHappened(number=number))
        emit(session, ThingHappened(number=100))
    handlers: dict[type[Event], list[Handler]] = {ThingHappened: [record_effect], LongThingHappened: [record_effect]}
    quick, long = (
        Relay(database, handlers, exclude=[LongThingHappened]),
        Relay(database, handlers, include=[LongThingHappened]),
    )
    assert (await quick.relay_batch(), await quick.relay_batch(), await list_effects(database)) == (1, 0, ["100"])
    assert (await long.relay_batch(), await long.relay_batch(), await long.relay_batch()) == (outbox.BATCH, 5, 0)


async def test_the_relays_of_the_worker_claim_every_event_once(database: JoinedDatabase) -> None:
    events: list[type[Event]] = [*HANDLERS, ThingHappened]
    for event in events:
        async with database.transaction() as session:
            session.add(OutboxEntry(event=event.type, payload={}, occurred_at=clock.now(), due_at=clock.now()))
        relays = build_relays(database)
        claiming = [place for place, relay in enumerate(relays) if await relay._claim()]
        long = [place for place, events in enumerate(LONG_JOBS, 1) if event in events]
        assert claiming == (long or [0]), event
    assert {ImportQueued, CommentsIndexed} < {event for events in LONG_JOBS for event in events}


async def test_an_entry_of_a_killed_worker_is_claimed_again_after_its_lease(database: JoinedDatabase) -> None:
    async with database.transaction() as session:
        emit(session, ThingHappened(number=1))
    killed, successor = (Relay(database, {ThingHappened: [record_effect]}) for _ in range(2))
    (entry,) = await killed._claim()  # … and is killed here
    assert await successor.relay_batch() == 0
    async with database.transaction() as session:
        past = clock.now() - timedelta(seconds=1)
        await session.exec(sa.update(OutboxEntry).values(lease_until=past))
    assert await successor.relay_batch() == 1
    await killed._relay(entry)  # it was only slow, and the successor has handled the entry
    assert await list_effects(database) == ["1"]


async def test_a_failed_entry_is_rolled_back_retried_and_then_parked(database: JoinedDatabase) -> None:
    async def fail_midway(session: AsyncSession, event: ThingHappened) -> None:
        await record_effect(session, event)
        await session.flush()
        raise ValueError("a client's words")

    async with database.transaction() as session:
        emit(session, ThingHappened(number=1))
        emit(session, ThingHappened(number=2))
    relay = Relay(database, {ThingHappened: [fail_midway]})
    assert await relay.relay_batch() == 2
    assert await list_effects(database) == []
    assert await relay.relay_batch() == 0, "not before it is due"
    for _ in range(outbox.MAX_ATTEMPTS):
        async with database.transaction() as session:
            await session.exec(sa.update(OutboxEntry).values(due_at=clock.now()))
        await relay.relay_batch()
    async with database.transaction() as session:
        rows = (await session.exec(select(OutboxEntry).order_by(col(OutboxEntry.id)))).all()
    assert [(row.attempts, row.last_error, row.parked_at is not None) for row in rows] == [(12, "ValueError", True)] * 2


async def test_an_event_that_no_handler_takes_is_not_written(own_settings: Settings) -> None:
    database = Database(own_settings, handled_events={ThingHappened.type})
    async with database.transaction() as session:
        emit(session, ThingHappened(number=1))
        emit(session, LongThingHappened(number=2))
        await session.flush()
        assert (await session.exec(select(OutboxEntry.event))).all() == [ThingHappened.type]
    await database.close()


async def test_an_event_without_a_handler_is_done(database: JoinedDatabase) -> None:
    async with database.transaction() as session:
        emit(session, ThingHappened(number=1))
    assert await Relay(database, {}).relay_batch() == 1
    assert await Relay(database, {}).relay_batch() == 0


async def test_the_loop_wakes_at_once_and_ends_on_stop(own_settings: Settings) -> None:
    database = Database(own_settings)
    stop = asyncio.Event()
    task = asyncio.create_task(Relay(database, {ThingHappened: [record_effect]}).run(stop, poll_seconds=60))
    await asyncio.sleep(0.2)
    async with database.transaction() as session:
        emit(session, ThingHappened(number=7))
    for _ in range(100):
        if await list_effects(database) == ["7"]:
            break
        await asyncio.sleep(0.02)
    assert await list_effects(database) == ["7"]
    stop.set()
    await asyncio.wait_for(task, 5)
    await database.close()
