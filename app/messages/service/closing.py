"""Close, mark as spam or duplicate, reopen and rate a message."""

from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.etags import IfMatch
from app.core.outbox import emit
from app.core.references import unknown_reference
from app.core.security import Principal
from app.messages.errors import NoAnswerReasonMissing, NotAnsweredYet
from app.messages.events import MessageClosed
from app.messages.models import Message
from app.messages.queries.messages import visible_to
from app.messages.queries.replies import load_replies, load_sent_replies
from app.messages.rules.enums import MessageClass, NoAnswerReason, ReplyKind
from app.messages.rules.states import MessageMove, MessageState
from app.messages.service import deadlines
from app.messages.service.access import get_message
from app.messages.service.appeals import require_no_appeal
from app.messages.service.transitions import apply_transition, mark_changed
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
    """Close a message.

    Raises `NoAnswerReasonMissing` for an appeal that was neither answered nor redirected, without a legal reason
    (59-FZ, articles 8 and 11).
    """
    message = await get_message(session, message_id, by, lock=True)
    match.require(message)
    if no_answer_reason is None and await _needs_answer(session, message):
        raise NoAnswerReasonMissing
    apply_transition(session, message, MessageMove.CLOSE, by, reason)
    message.no_answer_reason = no_answer_reason
    await deadlines.cancel(session, message)
    emit(session, MessageClosed(message_id=message.id))
    return message


async def _needs_answer(session: AsyncSession, message: Message) -> bool:
    """Return whether the message is an appeal that was neither answered nor redirected (59-FZ, articles 8 and 10).

    An answer sent before the registration as an appeal does not count.
    """
    if message.message_class is not MessageClass.APPEAL or message.state is MessageState.REDIRECTED:
        return False
    replies = (await load_replies(session, [message.id]))[message.id]
    since = message.appeal_registered_at
    return not any(
        reply.kind is ReplyKind.ANSWER and reply.sent_at is not None and (since is None or reply.sent_at >= since)
        for reply in replies
    )


async def mark_spam(
    session: AsyncSession, message_id: UUID, reason: str | None, match: IfMatch, *, by: Principal
) -> Message:
    """Mark a message as spam. Raises `AppealKeepsItsClass` for an appeal (59-FZ, article 11)."""
    message = await get_message(session, message_id, by, lock=True)
    match.require(message)
    require_no_appeal(message)
    apply_transition(session, message, MessageMove.MARK_SPAM, by, reason)
    await remove_gap(session, message.id)
    await deadlines.cancel(session, message)
    return message


async def mark_duplicate(
    session: AsyncSession, message_id: UUID, of_id: UUID, match: IfMatch, *, by: Principal
) -> Message:
    """Close a message as a duplicate of another.

    Raises `NoAnswerReasonMissing` for an appeal without an answer, which must get its own (59-FZ, article 10).
    """
    # Both rows are locked in one order, so that two messages cannot become duplicates of each other concurrently.
    both = sa.or_(col(Message.id).in_((message_id, of_id)), col(Message.duplicate_of_id) == message_id)
    query = select(Message).where(both).order_by(col(Message.id)).with_for_update(key_share=True)
    await session.exec(query.execution_options(populate_existing=True))
    message = await get_message(session, message_id, by)
    first = (await session.exec(select(Message).where(Message.id == of_id, visible_to(by)))).first()
    if first is None or first.id == message.id or first.duplicate_of_id is not None:
        raise unknown_reference("/of")
    match.require(message)
    if await _needs_answer(session, message):
        raise NoAnswerReasonMissing
    apply_transition(session, message, MessageMove.MARK_DUPLICATE, by, first.number)
    message.duplicate_of_id = first.id
    for duplicate in (await session.exec(select(Message).where(col(Message.duplicate_of_id) == message.id))).all():
        duplicate.duplicate_of_id = first.id  # duplicates refer to the first message directly, never in a chain
        mark_changed(duplicate)
    await remove_gap(session, message.id)
    await deadlines.cancel(session, message)
    return message


async def reopen_message(
    session: AsyncSession, message_id: UUID, reason: str, match: IfMatch, *, by: Principal
) -> Message:
    """Reopen a message.

    The deadlines of spam are restored, those paused for the client are resumed; otherwise a new cycle starts.
    """
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
    return message


async def rate_answer(
    session: AsyncSession, message_id: UUID, satisfaction: int, match: IfMatch, *, by: Principal
) -> Message:
    """Record the client's rating of the answer, replacing an earlier one."""
    message = await get_message(session, message_id, by, lock=True)
    match.require(message)
    if message.id not in await load_sent_replies(session, [message.id]):
        raise NotAnsweredYet
    message.satisfaction = satisfaction
    mark_changed(message)
    audit.record(session, by, "message.rated", "message", message.id, fields=["satisfaction"])
    return message
