"""The outbox: events are written in the transaction of the change and relayed after it by any number of workers.

A relay claims a few entries under a lease and handles each in its own transaction, which first marks the entry done.
So two workers, or a killed worker and its successor, cannot both commit the same entry.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
import structlog
from pydantic import BaseModel, ConfigDict
from sqlmodel import Field, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.db import Database, Table, json_column
from app.core.ids import new_id

log = structlog.get_logger()

LEASE = timedelta(seconds=30)
BATCH = 20
MAX_ATTEMPTS = 12
MAX_PAUSE = timedelta(hours=1)


class Event(BaseModel):
    """A fact: a name in the past tense and ids, without personal data."""

    model_config = ConfigDict(frozen=True)

    type: ClassVar[str]
    """The stable name under which the event is stored, such as `message.registered`."""


class OutboxEntry(Table, table=True):
    """An event and the state of its delivery to handlers."""

    __tablename__ = "outbox"
    __table_args__ = (sa.Index("ix_outbox_open", "done_at", "parked_at", "due_at"),)

    event: str = Field(max_length=100)
    payload: dict[str, Any] = Field(sa_column=json_column())
    occurred_at: datetime
    due_at: datetime
    attempts: int = Field(default=0)
    lease_owner: UUID | None = Field(default=None)
    lease_until: datetime | None = Field(default=None)
    done_at: datetime | None = Field(default=None)
    parked_at: datetime | None = Field(default=None)
    last_error: str | None = Field(default=None, max_length=200)


def emit(session: AsyncSession, event: Event, *, due_at: datetime | None = None) -> None:
    """Write an event in the current transaction. It is relayed after the commit, and not at all after a rollback.

    An event that has no handler is not written.
    """
    handled = session.info.get("handled_events")
    if handled is not None and event.type not in handled:
        return
    moment = clock.now()
    payload = event.model_dump(mode="json")
    session.add(OutboxEntry(event=event.type, payload=payload, occurred_at=moment, due_at=due_at or moment))
    session.info["emitted"] = True


Handler = Callable[[AsyncSession, Any], Awaitable[None]]
"""Handles one event, in the transaction that marks it done."""
Handlers = Mapping[type[Event], Sequence[Handler]]
"""The handlers of each class of events."""


class Relay:
    """Claims due entries and calls the handlers of their events; `include` and `exclude` choose the events."""

    def __init__(
        self,
        database: Database,
        handlers: Handlers,
        *,
        include: Iterable[type[Event]] = (),
        exclude: Iterable[type[Event]] = (),
    ) -> None:
        self._database = database
        self._handlers = {event.type: (event, handlers) for event, handlers in handlers.items()}
        self._include, self._exclude = [event.type for event in include], [event.type for event in exclude]
        self._owner = new_id()

    async def run(self, stop: asyncio.Event, poll_seconds: float) -> None:
        """Relay until `stop` is set. Database failures are logged and retried."""
        while not stop.is_set():
            try:
                busy = await self.relay_batch() > 0
            except Exception as error:  # the loop survives every outage  # noqa: BLE001
                log.warning("outbox_relay_failed", error=type(error).__name__)
                busy = False
            if not busy:
                self._database.has_work.clear()
                await wait_for_any(poll_seconds, stop, self._database.has_work)
        await self._release_leases()

    async def relay_batch(self) -> int:
        """Relay one batch and return the number of claimed entries."""
        entries = await self._claim()
        for entry in entries:
            await self._relay(entry)
        return len(entries)

    async def _claim(self) -> list[OutboxEntry]:
        moment = clock.now()
        entry = OutboxEntry
        is_open = (
            *([col(entry.event).in_(self._include)] if self._include else []),
            col(entry.event).not_in(self._exclude),
            col(entry.done_at).is_(None),
            col(entry.parked_at).is_(None),
            col(entry.due_at) <= moment,
            sa.or_(col(entry.lease_until).is_(None), col(entry.lease_until) < moment),
        )
        async with self._database.transaction(write=False) as session:  # an idle worker must not take the write lock
            if (await session.exec(select(entry.id).where(*is_open).limit(1))).first() is None:
                return []
        due = sa.select(col(entry.id)).where(*is_open).order_by(col(entry.id)).limit(BATCH)
        async with self._database.transaction() as session:
            claimed = await session.exec(
                sa.update(entry)
                .where(col(entry.id).in_(due.with_for_update(skip_locked=True)))
                .values(lease_owner=self._owner, lease_until=moment + LEASE, attempts=col(entry.attempts) + 1)
                .returning(entry)
            )
            return sorted(claimed.scalars().all(), key=lambda row: row.id)

    async def _relay(self, entry: OutboxEntry) -> None:
        try:
            async with self._database.transaction() as session:
                done = await session.exec(
                    sa.update(OutboxEntry)
                    .where(
                        col(OutboxEntry.id) == entry.id,
                        col(OutboxEntry.done_at).is_(None),
                        col(OutboxEntry.lease_owner) == self._owner,
                    )
                    .values(done_at=clock.now(), lease_owner=None, lease_until=None)
                )
                if done.rowcount != 1:
                    return  # our lease expired and another worker has the entry
                if entry.event in self._handlers:
                    event_class, handlers = self._handlers[entry.event]
                    event = event_class.model_validate(entry.payload)
                    for handler in handlers:
                        await handler(session, event)
        except Exception as error:  # one failing entry must not stop the others  # noqa: BLE001
            await self._postpone(entry, error)

    async def _postpone(self, entry: OutboxEntry, error: Exception) -> None:
        log.warning("outbox_entry_failed", kind=entry.event, entry=str(entry.id), error=type(error).__name__)
        moment = clock.now()
        pause = min(MAX_PAUSE, timedelta(seconds=0.5 * 2**entry.attempts))
        async with self._database.transaction() as session:
            await session.exec(
                sa.update(OutboxEntry)
                .where(col(OutboxEntry.id) == entry.id, col(OutboxEntry.lease_owner) == self._owner)
                .values(
                    due_at=moment + pause,
                    lease_owner=None,
                    lease_until=None,
                    last_error=type(error).__name__[:200],
                    parked_at=moment if entry.attempts >= MAX_ATTEMPTS else None,
                )
            )

    async def _release_leases(self) -> None:
        with contextlib.suppress(Exception):
            async with self._database.transaction() as session:
                await session.exec(
                    sa.update(OutboxEntry)
                    .where(col(OutboxEntry.lease_owner) == self._owner, col(OutboxEntry.done_at).is_(None))
                    .values(lease_owner=None, lease_until=None)
                )


async def delete_handled_events(session: AsyncSession, before: datetime, limit: int) -> int:
    """Delete up to `limit` entries that were done before a moment and return their number; parked ones stay."""
    old = sa.select(col(OutboxEntry.id)).where(col(OutboxEntry.done_at) < before).limit(limit)
    return int((await session.exec(sa.delete(OutboxEntry).where(col(OutboxEntry.id).in_(old)))).rowcount)


async def wait_for_any(seconds: float, *events: asyncio.Event) -> None:
    """Wait until one of the events is set or the time is over."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
