"""The worker: relays the outbox and clears what has served its time. Embedded in the server, or a process."""

import asyncio
import contextlib
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
from app.imports.ports import Importer
from app.imports.service.intake import clear_abandoned
from app.imports.service.work import handlers as import_handlers
from app.interaction_points.importer import POINTS
from app.messages.delivery import HANDLERS as MESSAGE_HANDLERS

log = structlog.get_logger()

KEYS_KEPT_FOR = timedelta(hours=48)
CLEARED_EVERY_SECONDS = 600

IMPORTERS: Sequence[Importer] = (POINTS,)
"""Everything that can be imported."""

HANDLERS: Mapping[type[Event], Sequence[Handler]] = {**MESSAGE_HANDLERS, **import_handlers(IMPORTERS)}
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


async def run_worker(relay: Relay, database: Database, settings: Settings, stop: asyncio.Event) -> None:
    """Work until told to stop."""
    if settings.embedded_worker:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(relay.run(stop, settings.worker_poll_seconds))
            tasks.create_task(_clear_regularly(database, stop))
