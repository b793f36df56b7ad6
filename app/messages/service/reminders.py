"""Reminders and misses of deadlines (O-6.2.2, O-10)."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.outbox import emit
from app.messages.events import DeadlineMissed, DeadlineNear
from app.messages.models import Deadline, Message
from app.messages.rules.deadlines import WHOLE_SECOND, DeadlineState, Stage

BATCH = 200


async def remind_and_escalate(session: AsyncSession) -> int:
    """Emit each reminder and each miss of a deadline once; return how many were emitted.

    The mark of the row and the event are written in one transaction, so that a crash loses neither, and of two workers
    only one marks the row.
    """
    moment = clock.now()
    near = await _mark(session, moment, *_is_near(moment))
    for row in near:
        emit(session, DeadlineNear.model_validate(row._mapping))
    late = moment - WHOLE_SECOND
    await _cancel_delay_notices(session, moment, late)
    missed = await _mark(session, moment, col(Deadline.due_at) <= late, is_miss=True)
    for row in missed:
        emit(session, DeadlineMissed.model_validate(row._mapping))
    if missed:  # a message includes its deadlines, so its version changes
        changed = col(Message.id).in_({row.message_id for row in missed})
        values = {"version": Message.version + 1, "updated_at": moment}
        await session.exec(sa.update(Message).where(changed).values(values))
    return len(near) + len(missed)


async def has_due_reminders(session: AsyncSession) -> bool:
    """Return whether `remind_and_escalate` has something to emit."""
    moment = clock.now()
    waiting = sa.or_(sa.and_(*_is_near(moment)), col(Deadline.due_at) <= moment - WHOLE_SECOND)
    query = select(Deadline.id).where(col(Deadline.state) == DeadlineState.RUNNING, waiting).limit(1)
    return (await session.exec(query)).first() is not None


async def _cancel_delay_notices(session: AsyncSession, moment: datetime, late: datetime) -> None:
    """Cancel the delay notices that are past due: they are optional and are not missed."""
    await session.exec(
        sa.update(Deadline)
        .where(
            col(Deadline.stage) == Stage.DELAY_NOTICE,
            col(Deadline.state) == DeadlineState.RUNNING,
            col(Deadline.due_at) <= late,
        )
        .values(state=DeadlineState.CANCELLED, ended_at=moment)
        .execution_options(synchronize_session=False)
    )


def _is_near(moment: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of a pending reminder; a deadline that has passed needs none."""
    late = moment - WHOLE_SECOND
    return (
        col(Deadline.remind_at) <= moment,
        col(Deadline.reminded_at).is_(None),
        col(Deadline.due_at) > late,
    )


async def _mark(session: AsyncSession, moment: datetime, *due: Any, is_miss: bool = False) -> list[Any]:
    row = Deadline
    # The message is locked together with the deadline, or both are skipped until the next run. Otherwise a request that
    # holds the message and needs the deadline would cause a deadlock.
    pending = sa.select(col(row.id)).join(Message, col(Message.id) == col(row.message_id))
    pending = pending.where(col(row.state) == DeadlineState.RUNNING, *due).limit(BATCH)
    values: dict[str, Any] = {"reminded_at": moment}
    if is_miss:
        values = {"state": DeadlineState.MISSED, "escalated_at": moment}
    marked = await session.exec(
        sa.update(row)
        .where(col(row.id).in_(pending.with_for_update(skip_locked=True)))
        .values(values)
        .returning(col(row.message_id), col(row.stage), col(row.is_target), col(row.cycle), col(row.due_at))
        .execution_options(synchronize_session=False)
    )
    return list(marked.all())
