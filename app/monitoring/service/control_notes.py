"""Control notes: remarks of heads that stay on the record (O-10)."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.core import audit, clock
from app.core.etags import IfMatch
from app.core.references import unknown_reference
from app.core.security import Principal
from app.messages.models import Message, Reply
from app.messages.queries.messages import visible_to as visible_messages
from app.monitoring.errors import ControlNoteNotFound, ControlNoteResolved
from app.monitoring.models import ControlNote, NotedType, UnitTarget
from app.monitoring.schemas.control import ControlNoteCreate
from app.reply_templates.models import ReplyTemplate
from app.reply_templates.queries import owned_by as own_templates
from app.surveys.models import SurveySubmission


def visible_to(by: Principal) -> ColumnElement[bool]:
    """Return the filter for the notes of the caller's unit."""
    return col(ControlNote.unit_id) == by.unit_id if by.unit_id is not None else sa.false()


async def get_note(session: AsyncSession, note_id: UUID, by: Principal) -> ControlNote:
    """Return a note of the caller's unit. Raises `ControlNoteNotFound`."""
    row = (await session.exec(select(ControlNote).where(ControlNote.id == note_id, visible_to(by)))).first()
    if row is None:
        raise ControlNoteNotFound
    return row


async def create_note(session: AsyncSession, body: ControlNoteCreate, *, by: Principal) -> ControlNote:
    """Create a note on an object that the caller may see. Raises `ValidationFailed` for any other object."""
    if by.unit_id is None or (await session.exec(_build_object_query(body, by))).first() is None:
        raise unknown_reference("/object_id")
    row = ControlNote.model_validate(
        body, update={"unit_id": by.unit_id, "created_at": clock.now(), "created_by": by.id}
    )
    session.add(row)
    audit.record(session, by, "control_note.created", "control_note", row.id)
    await session.flush()  # the flush raises the version
    return row


async def resolve_note(
    session: AsyncSession, note_id: UUID, resolution: str, match: IfMatch, *, by: Principal
) -> ControlNote:
    """Record what was done about a note. Raises `ControlNoteNotFound` and `ControlNoteResolved`."""
    row = await get_note(session, note_id, by)
    match.require(row)
    if row.resolved_at is not None:
        raise ControlNoteResolved
    row.resolution, row.resolved_at, row.resolved_by = resolution, clock.now(), by.id
    audit.record(session, by, "control_note.resolved", "control_note", row.id, fields=["resolution"])
    await session.flush()  # the flush raises the version
    return row


def _build_object_query(body: ControlNoteCreate, by: Principal) -> SelectOfScalar[UUID]:
    """Build the query for the object of a note, limited to what the caller may see."""
    match body.object_type:
        case NotedType.MESSAGE:
            return select(col(Message.id)).where(col(Message.id) == body.object_id, visible_messages(by))
        case NotedType.REPLY:
            query = select(col(Reply.id)).join(Message, col(Message.id) == col(Reply.message_id))
            return query.where(col(Reply.id) == body.object_id, visible_messages(by))
        case NotedType.REPLY_TEMPLATE:
            query = select(col(ReplyTemplate.id))
            return query.where(col(ReplyTemplate.id) == body.object_id, own_templates(by))
        case NotedType.SURVEY_SUBMISSION:
            is_allowed = sa.true() if by.may("surveys:read") else sa.false()
            return select(col(SurveySubmission.id)).where(col(SurveySubmission.id) == body.object_id, is_allowed)
        case NotedType.UNIT_TARGET:
            query = select(col(UnitTarget.id))
            return query.where(col(UnitTarget.id) == body.object_id, col(UnitTarget.unit_id) == by.unit_id)
