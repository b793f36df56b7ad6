"""Who is notified of what happens to messages and replies. The worker calls these; texts name numbers, no client."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.outbox import Event, Handler
from app.identity.queries import heads_of
from app.messages.events import ReplyReturned, ReplySubmitted
from app.messages.models import Message, Reply
from app.notifications.models import NotificationKind
from app.notifications.service import notify


async def tell_heads_of_submission(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """A reply waits for approval: the heads of the unit should look, but for who drafted it and may not approve it."""
    reply, message = await _both(session, payload)
    await notify(
        session,
        await heads_of(session, message.unit_id) - {reply.drafted_by},
        NotificationKind.REPLY_SUBMITTED,
        f"Ответ по сообщению {message.number} передан на утверждение",
        "message",
        message.id,
        f"reply_submitted:{reply.id}:{payload['reply_version']}",
    )


async def tell_author_of_return(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """A reply was returned: its author should look. The reason stays with the reply, it may name the client."""
    reply, message = await _both(session, payload)
    await notify(
        session,
        [reply.drafted_by],
        NotificationKind.REPLY_RETURNED,
        f"Ответ по сообщению {message.number} возвращён на доработку",
        "message",
        message.id,
        f"reply_returned:{reply.id}:{payload['reply_version']}",
    )


async def _both(session: AsyncSession, payload: Mapping[str, Any]) -> tuple[Reply, Message]:
    reply = await session.get_one(Reply, UUID(payload["reply_id"]))
    return reply, await session.get_one(Message, reply.message_id)


HANDLERS: Mapping[type[Event], Sequence[Handler]] = {
    ReplySubmitted: [tell_heads_of_submission],
    ReplyReturned: [tell_author_of_return],
}
