"""Template examples and drafts made from messages and their replies (O-6.2.6)."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.clients.service import mask_texts
from app.core.etags import IfMatch
from app.core.security import Principal
from app.messages.errors import NotAnsweredByTemplate, NotAnsweredYet
from app.messages.rules.states import ReplyState
from app.messages.service.replies import get_message_and_reply
from app.reply_templates.commands import TemplateDraft
from app.reply_templates.models import ReplyTemplate
from app.reply_templates.service import templates


async def add_example_from_message(
    session: AsyncSession, message_id: UUID, reply_id: UUID, match: IfMatch, *, by: Principal
) -> ReplyTemplate:
    """Add a message, without the client's personal data, to the examples of the template that answered it.

    Raises `NotAnsweredByTemplate`.
    """
    message, reply = await get_message_and_reply(session, message_id, reply_id, by)
    match.require(reply)
    if reply.template_id is None or reply.state is not ReplyState.SENT:
        raise NotAnsweredByTemplate
    (text,) = await mask_texts(session, message.client_id, [message.text])
    return await templates.add_example_from_message(session, reply.template_id, text, by=by)


async def draft_template_from_reply(
    session: AsyncSession, message_id: UUID, reply_id: UUID, draft: TemplateDraft, *, by: Principal
) -> ReplyTemplate:
    """Draft a template from a sent reply, without the client's personal data, with the message as its example.

    Raises `NotAnsweredYet`.
    """
    message, reply = await get_message_and_reply(session, message_id, reply_id, by)
    if reply.state is not ReplyState.SENT or by.unit_id is None:
        raise NotAnsweredYet
    text, answer = await mask_texts(session, message.client_id, [message.text, reply.text])
    return await templates.draft_template(
        session,
        draft,
        unit_id=by.unit_id,
        messages=[text],
        answer=answer,
        keywords=[],
        by=by,
    )
