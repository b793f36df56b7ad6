"""The delivery handler of replies (O-3, O-6.2.3b)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.outbox import emit
from app.core.security import Principal
from app.deliveries.ports import Dispatch, Refused
from app.messages.events import ReplyNotSent, ReplySent, ReplyUncertain
from app.messages.models import Message, Reply
from app.messages.rules.deadlines import Stage
from app.messages.rules.enums import PauseReason, ReplyKind
from app.messages.rules.states import REPLY_TRANSITIONS, MessageMove, ReplyMove, ReplyState
from app.messages.service import deadlines, offered_points
from app.messages.service.threads import lock_thread
from app.messages.service.transitions import apply_transition, mark_changed

ANSWERED_STAGES = frozenset({Stage.FIRST_REPLY, Stage.FINAL_REPLY, Stage.REDIRECT})
"""Stages completed by an answer; one that names the competent body completes the redirect too."""
POINT_NOT_IN_FORCE = "point_not_in_force"
RETRYABLE = frozenset({ReplyState.FAILED, ReplyState.UNCERTAIN})


class ReplyDeliveries:
    """The handler of deliveries of the kind `reply`."""

    async def prepare(self, session: AsyncSession, dispatch: Dispatch) -> Mapping[str, Any]:
        """Return the reply for the adapter. Raises `Refused` for a point no longer in force (O-3)."""
        reply = await session.get_one(Reply, dispatch.object_id)
        message = await session.get_one(Message, reply.message_id)
        if reply.kind is not ReplyKind.NOTICE and not await offered_points.can_send(session, reply):
            raise Refused(POINT_NOT_IN_FORCE)
        return {
            "text": reply.text,
            "point_id": str(message.point_id),
            "message_external_id": message.external_id,
            "thread_external_id": message.thread_external_id,
        }

    async def on_sent(self, session: AsyncSession, dispatch: Dispatch, external_id: str | None) -> None:
        """Mark the reply as sent and the message as answered."""
        message, reply = await _lock(session, dispatch.object_id)
        if not _apply_move(session, reply, ReplyMove.DELIVER):
            return
        reply.external_id, reply.sent_at = external_id, clock.now()
        await AFTER_DELIVERY[reply.kind](session, message, reply.sent_at)
        emit(session, ReplySent(message_id=message.id, reply_id=reply.id))

    async def on_failed(self, session: AsyncSession, dispatch: Dispatch, code: str) -> None:
        """Mark the reply as failed; its author is notified."""
        message, reply = await _lock(session, dispatch.object_id)
        if _apply_move(session, reply, ReplyMove.FAIL):
            mark_changed(message)
            ids = {"message_id": message.id, "reply_id": reply.id, "reply_version": reply.version}
            emit(session, ReplyNotSent(**ids, reason=code))

    async def on_uncertain(self, session: AsyncSession, dispatch: Dispatch) -> None:
        """Mark the reply as uncertain; its author is notified."""
        message, reply = await _lock(session, dispatch.object_id)
        if _apply_move(session, reply, ReplyMove.LOSE_TRACK):
            mark_changed(message)
            emit(session, ReplyUncertain(message_id=message.id, reply_id=reply.id, reply_version=reply.version))

    async def on_retry(self, session: AsyncSession, object_id: UUID, by: Principal) -> None:
        """Mark a failed or uncertain reply as being sent again. Raises `TransitionNotAllowed`."""
        message, reply = await _lock(session, object_id)
        if reply.state not in RETRYABLE:
            raise REPLY_TRANSITIONS.refuse(reply.state, ReplyMove.SEND)
        if reply.kind is ReplyKind.NOTICE:  # its message may be closed by now
            mark_changed(message)
        else:
            apply_transition(session, message, MessageMove.SEND_REPLY, by)
        reply.state = REPLY_TRANSITIONS.require(reply.state, ReplyMove.SEND)


async def _lock(session: AsyncSession, reply_id: UUID) -> tuple[Message, Reply]:
    """Lock the thread, then reload the message and the reply."""
    query = select(Message).join(Reply, col(Reply.message_id) == col(Message.id)).where(Reply.id == reply_id)
    message = (await session.exec(query)).one()
    await lock_thread(session, message.thread_id)
    await session.refresh(message)
    reply = (await session.exec(select(Reply).where(Reply.id == reply_id).with_for_update(key_share=True))).one()
    await session.refresh(reply)
    return message, reply


def _apply_move(session: AsyncSession, reply: Reply, move: ReplyMove) -> bool:
    """Apply a move to the reply. Return False if the state does not allow it, such as for a repeated outcome."""
    state = REPLY_TRANSITIONS.find(reply.state, move)
    if state is None:
        return False
    reply.state = state
    audit.record(session, None, f"reply.{state.value}", "reply", reply.id, fields=["state"], fallback_actor="service")
    return True


async def _complete_answer(session: AsyncSession, message: Message, at: datetime) -> None:
    apply_transition(session, message, MessageMove.ANSWER, None)
    await deadlines.mark_done(session, message, ANSWERED_STAGES, at)
    await deadlines.cancel(session, message)


async def _complete_transfer(session: AsyncSession, message: Message, at: datetime) -> None:
    apply_transition(session, message, MessageMove.TRANSFER, None)
    await deadlines.mark_done(session, message, {Stage.FIRST_REPLY}, at)
    await deadlines.pause(session, message, PauseReason.AWAITING_CLIENT, at)


async def _complete_notice(session: AsyncSession, message: Message, at: datetime) -> None:
    mark_changed(message)
    await deadlines.mark_done(session, message, {Stage.FIRST_REPLY}, at)


AFTER_DELIVERY = {
    ReplyKind.ANSWER: _complete_answer,
    ReplyKind.CHANNEL_TRANSFER: _complete_transfer,
    ReplyKind.NOTICE: _complete_notice,
}
"""Effects of a delivered reply on its message, by kind."""
