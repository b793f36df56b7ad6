"""Who is notified of what happens to messages and replies. The worker calls these; texts name numbers, no client."""

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
    """A reply waits for approval: the heads of the unit should look, but for its authors, who may not approve it."""
    reply, message = await _both(session, payload)
    await notify(
        session,
        await load_heads(session, message.unit_id) - {UUID(author) for author in reply.author_ids},
        K.REPLY_SUBMITTED,
        f"Ответ по сообщению {message.number} передан на утверждение",
        "message",
        message.id,
        f"reply_submitted:{reply.id}:{payload['reply_version']}",
    )


async def notify_author_of_return(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """A reply was returned: its author should look. The reason stays with the reply, it may name the client."""
    reply, message = await _both(session, payload)
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
    """A message was given to an employee; who took it needs no telling."""
    assignee_id = payload["assignee_id"]
    if assignee_id is None or assignee_id == payload["by_id"]:
        return
    message = await _message(session, payload)
    text = f"Вам назначено сообщение {message.number}"
    key = f"assigned:{message.id}:{payload['message_version']}"
    await notify(session, [UUID(assignee_id)], K.MESSAGE_ASSIGNED, text, "message", message.id, key)


async def notify_heads_of_move(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """A message came from another unit: the heads should look whom to give it to."""
    message = await _message(session, payload)
    text = f"Вашему подразделению передано сообщение {message.number}"
    key = f"moved_to_unit:{message.id}:{payload['message_version']}"
    who = await load_heads(session, message.unit_id)
    await notify(session, who, K.MESSAGE_ASSIGNED, text, "message", message.id, key)


async def notify_of_near_deadline(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """A deadline is near: who works on the message should look, or the heads while nobody does."""
    message = await _message(session, payload)
    text = f"Скоро срок по сообщению {message.number}: {STAGES_RU[payload['stage']]}"
    who = await _who_works(session, message)
    await notify(session, who, K.DEADLINE_REMINDER, text, "message", message.id, _key("near", payload))


async def notify_of_missed_deadline(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """A deadline was missed: the heads should look, and who works on the message (O-6.2.2, O-10)."""
    message = await _message(session, payload)
    text = f"Пропущен срок по сообщению {message.number}: {STAGES_RU[payload['stage']]}"
    who = await _who_works(session, message) | await load_heads(session, message.unit_id)
    await notify(session, who, K.DEADLINE_ESCALATION, text, "message", message.id, _key("missed", payload))


async def notify_of_moved_deadline(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """The calendar changed, and deadlines of the message with it."""
    message = await _message(session, payload)
    text = f"Изменился срок по сообщению {message.number}"
    key = f"moved:{message.id}:{payload['message_version']}"
    await notify(session, await _who_works(session, message), K.DEADLINE_MOVED, text, "message", message.id, key)


async def notify_of_client_message(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """The client wrote again in a thread that was answered or waited for them."""
    message = await _message(session, payload)
    text = f"Клиент снова написал по сообщению {message.number}"
    key = f"wrote_again:{payload['by_message_id']}"
    await notify(session, await _who_works(session, message), K.CLIENT_WROTE_AGAIN, text, "message", message.id, key)


async def notify_of_revision(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """The client changed what somebody works on: they should look, or the heads while nobody does."""
    message = await _message(session, payload)
    if message.state not in OPEN_STATES:
        return
    revision = await session.get_one(MessageRevision, UUID(payload["revision_id"]))
    done = "удалил" if revision.kind is RevisionKind.DELETED else "изменил"
    who = await _who_works(session, message) - {UUID(payload["by_id"])}
    text = f"Клиент {done} сообщение {message.number} в источнике"
    await notify(session, who, K.MESSAGE_REVISED, text, "message", message.id, f"revised:{revision.id}")


async def notify_author_of_failure(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """A reply did not go out: its author should look, and whoever works on the message."""
    reply, message = await _both(session, payload)
    why = "канал его не принял. Отправьте его ещё раз или верните на доработку"
    if payload.get("reason", "point_not_in_force") == "point_not_in_force":
        why = "точка взаимодействия в нём больше не действует"
    text = f"Ответ по сообщению {message.number} не отправлен: {why}"
    who = await _who_works(session, message) | {reply.drafted_by}
    key = f"reply_not_sent:{reply.id}:{payload['reply_version']}"
    await notify(session, who, K.REPLY_NOT_SENT, text, "message", message.id, key)


async def notify_author_of_uncertain_reply(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """Notify the author of a reply, and the employee who works on its message, that nobody knows if it arrived."""
    reply, message = await _both(session, payload)
    text = (
        f"Неизвестно, дошёл ли ответ по сообщению {message.number}: связь с каналом прервалась при отправке. "
        "Проверьте в канале и отправьте ответ ещё раз, только если его там нет"
    )
    who = await _who_works(session, message) | {reply.drafted_by}
    key = f"reply_uncertain:{reply.id}:{payload['reply_version']}"
    await notify(session, who, K.REPLY_UNCERTAIN, text, "message", message.id, key)


async def _message(session: AsyncSession, payload: Mapping[str, Any]) -> Message:
    return await session.get_one(Message, UUID(payload["message_id"]))


async def _who_works(session: AsyncSession, message: Message) -> set[UUID]:
    return {message.assignee_id} if message.assignee_id else set(await load_heads(session, message.unit_id))


def _key(what: str, payload: Mapping[str, Any]) -> str:
    parts = (payload["message_id"], payload["cycle"], payload["stage"], payload["is_target"], payload["due_at"])
    return ":".join(map(str, (what, *parts)))


async def _both(session: AsyncSession, payload: Mapping[str, Any]) -> tuple[Reply, Message]:
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
