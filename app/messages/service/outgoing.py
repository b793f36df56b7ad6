"""Queueing of replies and notices for delivery."""

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.security import Principal
from app.deliveries import service as deliveries
from app.messages.models import Message, Reply
from app.messages.rules.enums import ReplyKind
from app.messages.rules.states import ReplyState
from app.messages.service import text_checks

REPLY = "reply"
"""The kind of deliveries of replies."""
PLATFORM = "feedback_platform"
"""The target of points without channel credentials: the platform reads the reply."""


async def queue_reply(session: AsyncSession, message: Message, reply: Reply) -> None:
    """Queue a reply. Replies of a thread are sent one at a time, in order; the delivery does not copy the text."""
    await deliveries.create_delivery(
        session,
        target=PLATFORM,
        kind=REPLY,
        object_id=reply.id,
        payload={"message_id": str(message.id)},
        ordering_key=f"thread:{message.thread_id}",
    )


async def send_notice(session: AsyncSession, message: Message, text: str, by: Principal) -> None:
    """Queue a notice to the client. Raises `ReplyNotReady` for errors in its text."""
    notice = Reply(
        findings=await text_checks.require_no_errors(session, message, text),
        message_id=message.id,
        kind=ReplyKind.NOTICE,
        state=ReplyState.SENDING,
        text=text,
        template_values={},
        offered_point_ids=[],
        drafted_by=by.id,
        author_ids=[str(by.id)],
        created_at=clock.now(),
    )
    session.add(notice)
    await queue_reply(session, message, notice)
