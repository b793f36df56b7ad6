"""Queries of the deadlines of messages and of their policies."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.legal_acts.models import LegalAct
from app.messages.models import Deadline, DeadlinePolicy, Message
from app.messages.rules.deadlines import DeadlineState, Stage
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


def select_policies(stage: Stage | None, is_target: bool | None) -> SelectOfScalar[DeadlinePolicy]:
    """Return the query of the deadline policies, filtered by stage and kind."""
    query = select(DeadlinePolicy)
    if stage is not None:
        query = query.where(DeadlinePolicy.stage == stage)
    if is_target is not None:
        query = query.where(col(DeadlinePolicy.is_target) == is_target)
    return query


async def load_policies(session: AsyncSession) -> Sequence[tuple[DeadlinePolicy, LegalAct | None]]:
    """Return all deadline policies with their legal acts."""
    query = select(DeadlinePolicy, LegalAct).outerjoin(LegalAct, col(LegalAct.id) == col(DeadlinePolicy.legal_act_id))
    return (await session.exec(query)).all()
