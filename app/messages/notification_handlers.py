"""Notifications of events of messages and replies. Texts give the message number and no client data."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.outbox import Handlers
from app.identity.queries import load_heads
from app.messages.events import (
    ClientWroteAgain,
    DeadlineMissed,
    DeadlineMoved,
    DeadlineNear,
    MessageAssigned,
    MessageEvent,
    MessageMoved,
    MessageRevised,
    ReplyEvent,
    ReplyNotSent,
    ReplyReturned,
    ReplySubmitted,
    ReplyUncertain,
)
from app.messages.models import Message, MessageRevision, Reply
from app.messages.rules.deadlines import STAGES_RU
from app.messages.rules.enums import RevisionKind
from app.messages.rules.states import OPEN_STATES
from app.notifications.rules import NotificationKind as K
from app.notifications.service import notify


async def notify_heads_of_submission(session: AsyncSession, event: ReplySubmitted) -> None:
    """Notify the heads of the unit, except the authors of the reply, that it awaits approval."""
    reply, message = await _load_reply_and_message(session, event)
    await notify(
        session,
        await load_heads(session, message.unit_id) - {UUID(author) for author in reply.author_ids},
        K.REPLY_SUBMITTED,
        f"Ответ по сообщению {message.number} передан на согласование",
        "message",
        message.id,
        f"reply_submitted:{reply.id}:{event.reply_version}",
    )


async def notify_author_of_return(session: AsyncSession, event: ReplyReturned) -> None:
    """Notify the author that the reply was returned. The reason is not included: it may name the client."""
    reply, message = await _load_reply_and_message(session, event)
    await notify(
        session,
        [reply.drafted_by],
        K.REPLY_RETURNED,
        f"Ответ по сообщению {message.number} возвращён на доработку",
        "message",
        message.id,
        f"reply_returned:{reply.id}:{event.reply_version}",
    )


async def notify_assignee(session: AsyncSession, event: MessageAssigned) -> None:
    """Notify an employee of an assigned message, unless they assigned it to themselves."""
    assignee_id = event.assignee_id
    if assignee_id is None or assignee_id == event.by_id:
        return
    message = await _load_message(session, event)
    text = f"Вам назначено сообщение {message.number}"
    key = f"assigned:{message.id}:{event.message_version}"
    await notify(session, [assignee_id], K.MESSAGE_ASSIGNED, text, "message", message.id, key)


async def notify_heads_of_move(session: AsyncSession, event: MessageMoved) -> None:
    """Notify the heads of a message moved from another unit."""
    message = await _load_message(session, event)
    text = f"Вашему подразделению передано сообщение {message.number}"
    key = f"moved_to_unit:{message.id}:{event.message_version}"
    recipients = await load_heads(session, message.unit_id)
    await notify(session, recipients, K.MESSAGE_ASSIGNED, text, "message", message.id, key)


async def notify_of_near_deadline(session: AsyncSession, event: DeadlineNear) -> None:
    """Notify the assignee, or the heads if there is none, of an approaching deadline."""
    message = await _load_message(session, event)
    text = f"Приближается срок по сообщению {message.number}: {STAGES_RU[event.stage]}"
    recipients = await _load_recipients(session, message)
    await notify(session, recipients, K.DEADLINE_REMINDER, text, "message", message.id, _build_key("near", event))


async def notify_of_missed_deadline(session: AsyncSession, event: DeadlineMissed) -> None:
    """Notify the heads and the assignee of a missed deadline (O-6.2.2, O-10)."""
    message = await _load_message(session, event)
    text = f"Пропущен срок по сообщению {message.number}: {STAGES_RU[event.stage]}"
    recipients = await _load_recipients(session, message) | await load_heads(session, message.unit_id)
    await notify(session, recipients, K.DEADLINE_ESCALATION, text, "message", message.id, _build_key("missed", event))


async def notify_of_moved_deadline(session: AsyncSession, event: DeadlineMoved) -> None:
    """Notify the assignee or the heads that a change of the calendar moved a deadline."""
    message = await _load_message(session, event)
    text = f"Изменился срок по сообщению {message.number}"
    key = f"moved:{message.id}:{event.message_version}"
    await notify(session, await _load_recipients(session, message), K.DEADLINE_MOVED, text, "message", message.id, key)


async def notify_of_client_message(session: AsyncSession, event: ClientWroteAgain) -> None:
    """Notify the assignee or the heads that the client wrote again."""
    message = await _load_message(session, event)
    text = f"Клиент снова написал по сообщению {message.number}"
    key = f"wrote_again:{event.by_message_id}"
    await notify(
        session, await _load_recipients(session, message), K.CLIENT_WROTE_AGAIN, text, "message", message.id, key
    )


async def notify_of_revision(session: AsyncSession, event: MessageRevised) -> None:
    """Notify the assignee or the heads that the client edited or deleted an open message."""
    message = await _load_message(session, event)
    if message.state not in OPEN_STATES:
        return
    revision = await session.get_one(MessageRevision, event.revision_id)
    action = "удалил" if revision.kind is RevisionKind.DELETED else "изменил"
    recipients = await _load_recipients(session, message) - {event.by_id}
    text = f"Клиент {action} сообщение {message.number} в исходном канале"
    await notify(session, recipients, K.MESSAGE_REVISED, text, "message", message.id, f"revised:{revision.id}")


async def notify_author_of_failure(session: AsyncSession, event: ReplyNotSent) -> None:
    """Notify the author of a reply and the assignee that it was not sent."""
    reply, message = await _load_reply_and_message(session, event)
    reason = "канал его не принял. Отправьте его ещё раз или верните на доработку"
    if event.reason == "point_not_in_force":
        reason = "указанная в нём точка взаимодействия больше не действует"
    text = f"Ответ по сообщению {message.number} не отправлен: {reason}"
    recipients = await _load_recipients(session, message) | {reply.drafted_by}
    key = f"reply_not_sent:{reply.id}:{event.reply_version}"
    await notify(session, recipients, K.REPLY_NOT_SENT, text, "message", message.id, key)


async def notify_author_of_uncertain_reply(session: AsyncSession, event: ReplyUncertain) -> None:
    """Notify the author of a reply and the assignee that it is unknown whether the reply arrived."""
    reply, message = await _load_reply_and_message(session, event)
    text = (
        f"Неизвестно, дошёл ли ответ по сообщению {message.number}: связь с каналом прервалась при отправке. "
        "Проверьте, есть ли он в канале, и отправьте его ещё раз, только если его там нет"
    )
    recipients = await _load_recipients(session, message) | {reply.drafted_by}
    key = f"reply_uncertain:{reply.id}:{event.reply_version}"
    await notify(session, recipients, K.REPLY_UNCERTAIN, text, "message", message.id, key)


async def _load_message(session: AsyncSession, event: MessageEvent) -> Message:
    return await session.get_one(Message, event.message_id)


async def _load_recipients(session: AsyncSession, message: Message) -> set[UUID]:
    return {message.assignee_id} if message.assignee_id else set(await load_heads(session, message.unit_id))


def _build_key(what: str, event: DeadlineNear | DeadlineMissed) -> str:
    parts = (event.message_id, event.cycle, event.stage, event.is_target, event.due_at.isoformat())
    return ":".join(map(str, (what, *parts)))


async def _load_reply_and_message(session: AsyncSession, event: ReplyEvent) -> tuple[Reply, Message]:
    reply = await session.get_one(Reply, event.reply_id)
    return reply, await session.get_one(Message, reply.message_id)


HANDLERS: Handlers = {
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
