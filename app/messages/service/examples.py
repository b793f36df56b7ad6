"""Messages that were answered with a template, taken as its typical messages (O-6.2.6)."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.concurrency import Match
from app.core.security import Principal
from app.messages.errors import NotAnsweredByTemplate
from app.messages.rules.lives import ReplyState
from app.messages.service.replies import get_message_and_reply
from app.reply_templates.models import ReplyTemplate
from app.reply_templates.service import templates


async def take_example(
    session: AsyncSession, message_id: UUID, reply_id: UUID, match: Match, *, by: Principal
) -> ReplyTemplate:
    """Add a message to the typical ones of the template that answered it, without what tells of the client."""
    message, reply = await get_message_and_reply(session, message_id, reply_id, by)
    match.require(reply)
    if reply.template_id is None or reply.state is not ReplyState.SENT:
        raise NotAnsweredByTemplate
    people = [message.client, message.client.get("representative") or {}]
    names = [person["name"] for person in people if person.get("name")]
    contacts = [contact["value"] for person in people for contact in person.get("contacts", [])]
    return await templates.take_example(session, reply.template_id, message.text, names, contacts, by=by)
