"""Clean-up by age: what is handled or expired is deleted in batches, everything else stays (E12)."""

from datetime import timedelta
from typing import ClassVar

import pytest
import time_machine
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app import housekeeping
from app.core import clock
from app.core.idempotency import IdempotencyRecord, claim_key
from app.core.outbox import Event, OutboxEntry, Relay, emit
from app.core.settings import Settings
from tests.conftest import JoinedDatabase


class ThingHappened(Event):
    """An event of the tests."""

    type: ClassVar = "thing.happened"


async def ignore(_session: AsyncSession, _event: ThingHappened) -> None:
    """Handle an event without an effect."""


async def list_events(database: JoinedDatabase) -> list[str]:
    async with database.transaction() as session:
        return list((await session.exec(select(OutboxEntry.event).order_by(OutboxEntry.event))).all())


async def test_handled_events_are_deleted_by_age_and_waiting_ones_stay(
    database: JoinedDatabase, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "BATCH", 2)
    async with database.transaction() as session:
        for _ in range(5):
            emit(session, ThingHappened())
    await Relay(database, {ThingHappened: [ignore]}).relay_batch()
    async with database.transaction() as session:
        emit(session, ThingHappened(), due_at=clock.now() + timedelta(days=365))
    await housekeeping.clean_up(database, settings)
    assert len(await list_events(database)) == 6, "not before their age"
    with time_machine.travel(clock.now() + timedelta(days=settings.outbox_kept_days, seconds=1), tick=False):
        await housekeeping.clean_up(database, settings)
    assert len(await list_events(database)) == 1, "more than one batch, and the waiting event stays"


async def test_idempotency_records_are_deleted_by_age(database: JoinedDatabase, settings: Settings) -> None:
    async with database.transaction() as session:
        assert await claim_key(session, "employee:1", "POST /things", "key", "0" * 64)
    await housekeeping.clean_up(database, settings)
    async with database.transaction() as session:
        assert len((await session.exec(select(IdempotencyRecord.id))).all()) == 1
    with time_machine.travel(clock.now() + timedelta(hours=settings.idempotency_kept_hours, seconds=1), tick=False):
        await housekeeping.clean_up(database, settings)
    async with database.transaction() as session:
        assert (await session.exec(select(IdempotencyRecord.id))).all() == []


async def test_a_failing_job_does_not_stop_the_others(
    database: JoinedDatabase, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_session: AsyncSession, _settings: Settings) -> int:
        raise RuntimeError("a broken job")

    batches = [2, 1]

    async def delete_three(_session: AsyncSession, _settings: Settings) -> int:
        return batches.pop(0) if batches else 0

    monkeypatch.setattr(housekeeping, "JOBS", (fail, delete_three))
    assert await housekeeping.clean_up(database, settings) == 3
