"""Notifications of events of messages and replies. Texts give the message number and no client data."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.outbox import Event, Handler
from app.identity.queries import load_heads
from app.messages.events import (
    ClientWroteAgain,
    DeadlineMissed,
    DeadlineMoved,
    DeadlineNear,
    MessageAssigned,
    MessageMoved,
    MessageRevised,
    ReplyNotSent,
    ReplyReturned,
    ReplySubmitted,
    ReplyUncertain,
)
from app.messages.models import Message, MessageRevision, Reply, RevisionKind
from app.messages.rules.deadlines import STAGES_RU
from app.messages.rules.states import OPEN_STATES
from app.notifications.models import NotificationKind as K
from app.notifications.service import notify


async def notify_heads_of_submission(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """Notify the heads of the unit, except the authors of the reply, that it awaits approval."""
    reply, message = await _load_reply_and_message(session, payload)
    await notify(
        session,
        await load_heads(session, message.unit_id) - {UUID(author) for author in reply.author_ids},
        K.REPLY_SUBMITTED,
        f"Ответ по сообщению {message.number} передан на согласование",
        "message",
        message.id,
        f"reply_submitted:{reply.id}:{payload['reply_version']}",
    )


async def notify_author_of_return(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """Notify the author that the reply was returned. The reason is not included: it may name the client."""
    reply, message = await _load_reply_and_message(session, payload)
    await notify(
        session,
        [reply.drafted_by],
        K.REPLY_RETURNED,
        f"Ответ по сообщению {message.number} возвращён на доработку",
        "message",
        message.id,
        f"reply_returned:{reply.id}:{payload['reply_version']}",
    )


async def notify_assignee(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """Notify an employee of an assigned message, unless they assigned it to themselves."""
    assignee_id = payload["assignee_id"]
    if assignee_id is None or assignee_id == payload["by_id"]:
        return
    message = await _load_message(session, payload)
    text = f"Вам назначено сообщение {message.number}"
    key = f"assigned:{message.id}:{payload['message_version']}"
    await notify(session, [UUID(assignee_id)], K.MESSAGE_ASSIGNED, text, "message", message.id, key)


async def notify_heads_of_move(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """Notify the heads of a message moved from another unit."""
    message = await _load_message(session, payload)
    text = f"Вашему подразделению передано сообщение {message.number}"
    key = f"moved_to_unit:{message.id}:{payload['message_version']}"
    recipients = await load_heads(session, message.unit_id)
    await notify(session, recipients, K.MESSAGE_ASSIGNED, text, "message", message.id, key)


async def notify_of_near_deadline(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """Notify the assignee, or the heads if there is none, of an approaching deadline."""
    message = await _load_message(session, payload)
    text = f"Приближается срок по сообщению {message.number}: {STAGES_RU[payload['stage']]}"
    recipients = await _load_recipients(session, message)
    await notify(session, recipients, K.DEADLINE_REMINDER, text, "message", message.id, _build_key("near", payload))


async def notify_of_missed_deadline(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """Notify the heads and the assignee of a missed deadline (O-6.2.2, O-10)."""
    message = await _load_message(session, payload)
    text = f"Пропущен срок по сообщению {message.number}: {STAGES_RU[payload['stage']]}"
    recipients = await _load_recipients(session, message) | await load_heads(session, message.unit_id)
    await notify(session, recipients, K.DEADLINE_ESCALATION, text, "message", message.id, _build_key("missed", payload))


async def notify_of_moved_deadline(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """Notify the assignee or the heads that a change of the calendar moved a deadline."""
    message = await _load_message(session, payload)
    text = f"Изменился срок по сообщению {message.number}"
    key = f"moved:{message.id}:{payload['message_version']}"
    await notify(session, await _load_recipients(session, message), K.DEADLINE_MOVED, text, "message", message.id, key)


async def notify_of_client_message(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """Notify the assignee or the heads that the client wrote again."""
    message = await _load_message(session, payload)
    text = f"Клиент снова написал по сообщению {message.number}"
    key = f"wrote_again:{payload['by_message_id']}"
    await notify(
        session, await _load_recipients(session, message), K.CLIENT_WROTE_AGAIN, text, "message", message.id, key
    )


async def notify_of_revision(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """Notify the assignee or the heads that the client edited or deleted an open message."""
    message = await _load_message(session, payload)
    if message.state not in OPEN_STATES:
        return
    revision = await session.get_one(MessageRevision, UUID(payload["revision_id"]))
    action = "удалил" if revision.kind is RevisionKind.DELETED else "изменил"
    recipients = await _load_recipients(session, message) - {UUID(payload["by_id"])}
    text = f"Клиент {action} сообщение {message.number} в исходном канале"
    await notify(session, recipients, K.MESSAGE_REVISED, text, "message", message.id, f"revised:{revision.id}")


async def notify_author_of_failure(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """Notify the author of a reply and the assignee that it was not sent."""
    reply, message = await _load_reply_and_message(session, payload)
    reason = "канал его не принял. Отправьте его ещё раз или верните на доработку"
    if payload.get("reason", "point_not_in_force") == "point_not_in_force":
        reason = "указанная в нём точка взаимодействия больше не действует"
    text = f"Ответ по сообщению {message.number} не отправлен: {reason}"
    recipients = await _load_recipients(session, message) | {reply.drafted_by}
    key = f"reply_not_sent:{reply.id}:{payload['reply_version']}"
    await notify(session, recipients, K.REPLY_NOT_SENT, text, "message", message.id, key)


async def notify_author_of_uncertain_reply(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """Notify the author of a reply and the assignee that it is unknown whether the reply arrived."""
    reply, message = await _load_reply_and_message(session, payload)
    text = (
        f"Неизвестно, дошёл ли ответ по сообщению {message.number}: связь с каналом прервалась при отправке. "
        "Проверьте, есть ли он в канале, и отправьте его ещё раз, только если его там нет"
    )
    recipients = await _load_recipients(session, message) | {reply.drafted_by}
    key = f"reply_uncertain:{reply.id}:{payload['reply_version']}"
    await notify(session, recipients, K.REPLY_UNCERTAIN, text, "message", message.id, key)


async def _load_message(session: AsyncSession, payload: Mapping[str, Any]) -> Message:
    return await session.get_one(Message, UUID(payload["message_id"]))


async def _load_recipients(session: AsyncSession, message: Message) -> set[UUID]:
    return {message.assignee_id} if message.assignee_id else set(await load_heads(session, message.unit_id))


def _build_key(what: str, payload: Mapping[str, Any]) -> str:
    parts = (payload["message_id"], payload["cycle"], payload["stage"], payload["is_target"], payload["due_at"])
    return ":".join(map(str, (what, *parts)))


async def _load_reply_and_message(session: AsyncSession, payload: Mapping[str, Any]) -> tuple[Reply, Message]:
    reply = await session.get_one(Reply, UUID(payload["reply_id"]))
    return reply, await session.get_one(Message, reply.message_id)


HANDLERS: Mapping[type[Event], Sequence[Handler]] = {
    ReplySubmitted: [notify_heads_of_submission],
    ReplyReturned: [notify_author_of_return],
    MessageAssigned: [notify_assignee],
    MessageMoved: [notify_heads_of_move],
    DeadlineNear: [notify_of_near_deadline],
    DeadlineMissed: [notify_of_missed_deadline],
    DeadlineMoved: [notify_of_moved_deadline],
    ClientWroteAgain: [notify_of_client_message],
    MessageRevised: [notify_of_revision],
    ReplyNotSent: [notify_author_of_failure],
    ReplyUncertain: [notify_author_of_uncertain_reply],
}
