"""Triage and assignment of messages (O-6.2.1, O-6.2.3a, O-10)."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.etags import IfMatch
from app.core.outbox import emit
from app.core.problems import FieldError, ValidationFailed
from app.core.references import unknown_reference
from app.core.security import Principal
from app.messages.commands import TriageDecision
from app.messages.errors import AppealKeepsItsClass, MoveToOtherUnit
from app.messages.events import MessageAssigned, MessageMoved, MessageTriaged
from app.messages.models import Message
from app.messages.rules.enums import Competence, MessageClass
from app.messages.rules.states import MessageMove
from app.messages.service import deadlines
from app.messages.service.access import get_message
from app.messages.service.transitions import apply_transition, require_transition
from app.organizations import service as organizations

TRIAGE_MOVES = {
    Competence.WITHIN: MessageMove.TRIAGE_WITHIN,
    Competence.OUTSIDE: MessageMove.TRIAGE_OUTSIDE,
    Competence.UNCLEAR: MessageMove.TRIAGE_UNCLEAR,
}


async def triage_message(
    session: AsyncSession, message_id: UUID, decision: TriageDecision, match: IfMatch, *, by: Principal
) -> Message:
    """Record the need and the decision on competence, class, topic, unit and priority."""
    if decision.competence is not Competence.WITHIN and decision.reason is None:
        ru, en = "Укажите основание решения.", "A reason for the decision is required."
        raise ValidationFailed(field_errors=[FieldError("/reason", "missing", ru, en)])
    message = await get_message(session, message_id, by, lock=True)
    await organizations.get_open_unit(session, decision.unit_id, by.organization_id, "/unit_id")
    if decision.topic_id is not None:
        await organizations.load_open_topics(session, [decision.topic_id], decision.unit_id, "/topic_id")
    match.require(message)
    if message.message_class is MessageClass.APPEAL and decision.message_class not in (None, MessageClass.APPEAL):
        raise AppealKeepsItsClass
    before = message.message_class, message.priority
    apply_transition(session, message, TRIAGE_MOVES[decision.competence], by, decision.reason)
    if message.unit_id != decision.unit_id:
        message.unit_id, message.assignee_id = decision.unit_id, None
        emit(session, MessageMoved(message_id=message.id, message_version=message.version))
    message.competence = decision.competence
    message.triage_reason = decision.reason
    message.topic_id = decision.topic_id
    message.priority = decision.priority
    message.message_class = decision.message_class or message.message_class
    message.need = {
        "summary": decision.need,
        "recorded_at": clock.now().isoformat(),
        "recorded_by": str(by.id),
    }
    await deadlines.create_deadlines(session, message, is_recast=before != (message.message_class, message.priority))
    emit(session, MessageTriaged(message_id=message.id, competence=decision.competence.value))
    return message


async def assign_message(
    session: AsyncSession,
    message_id: UUID,
    match: IfMatch,
    *,
    assignee_id: UUID | None,
    unit_id: UUID | None,
    by: Principal,
) -> Message:
    """Assign a message to an employee of the unit, or move it to another unit. Raises `MoveToOtherUnit`."""
    if assignee_id is None and unit_id is None:
        ru, en = "Укажите исполнителя или подразделение.", "Specify an assignee or a unit."
        raise ValidationFailed(field_errors=[FieldError("/assignee_id", "missing", ru, en)])
    target_id = unit_id or by.unit_id
    if target_id != by.unit_id and not by.may("messages:move"):
        raise MoveToOtherUnit
    message = await get_message(session, message_id, by, lock=True)
    if unit_id is not None and unit_id != by.unit_id:
        await organizations.get_open_unit(session, unit_id, by.organization_id, "/unit_id")
    if assignee_id is not None:
        assignee = await organizations.find_employee(session, assignee_id)
        if assignee is None or assignee.unit_id != target_id:
            raise unknown_reference("/assignee_id")
    match.require(message)
    if target_id is not None and message.unit_id != target_id:
        require_transition(message, MessageMove.ASSIGN)
        message.unit_id, message.topic_id = target_id, None
        if assignee_id is None:
            emit(session, MessageMoved(message_id=message.id, message_version=message.version))
    apply_transition(session, message, MessageMove.ASSIGN, by)
    message.assignee_id = assignee_id
    event = MessageAssigned(
        message_id=message.id, message_version=message.version, assignee_id=assignee_id, by_id=by.id
    )
    emit(session, event)
    return message
