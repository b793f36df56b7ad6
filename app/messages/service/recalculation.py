"""Recalculation of open deadlines after a change of the working calendar (O-6.2.2)."""

from datetime import date, timedelta
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.calendar.ports import DeadlineMove
from app.calendar.service import load_calendar
from app.core import clock
from app.core.outbox import emit
from app.messages.events import DeadlineMoved
from app.messages.models import Deadline, Message
from app.messages.service.deadline_rows import set_due, update_due
from app.messages.service.deadlines import load_deadlines
from app.messages.service.transitions import mark_changed

MAX_ROLL = timedelta(days=40)
"""The maximum distance over which a deadline can be moved across days off."""


async def recalculate(session: AsyncSession, organization_id: UUID, day: date | None) -> list[DeadlineMove]:
    """Recalculate the open deadlines of an organization near the day, or all of them; return those that moved."""
    calendar = await load_calendar(session, organization_id)
    query = select(Deadline, Message).join(Message, col(Message.id) == col(Deadline.message_id))
    query = query.where(Message.organization_id == organization_id, col(Deadline.ended_at).is_(None))
    if day is not None:
        since, until = clock.day_starts_at(day) - MAX_ROLL, clock.day_ends_before(day) + timedelta(days=1)
        query = query.where(col(Deadline.due_at) >= since, col(Deadline.started_at) <= until)
    # Messages are locked before their deadlines are read, so that concurrent changes of a message are not overwritten.
    affected = col(Message.id).in_(query.with_only_columns(col(Message.id)))
    await session.exec(select(Message.id).where(affected).order_by(col(Message.id)).with_for_update(key_share=True))
    moves: list[DeadlineMove] = []
    messages: dict[UUID, Message] = {}
    for row, message in (await session.exec(query.order_by(col(Deadline.id)))).all():
        before = row.due_at
        update_due(row, calendar)
        if row.due_at != before:
            messages[message.id] = message
            moves.append(DeadlineMove(message.id, message.number, row.stage.value, before, row.due_at))
    for message in messages.values():
        set_due(message, await load_deadlines(session, message))
        mark_changed(message)
        emit(session, DeadlineMoved(message_id=message.id, message_version=message.version))
    return moves
