"""Event handlers that record which messages no template answered (O-6.2.6)."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.clients.service import mask_texts
from app.core.outbox import Handlers
from app.core.security import system_principal
from app.messages.events import MessageAssigned, MessageEvent, MessageMoved, MessageRevised, MessageTriaged, ReplySent
from app.messages.models import Competence, Message
from app.messages.queries import load_sent_replies
from app.messages.rules.states import MessageState
from app.reply_templates.rules.gaps import GapReason
from app.reply_templates.search.service.suggestions import find_suggestions
from app.reply_templates.service.gaps import Unanswered, record_gap, remove_gap

_STATES_WITHOUT_GAP = frozenset({MessageState.SPAM, MessageState.REDIRECTED})


async def update_gap(session: AsyncSession, event: MessageEvent) -> None:
    """Record or remove the template gap of a message.

    An unanswered message is a gap if no template fits, an answered one if the answer does not use a template.
    """
    message = await session.get_one(Message, event.message_id)
    needs_no_template = message.state in _STATES_WITHOUT_GAP or message.duplicate_of_id is not None
    if message.competence is not Competence.WITHIN or needs_no_template:
        await remove_gap(session, message.id)
        return
    reply = (await load_sent_replies(session, [message.id])).get(message.id)
    offered = await _find_first_suggestion(session, message)
    if reply.template_id is not None if reply else offered is not None:
        await remove_gap(session, message.id)
        return
    text, *answer = await mask_texts(session, message.client_id, [message.text, *([reply.text] if reply else [])])
    gap = Unanswered(
        message_id=message.id,
        unit_id=message.unit_id,
        text=text,
        reason=GapReason.NO_TEMPLATE if offered is None else GapReason.NOT_TAKEN,
        offered_template_id=offered,
        answer=answer[0] if answer else None,
    )
    await record_gap(session, gap)


async def _find_first_suggestion(session: AsyncSession, message: Message) -> UUID | None:
    """Return the template suggested first to the unit of the message."""
    unit = system_principal(message.unit_id, message.organization_id)
    found = await find_suggestions(session, message.text, unit, limit=1, topic_id=message.topic_id)
    return found[0].template_id if found else None


HANDLERS: Handlers = {
    MessageTriaged: [update_gap],
    MessageAssigned: [update_gap],
    MessageMoved: [update_gap],
    MessageRevised: [update_gap],
    ReplySent: [update_gap],
}
