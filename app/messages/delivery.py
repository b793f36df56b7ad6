"""Delivery of replies. A point without credentials of its channel delivers by the platform, which reads the reply."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.outbox import Event, Handler, emit
from app.messages.events import ReplyNotSent, ReplyQueued, ReplySent
from app.messages.models import Message, PauseReason, Reply, ReplyKind
from app.messages.ports import OutgoingReply, ReplyDelivery
from app.messages.rules.deadlines import Stage
from app.messages.rules.states import REPLY_TRANSITIONS, MessageMove, ReplyMove, ReplyState
from app.messages.service import deadlines, offered_points
from app.messages.service.threads import lock_thread
from app.messages.service.transitions import apply_transition, mark_changed


class PlatformDelivery:
    """The adapter of points without credentials: the platform reads the reply, so it is there once it is sent."""

    async def deliver(self, reply: OutgoingReply) -> str | None:
        """Nothing leaves: the committed reply itself is what the platform reads."""
        del reply
        return None


DELIVERY: ReplyDelivery = PlatformDelivery()
ANSWERED_STAGES = frozenset({Stage.FIRST_REPLY, Stage.FINAL_REPLY, Stage.REDIRECT})
"""An answer meets these: who was told who is competent was redirected too."""


async def deliver_reply(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """Deliver a queued reply: the reply is sent and the message answered, in the transaction that ends the job."""
    reply = await session.get_one(Reply, UUID(payload["reply_id"]))
    message = await session.get_one(Message, reply.message_id)
    await lock_thread(session, message.thread_id)
    await session.refresh(message)  # what came into the thread meanwhile counts
    if reply.state is not ReplyState.SENDING:
        return  # done before
    if reply.kind is not ReplyKind.NOTICE and not await offered_points.can_send(session, reply):
        await _refused(session, message, reply)
        return
    outgoing = OutgoingReply(reply.id, message.point_id, message.external_id, message.thread_external_id, reply.text)
    reply.external_id = await DELIVERY.deliver(outgoing)
    reply.state = REPLY_TRANSITIONS[reply.state][ReplyMove.DELIVER]
    reply.sent_at = clock.now()
    await AFTER[reply.kind](session, message, reply.sent_at)
    audit.record(session, None, "reply.sent", "reply", reply.id, fields=["state"], fallback_actor="service")
    emit(session, ReplySent(message_id=message.id, reply_id=reply.id))


async def _refused(session: AsyncSession, message: Message, reply: Reply) -> None:
    """A point was switched off between pressing and delivering: nothing goes out, and the author is told (O-3)."""
    reply.state = REPLY_TRANSITIONS[reply.state][ReplyMove.FAIL]
    mark_changed(message)
    audit.record(session, None, "reply.failed", "reply", reply.id, fields=["state"], fallback_actor="service")
    emit(session, ReplyNotSent(message_id=message.id, reply_id=reply.id, reply_version=reply.version))


async def _answered(session: AsyncSession, message: Message, at: datetime) -> None:
    apply_transition(session, message, MessageMove.ANSWER, None)
    await deadlines.mark_done(session, message, ANSWERED_STAGES, at)
    await deadlines.cancel(session, message)


async def _transferred(session: AsyncSession, message: Message, at: datetime) -> None:
    apply_transition(session, message, MessageMove.TRANSFER, None)
    await deadlines.mark_done(session, message, {Stage.FIRST_REPLY}, at)
    await deadlines.pause(session, message, PauseReason.AWAITING_CLIENT, at)


async def _noticed(session: AsyncSession, message: Message, at: datetime) -> None:
    mark_changed(message)
    await deadlines.mark_done(session, message, {Stage.FIRST_REPLY}, at)


AFTER = {ReplyKind.ANSWER: _answered, ReplyKind.CHANNEL_TRANSFER: _transferred, ReplyKind.NOTICE: _noticed}
"""What a delivered reply makes of its message."""

HANDLERS: Mapping[type[Event], Sequence[Handler]] = {ReplyQueued: [deliver_reply]}
