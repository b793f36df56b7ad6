"""Delivery of replies. A point without credentials of its channel delivers by the platform, which reads the reply."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.outbox import Event, Handler, emit
from app.messages.events import ReplyQueued, ReplySent
from app.messages.models import Message, PauseReason, Reply, ReplyKind
from app.messages.ports import OutgoingReply, ReplyDelivery
from app.messages.rules.deadlines import Stage
from app.messages.rules.lives import REPLY_MOVES, MessageMove, ReplyMove, ReplyState
from app.messages.service import deadlines
from app.messages.service.moves import make_move


class PlatformDelivery:
    """The adapter of points without credentials: the platform reads the reply, so it is there once it is sent."""

    async def deliver(self, reply: OutgoingReply) -> str | None:
        """Nothing leaves: the committed reply itself is what the platform reads."""
        del reply
        return None


DELIVERY: ReplyDelivery = PlatformDelivery()
ANSWERED_STAGES = frozenset({Stage.FIRST_REPLY, Stage.FINAL_REPLY, Stage.REDIRECT})


async def deliver_reply(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """Deliver a queued reply: the reply is sent and the message answered, in the transaction that ends the job."""
    reply = await session.get_one(Reply, UUID(payload["reply_id"]))
    message = await session.get_one(Message, reply.message_id)
    if reply.state is not ReplyState.SENDING:
        return  # done before
    outgoing = OutgoingReply(reply.id, message.point_id, message.external_id, message.thread_external_id, reply.text)
    reply.external_id = await DELIVERY.deliver(outgoing)
    reply.state = REPLY_MOVES[reply.state][ReplyMove.DELIVER]
    reply.sent_at = clock.now()
    is_transfer = reply.kind is ReplyKind.CHANNEL_TRANSFER
    make_move(session, message, MessageMove.TRANSFER if is_transfer else MessageMove.ANSWER, None)
    if is_transfer:
        await deadlines.settle(session, message, {Stage.FIRST_REPLY}, reply.sent_at)
        await deadlines.pause(session, message, PauseReason.AWAITING_CLIENT, reply.sent_at)
    else:  # told who is competent, the client was redirected too
        await deadlines.settle(session, message, ANSWERED_STAGES, reply.sent_at)
        await deadlines.cancel(session, message)
    audit.record(session, None, "reply.sent", "reply", reply.id, fields=["state"], nobody="service")
    emit(session, ReplySent(message_id=message.id, reply_id=reply.id))


HANDLERS: Mapping[type[Event], Sequence[Handler]] = {ReplyQueued: [deliver_reply]}
