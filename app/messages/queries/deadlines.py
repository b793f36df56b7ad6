"""Queries of the deadlines of messages."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.messages.models import Deadline, Message
from app.messages.rules.deadlines import DeadlineState
from app.messages.schemas.deadlines import DeadlineRead


def to_deadline_values(row: Deadline) -> dict[str, Any]:
    """Return the values of a deadline for its API schema."""
    values = row.model_dump() | {"name": row.term["name"], "legal_act": row.term["legal_act"]}
    return values | {"kind": "target" if row.is_target else "limit", "provisional": row.is_provisional}


async def load_deadline_reads(session: AsyncSession, rows: Sequence[Message]) -> dict[UUID, list[DeadlineRead]]:
    """Return the deadlines of the current cycle of messages, without cancelled ones."""
    cycles = {row.id: row.cycle for row in rows}
    query = select(Deadline).where(col(Deadline.message_id).in_(cycles), col(Deadline.state) != DeadlineState.CANCELLED)
    found: dict[UUID, list[DeadlineRead]] = defaultdict(list)
    for deadline in (await session.exec(query.order_by(col(Deadline.due_at), col(Deadline.id)))).all():
        if deadline.cycle == cycles[deadline.message_id]:
            found[deadline.message_id].append(DeadlineRead.model_validate(to_deadline_values(deadline)))
    return found


async def load_completed_deadlines(session: AsyncSession, message_id: UUID) -> Sequence[Deadline]:
    """Return the deadlines of all cycles of a message that ended as met or missed."""
    query = select(Deadline).where(
        Deadline.message_id == message_id,
        col(Deadline.ended_at).is_not(None),
        col(Deadline.state).in_((DeadlineState.MET, DeadlineState.MISSED)),
    )
    return (await session.exec(query)).all()


def find_outcome(row: Deadline) -> str:
    """Return the outcome of an ended deadline in words."""
    if row.state is DeadlineState.MET:
        return "Исполнено в срок"
    return "Не исполнено" if row.taken_seconds is None else "Исполнено с опозданием"
