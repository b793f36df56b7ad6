"""Control notes, visible to their unit, and the objects they are about."""

from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.core.security import Principal
from app.messages.models import Message, Reply
from app.messages.queries import visible_to as visible_messages
from app.monitoring.models import ControlNote, NotedType, UnitTarget
from app.monitoring.queries.visibility import is_own
from app.reply_templates.models import ReplyTemplate
from app.reply_templates.queries import owned_by as own_templates
from app.surveys.models.submissions import SurveySubmission


def select_notes(
    by: Principal,
    *,
    object_type: NotedType | None = None,
    object_id: UUID | None = None,
    is_resolved: bool | None = None,
) -> SelectOfScalar[ControlNote]:
    """Build the query of the notes of the caller's unit; None does not filter."""
    query = select(ControlNote).where(is_own(ControlNote.unit_id, by))
    if object_type is not None:
        query = query.where(ControlNote.object_type == object_type)
    if object_id is not None:
        query = query.where(ControlNote.object_id == object_id)
    if is_resolved is not None:
        resolved_at = col(ControlNote.resolved_at)
        query = query.where(resolved_at.is_not(None) if is_resolved else resolved_at.is_(None))
    return query


async def find_note(session: AsyncSession, note_id: UUID, by: Principal) -> ControlNote | None:
    """Return a note of the caller's unit, or None."""
    return (await session.exec(select_notes(by).where(ControlNote.id == note_id))).first()


async def count_open_notes(session: AsyncSession, unit_id: UUID) -> int:
    """Count the unresolved notes of a unit."""
    query = select(func.count()).where(ControlNote.unit_id == unit_id, col(ControlNote.resolved_at).is_(None))
    return (await session.exec(query)).one()


async def is_object_visible(session: AsyncSession, object_type: NotedType, object_id: UUID, by: Principal) -> bool:
    """Return whether an object that a note may be about exists and the caller may see it."""
    query: SelectOfScalar[UUID]
    match object_type:
        case NotedType.MESSAGE:
            query = select(Message.id).where(Message.id == object_id, visible_messages(by))
        case NotedType.REPLY:
            query = select(Reply.id).join(Message, col(Message.id) == col(Reply.message_id))
            query = query.where(Reply.id == object_id, visible_messages(by))
        case NotedType.REPLY_TEMPLATE:
            query = select(ReplyTemplate.id).where(ReplyTemplate.id == object_id, own_templates(by))
        case NotedType.SURVEY_SUBMISSION:
            is_allowed = sa.true() if by.may("surveys:read") else sa.false()
            query = select(SurveySubmission.id).where(SurveySubmission.id == object_id, is_allowed)
        case NotedType.UNIT_TARGET:
            query = select(UnitTarget.id).where(UnitTarget.id == object_id, UnitTarget.unit_id == by.unit_id)
    return (await session.exec(query)).first() is not None
