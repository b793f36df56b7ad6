"""The worker: relays the outbox and clears what has served its time. Embedded in the server, or a process."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta

import sqlalchemy as sa
import structlog
from sqlmodel import col

from app.core import clock
from app.core.db import Database
from app.core.idempotency import IdempotencyRecord
from app.core.outbox import Event, Handler, Relay
from app.core.settings import Settings
from app.imports.ports import BulkImporter, Importer
from app.imports.service.intake import clear_abandoned
from app.imports.service.work import handlers as import_handlers
from app.interaction_points.importer import POINTS
from app.messages import delivery, notices
from app.messages.service import deadlines

log = structlog.get_logger()

KEYS_KEPT_FOR = timedelta(hours=48)
CLEARED_EVERY_SECONDS = 600


def every_handler(*known: Mapping[type[Event], Sequence[Handler]]) -> Mapping[type[Event], Sequence[Handler]]:
    """The handlers of several domains together; an event may have some in each."""
    merged: dict[type[Event], list[Handler]] = defaultdict(list)
    for handlers in known:
        for event, its in handlers.items():
            merged[event] += its
    return merged


IMPORTERS: Sequence[Importer | BulkImporter] = (POINTS,)
"""Everything that can be imported."""

HANDLERS = every_handler(delivery.HANDLERS, notices.HANDLERS, import_handlers(IMPORTERS))
"""Who does the work of which event."""


def make_relay(database: Database) -> Relay:
    """A relay with every handler of the service."""
    return Relay(database, HANDLERS)


async def clear_old_keys(database: Database) -> int:
    """Forget idempotency keys older than 48 hours; how many there were."""
    async with database.transaction() as session:
        gone = await session.exec(
            sa.delete(IdempotencyRecord).where(col(IdempotencyRecord.created_at) < clock.now() - KEYS_KEPT_FOR)
        )
    return int(gone.rowcount)


async def _clear_regularly(database: Database, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await clear_old_keys(database)
            await clear_abandoned(database)
        except Exception as error:  # the loop outlives every outage  # noqa: BLE001
            log.warning("clearing_failed", error=type(error).__name__)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), CLEARED_EVERY_SECONDS)


async def _watch_deadlines(database: Database, stop: asyncio.Event, poll_seconds: float) -> None:
    while not stop.is_set():
        said = 0
        try:
            if await is_deadline_due(database):
                async with database.transaction() as session:
                    said = await deadlines.remind_and_escalate(session)
        except Exception as error:  # the loop outlives every outage  # noqa: BLE001
            log.warning("deadlines_not_watched", error=type(error).__name__)
        if not said:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), poll_seconds)


async def is_deadline_due(database: Database) -> bool:
    """Whether a reminder or an escalation waits; asked first, so that an idle worker takes no write lock."""
    async with database.transaction(write=False) as session:
        return await deadlines.is_something_due(session)


async def run_worker(relay: Relay, database: Database, settings: Settings, stop: asyncio.Event) -> None:
    """Work until told to stop."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(relay.run(stop, settings.worker_poll_seconds))
        tasks.create_task(_clear_regularly(database, stop))
        tasks.create_task(_watch_deadlines(database, stop, settings.deadline_poll_seconds))
