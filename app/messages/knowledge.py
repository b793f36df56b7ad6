"""What knowledge bases learn from messages: which of them no template answered (O-6.2.6). The worker calls these."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.outbox import Event, Handler
from app.core.security import unit_itself
from app.messages.events import MessageTriaged, ReplySent
from app.messages.models import Competence, Message, Reply, ReplyKind
from app.messages.rules.clients import without_client
from app.messages.rules.lives import MessageState
from app.reply_templates.finding.service.suggestions import suggest
from app.reply_templates.models import GapReason
from app.reply_templates.service.gaps import Unanswered, forget_gap, note_gap

_NEEDS_NO_TEMPLATE = frozenset({MessageState.SPAM, MessageState.REDIRECTED})


async def learn_of_need(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """A need was analysed: where nothing fits it, the knowledge base has a gap."""
    message = await session.get_one(Message, UUID(payload["message_id"]))
    offered = await _offered(session, message)
    if message.competence is not Competence.WITHIN or message.state in _NEEDS_NO_TEMPLATE or offered is not None:
        await forget_gap(session, message.id)
        return
    await _note(session, message, None, None)


async def learn_of_answer(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """An answer went out: with a template there is no gap, without one there is, whatever was offered."""
    reply = await session.get_one(Reply, UUID(payload["reply_id"]))
    message = await session.get_one(Message, reply.message_id)
    if reply.kind is ReplyKind.NOTICE or message.competence is not Competence.WITHIN:
        return
    if reply.template_id is not None:
        await forget_gap(session, message.id)
        return
    await _note(session, message, await _offered(session, message), without_client(reply.text, message.client))


async def _note(session: AsyncSession, message: Message, offered: UUID | None, answer: str | None) -> None:
    told = Unanswered(
        message_id=message.id,
        unit_id=message.unit_id,
        written=message.text,
        text=without_client(message.text, message.client),
        reason=GapReason.NO_TEMPLATE if offered is None else GapReason.NOT_TAKEN,
        offered_template_id=offered,
        answer=answer,
    )
    await note_gap(session, told)


async def _offered(session: AsyncSession, message: Message) -> UUID | None:
    """The template that the unit would be offered first."""
    unit = unit_itself(message.unit_id, message.organization_id)
    found = await suggest(session, message.text, unit, limit=1, topic_id=message.topic_id)
    return found[0].template_id if found else None


HANDLERS: Mapping[type[Event], Sequence[Handler]] = {MessageTriaged: [learn_of_need], ReplySent: [learn_of_answer]}
