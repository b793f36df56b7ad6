"""How a message ends, other than by an answer: closed, spam, a repeat, redirected, an appeal; and the extension."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.etags import IfMatch
from app.core.outbox import emit
from app.core.problems import FieldError, ValidationFailed
from app.core.references import unknown_reference
from app.core.security import Principal
from app.legal_acts import service as legal_acts
from app.messages.errors import (
    AppealKeepsItsClass,
    ExtensionNotPossible,
    MessageMoveNotAllowed,
    NoAnswerReasonMissing,
    NoAppeal,
    NotAnsweredYet,
)
from app.messages.events import AppealRegistered, DeadlineExtended, MessageClosed, MessageRedirected
from app.messages.models import Competence, Message, MessageClass, NoAnswerReason, Reply, ReplyKind
from app.messages.queries import load_calendar, load_replies, sent_replies, visible_to
from app.messages.rules.deadlines import Stage
from app.messages.rules.states import MessageMove, MessageState, ReplyState
from app.messages.schemas.messages import AppealRegister, MessageExtend, MessageRedirect
from app.messages.service import deadlines, outgoing, text_checks
from app.messages.service.transitions import apply_transition, get_message, mark_changed, record_event
from app.reply_templates.service.gaps import remove_gap


async def close_message(
    session: AsyncSession,
    message_id: UUID,
    reason: str,
    no_answer_reason: NoAnswerReason | None,
    match: IfMatch,
    *,
    by: Principal,
) -> Message:
    """Close a message. An appeal neither answered nor redirected only for a reason of the law (59-FZ, 8 and 11)."""
    message = await get_message(session, message_id, by, lock=True)
    match.require(message)
    if no_answer_reason is None and await _is_owed_an_answer(session, message):
        raise NoAnswerReasonMissing
    apply_transition(session, message, MessageMove.CLOSE, by, reason)
    message.no_answer_reason = no_answer_reason
    await deadlines.cancel(session, message)
    emit(session, MessageClosed(message_id=message.id))
    await session.flush()  # the version is counted at the flush
    return message


async def _is_owed_an_answer(session: AsyncSession, message: Message) -> bool:
    """Whether it is an appeal that was neither answered nor redirected (59-FZ, 8 and 10).

    What was answered before it became an appeal was the answer to a comment.
    """
    if message.message_class is not MessageClass.APPEAL or message.state is MessageState.REDIRECTED:
        return False
    replies = await load_replies(session, message.id)
    since = message.appeal_registered_at
    return not any(
        reply.kind is ReplyKind.ANSWER and reply.sent_at is not None and (since is None or reply.sent_at >= since)
        for reply in replies
    )


async def mark_spam(
    session: AsyncSession, message_id: UUID, reason: str | None, match: IfMatch, *, by: Principal
) -> Message:
    """Mark a message as spam; it is never deleted. An appeal is none: only article 11 of 59-FZ ends it unanswered."""
    message = await get_message(session, message_id, by, lock=True)
    match.require(message)
    _require_no_appeal(message)
    apply_transition(session, message, MessageMove.MARK_SPAM, by, reason)
    await remove_gap(session, message.id)
    await deadlines.cancel(session, message)
    await session.flush()  # the version is counted at the flush
    return message


async def mark_duplicate(
    session: AsyncSession, message_id: UUID, of_id: UUID, match: IfMatch, *, by: Principal
) -> Message:
    """Mark a message as a repeat of another, which is answered for both; it is never deleted.

    An appeal that is owed an answer gets its own: nobody's repeat ends it (59-FZ, 10).
    """
    # Both are held, in one order: of two marked as repeats of each other at once the later sees what the first became.
    both = sa.or_(col(Message.id).in_((message_id, of_id)), col(Message.duplicate_of_id) == message_id)
    held = select(Message).where(both).order_by(col(Message.id)).with_for_update(key_share=True)
    await session.exec(held.execution_options(populate_existing=True))
    message = await get_message(session, message_id, by)
    first = (await session.exec(select(Message).where(Message.id == of_id, visible_to(by)))).first()
    if first is None or first.id == message.id or first.duplicate_of_id is not None:
        raise unknown_reference("/of")
    match.require(message)
    if await _is_owed_an_answer(session, message):
        raise NoAnswerReasonMissing
    apply_transition(session, message, MessageMove.MARK_DUPLICATE, by, first.number)
    message.duplicate_of_id = first.id
    for repeat in (await session.exec(select(Message).where(col(Message.duplicate_of_id) == message.id))).all():
        repeat.duplicate_of_id = first.id  # one step to the first, never a chain
        mark_changed(repeat)
    await remove_gap(session, message.id)
    await deadlines.cancel(session, message)
    await session.flush()  # the version is counted at the flush
    return message


async def reopen_message(
    session: AsyncSession, message_id: UUID, reason: str, match: IfMatch, *, by: Principal
) -> Message:
    """Take a message up again: spam by mistake goes on, what waited for the client runs on, the rest begins anew."""
    message = await get_message(session, message_id, by, lock=True)
    match.require(message)
    before = message.state
    apply_transition(session, message, MessageMove.REOPEN if message.need else MessageMove.REOPEN_UNTRIAGED, by, reason)
    message.duplicate_of_id = message.no_answer_reason = None
    if before is MessageState.SPAM:
        await deadlines.create_deadlines(session, message)
    elif before is MessageState.AWAITING_CLIENT:
        await deadlines.resume(session, message, clock.now())
    else:
        await deadlines.start_cycle(session, message, message.updated_at, message.updated_at)
    await session.flush()  # the version is counted at the flush
    return message


async def redirect_message(
    session: AsyncSession, message_id: UUID, body: MessageRedirect, match: IfMatch, *, by: Principal
) -> Message:
    """Hand a question that is not ours to who is competent, and tell the client so (O-6.2.1; 59-FZ, 8)."""
    message = await get_message(session, message_id, by, lock=True)
    await legal_acts.get_referenced_act(session, body.legal_act_id, "/legal_act_id")
    match.require(message)
    if message.competence is Competence.WITHIN:
        raise MessageMoveNotAllowed(message.state, MessageMove.REDIRECT)
    apply_transition(session, message, MessageMove.REDIRECT, by, body.to)
    message.redirected_to, message.redirect_act_id = body.to, body.legal_act_id
    await deadlines.mark_done(session, message, {Stage.REDIRECT}, message.updated_at)
    await deadlines.cancel(session, message, {Stage.FINAL_REPLY, Stage.DELAY_NOTICE})
    await _notify(session, message, body.text, by)
    emit(session, MessageRedirected(message_id=message.id))
    await session.flush()  # the version is counted at the flush
    return message


async def extend_message(
    session: AsyncSession, message_id: UUID, body: MessageExtend, match: IfMatch, *, by: Principal
) -> Message:
    """Extend the final reply once, within what its policy allows, and tell the client (O-6.2.2; 59-FZ, 12)."""
    message = await get_message(session, message_id, by, lock=True)
    match.require(message)
    rows = await deadlines.load_deadlines(session, message)
    extendable = [row for row in rows if deadlines.can_extend(row)]
    is_too_late = any(row.stage is Stage.DELAY_NOTICE and deadlines.is_past_due(row) for row in rows)
    if not extendable or is_too_late:
        raise ExtensionNotPossible
    longest = min(row.term["extension_days"] for row in extendable)
    if body.days > longest:
        ru, en = f"Срок продлевается не более чем на {longest} дн.", f"At most {longest} days are possible."
        raise ValidationFailed(field_errors=[FieldError("/days", "too_long", ru, en)])
    await deadlines.mark_done(session, message, {Stage.DELAY_NOTICE}, clock.now())
    extended = await deadlines.extend(session, message, body.days)
    mark_changed(message)
    zone = (await load_calendar(session, message.organization_id)).zone
    until = max(clock.local_date(row.due_at, zone) for row in extended)
    await _notify(session, message, _extension_notice(message, until, body.reason), by)
    audit.record(session, by, "message.extended", "message", message.id, fields=["deadlines"])
    emit(session, DeadlineExtended(message_id=message.id, days=body.days))
    await session.flush()  # the version is counted at the flush
    return message


async def register_as_appeal(
    session: AsyncSession, message_id: UUID, body: AppealRegister, match: IfMatch, *, by: Principal
) -> Message:
    """A person decided that it is an appeal: from now on its deadlines are those of 59-FZ; its clock starts once."""
    message = await get_message(session, message_id, by, lock=True)
    match.require(message)
    _require_no_appeal(message)
    apply_transition(session, message, MessageMove.REGISTER_AS_APPEAL, by, body.came_by)
    message.message_class = MessageClass.APPEAL
    message.came_by, message.registration_number = body.came_by, body.registration_number
    message.appeal_registered_at = message.updated_at
    await deadlines.start_cycle(session, message, message.updated_at, message.updated_at)
    emit(session, AppealRegistered(message_id=message.id))
    await session.flush()  # the version is counted at the flush
    return message


async def correct_registration(
    session: AsyncSession, message_id: UUID, number: str, match: IfMatch, *, by: Principal
) -> Message:
    """Mend the registration number of an appeal; the one before stays in the history. The same once more is nothing."""
    message = await get_message(session, message_id, by, lock=True)
    match.require(message)
    if message.registration_number is None:
        raise NoAppeal
    if message.registration_number == number:
        return message
    note = f"{message.registration_number} → {number}"
    message.registration_number = number
    record_event(session, message, "correct_registration", by, note)
    audit.record(session, by, "message.registration_corrected", "message", message.id, fields=["registration_number"])
    await session.flush()  # the version is counted at the flush
    return message


def _require_no_appeal(message: Message) -> None:
    if message.message_class is MessageClass.APPEAL:
        raise AppealKeepsItsClass


async def _notify(session: AsyncSession, message: Message, text: str, by: Principal) -> None:
    """Send the client a notice: checked as a reply is, it goes the same way and is delivered once."""
    notice = Reply(
        findings=await text_checks.require_sound(session, message, text),
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
    await outgoing.queue_reply(session, message, notice)


def _extension_notice(message: Message, until: date, reason: str) -> str:
    return (
        f"Здравствуйте! Срок ответа на ваше сообщение № {message.number} продлён до {until:%d.%m.%Y}. "
        f"Причина: {reason.rstrip('.')}. Мы продолжаем работу и обязательно вам ответим."
    )


async def rate_answer(
    session: AsyncSession, message_id: UUID, satisfaction: int, match: IfMatch, *, by: Principal
) -> Message:
    """Record how the client rated the answer; told again, the later rating stands."""
    message = await get_message(session, message_id, by, lock=True)
    match.require(message)
    if message.id not in await sent_replies(session, [message.id]):
        raise NotAnsweredYet
    message.satisfaction = satisfaction
    mark_changed(message)
    audit.record(session, by, "message.rated", "message", message.id, fields=["satisfaction"])
    await session.flush()  # the version is counted at the flush
    return message
