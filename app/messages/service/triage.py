"""Triage and assignment of messages (O-6.2.1, O-6.2.3a, O-10)."""

from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.etags import IfMatch
from app.core.outbox import emit
from app.core.problems import FieldError, ValidationFailed
from app.core.references import unknown_reference
from app.core.security import Principal
from app.interaction_points.models import Point
from app.language.lemmas import lemmas
from app.messages.errors import AppealKeepsItsClass, MoveToOtherUnit
from app.messages.events import MessageAssigned, MessageMoved, MessageTriaged
from app.messages.models import Competence, Message, MessageClass
from app.messages.rules.states import MessageMove
from app.messages.rules.topic_proposal import TopicWords, propose_topics
from app.messages.schemas.messages import MessageAssign, MessageTriage
from app.messages.service import deadlines
from app.messages.service.access import get_message
from app.messages.service.transitions import apply_transition, require_transition
from app.organizations import service as organizations

TRIAGE_MOVES = {
    Competence.WITHIN: MessageMove.TRIAGE_WITHIN,
    Competence.OUTSIDE: MessageMove.TRIAGE_OUTSIDE,
    Competence.UNCLEAR: MessageMove.TRIAGE_UNCLEAR,
}


async def build_proposal(session: AsyncSession, text: str, point: Point) -> dict[str, Any] | None:
    """Build the proposal of a topic and unit for a text, as stored in the message; None without a match."""
    topics = [
        TopicWords(topic.id, topic.unit_id, [frozenset(lemmas(keyword)) for keyword in topic.keywords])
        for topic in await organizations.load_topics_in_force(session, point.organization_id)
    ]
    found = propose_topics(lemmas(text), topics, point.unit_id)
    if found is None:
        return None
    return {"topic_id": str(found.topic_id), "unit_id": str(found.unit_id), "words": found.words}


async def triage_message(
    session: AsyncSession, message_id: UUID, body: MessageTriage, match: IfMatch, *, by: Principal
) -> Message:
    """Record the need and the decision on competence, class, topic, unit and priority."""
    if body.competence is not Competence.WITHIN and body.reason is None:
        ru, en = "Укажите основание решения.", "A reason for the decision is required."
        raise ValidationFailed(field_errors=[FieldError("/reason", "missing", ru, en)])
    message = await get_message(session, message_id, by, lock=True)
    await organizations.get_open_unit(session, body.unit_id, by.organization_id, "/unit_id")
    if body.topic_id is not None:
        await organizations.load_open_topics(session, [body.topic_id], body.unit_id, "/topic_id")
    match.require(message)
    if message.message_class is MessageClass.APPEAL and body.message_class not in (None, MessageClass.APPEAL):
        raise AppealKeepsItsClass
    before = message.message_class, message.priority
    apply_transition(session, message, TRIAGE_MOVES[body.competence], by, body.reason)
    if message.unit_id != body.unit_id:
        message.unit_id, message.assignee_id = body.unit_id, None
        emit(session, MessageMoved(message_id=message.id, message_version=message.version))
    message.competence = body.competence
    message.triage_reason = body.reason
    message.topic_id = body.topic_id
    message.priority = body.priority
    message.message_class = body.message_class or message.message_class
    message.need = {
        "summary": body.need.summary,
        "recorded_at": clock.now().isoformat(),
        "recorded_by": str(by.id),
    }
    await deadlines.create_deadlines(session, message, is_recast=before != (message.message_class, message.priority))
    emit(session, MessageTriaged(message_id=message.id, competence=body.competence.value))
    await session.flush()  # raises the version
    return message


async def assign_message(
    session: AsyncSession, message_id: UUID, body: MessageAssign, match: IfMatch, *, by: Principal
) -> Message:
    """Assign a message to an employee of the unit, or move it to another unit. Raises `MoveToOtherUnit`."""
    if body.assignee_id is None and body.unit_id is None:
        ru, en = "Укажите исполнителя или подразделение.", "Specify an assignee or a unit."
        raise ValidationFailed(field_errors=[FieldError("/assignee_id", "missing", ru, en)])
    unit_id = body.unit_id or by.unit_id
    if unit_id != by.unit_id and not by.may("messages:move"):
        raise MoveToOtherUnit
    message = await get_message(session, message_id, by, lock=True)
    if unit_id != by.unit_id:
        await organizations.get_open_unit(session, body.unit_id or message_id, by.organization_id, "/unit_id")
    if body.assignee_id is not None:
        assignee = await organizations.find_employee(session, body.assignee_id)
        if assignee is None or assignee.unit_id != unit_id:
            raise unknown_reference("/assignee_id")
    match.require(message)
    if unit_id is not None and message.unit_id != unit_id:
        require_transition(message, MessageMove.ASSIGN)
        message.unit_id, message.topic_id = unit_id, None
        if body.assignee_id is None:
            emit(session, MessageMoved(message_id=message.id, message_version=message.version))
    apply_transition(session, message, MessageMove.ASSIGN, by)
    message.assignee_id = body.assignee_id
    event = MessageAssigned(
        message_id=message.id, message_version=message.version, assignee_id=body.assignee_id, by_id=by.id
    )
    emit(session, event)
    await session.flush()  # raises the version
    return message
