"""Redirects of messages to competent bodies."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.etags import IfMatch
from app.core.outbox import emit
from app.core.security import Principal
from app.legal_acts import service as legal_acts
from app.messages.events import MessageRedirected
from app.messages.models import Message
from app.messages.rules.deadlines import Stage
from app.messages.rules.enums import Competence
from app.messages.rules.states import MESSAGE_TRANSITIONS, MessageMove
from app.messages.service import deadlines, outgoing
from app.messages.service.access import get_message
from app.messages.service.transitions import apply_transition


async def redirect_message(
    session: AsyncSession, message_id: UUID, match: IfMatch, *, to: str, legal_act_id: UUID, text: str, by: Principal
) -> Message:
    """Redirect a message to the competent body and send the client a notice (O-6.2.1; 59-FZ, article 8)."""
    message = await get_message(session, message_id, by, lock=True)
    await legal_acts.get_referenced_act(session, legal_act_id, "/legal_act_id")
    match.require(message)
    if message.competence is Competence.WITHIN:
        raise MESSAGE_TRANSITIONS.refuse(message.state, MessageMove.REDIRECT)
    apply_transition(session, message, MessageMove.REDIRECT, by, to)
    message.redirected_to, message.redirect_act_id = to, legal_act_id
    await deadlines.mark_done(session, message, {Stage.REDIRECT}, message.updated_at)
    await deadlines.cancel(session, message, {Stage.FINAL_REPLY, Stage.DELAY_NOTICE})
    await outgoing.send_notice(session, message, text, by)
    emit(session, MessageRedirected(message_id=message.id))
    return message
