"""The port of the calendar: the domain whose deadlines follow it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession


@dataclass(frozen=True, slots=True)
class DeadlineMove:
    """The old and the new due time of a message's deadline."""

    message_id: UUID
    number: str
    stage: str
    moved_from: datetime
    moved_to: datetime


@dataclass(frozen=True, slots=True)
class CalendarListener:
    """Called in the transaction of every change of the calendar; `app.main` provides it."""

    recalculate: Callable[[AsyncSession, UUID, date | None], Awaitable[list[DeadlineMove]]]
    """Recalculates the open deadlines of an organization that a changed day affects, or all of them without a day."""
