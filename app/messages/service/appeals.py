"""Registration of messages as appeals."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit
from app.core.etags import IfMatch
from app.core.outbox import emit
from app.core.security import Principal
from app.messages.errors import AppealKeepsItsClass, NoAppeal
from app.messages.events import AppealRegistered
from app.messages.models import Message
from app.messages.rules.enums import MessageClass
from app.messages.rules.states import MessageMove
from app.messages.service import deadlines
from app.messages.service.access import get_message
from app.messages.service.transitions import apply_transition, record_event


async def register_as_appeal(
    session: AsyncSession,
    message_id: UUID,
    match: IfMatch,
    *,
    came_by: str,
    registration_number: str,
    by: Principal,
) -> Message:
    """Register a message as an appeal. The deadlines of 59-FZ start now. Raises `AppealKeepsItsClass` if repeated."""
    message = await get_message(session, message_id, by, lock=True)
    match.require(message)
    require_no_appeal(message)
    apply_transition(session, message, MessageMove.REGISTER_AS_APPEAL, by, came_by)
    message.message_class = MessageClass.APPEAL
    message.came_by, message.registration_number = came_by, registration_number
    message.appeal_registered_at = message.updated_at
    await deadlines.start_cycle(session, message, message.updated_at, message.updated_at)
    emit(session, AppealRegistered(message_id=message.id))
    return message


async def correct_registration(
    session: AsyncSession, message_id: UUID, number: str, match: IfMatch, *, by: Principal
) -> Message:
    """Correct the registration number of an appeal; the previous one stays in the history. Raises `NoAppeal`."""
    message = await get_message(session, message_id, by, lock=True)
    match.require(message)
    if message.registration_number is None:
        raise NoAppeal
    if message.registration_number == number:
        return message
    note = f"{message.registration_number} → {number}"
    message.registration_number = number
    record_event(session, message, "correct_registration", by, note)
    audit.record(session, by, "message.registration_corrected", "message", message.id, fields=["registration_number"])
    return message


def require_no_appeal(message: Message) -> None:
    """Raise `AppealKeepsItsClass` for an appeal."""
    if message.message_class is MessageClass.APPEAL:
        raise AppealKeepsItsClass
