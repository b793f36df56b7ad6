"""Queueing of replies for delivery."""

from sqlmodel.ext.asyncio.session import AsyncSession

from app.deliveries import service as deliveries
from app.messages.models import Message, Reply

REPLY = "reply"
"""The kind of the deliveries of replies."""
PLATFORM = "feedback_platform"
"""The target of points without channel credentials: the platform reads the reply."""


async def queue_reply(session: AsyncSession, message: Message, reply: Reply) -> None:
    """Queue a reply; the replies of a thread go out one at a time, in order. Its text stays in the reply's row."""
    await deliveries.create_delivery(
        session,
        target=PLATFORM,
        kind=REPLY,
        object_id=reply.id,
        payload={"message_id": str(message.id)},
        ordering_key=f"thread:{message.thread_id}",
    )
