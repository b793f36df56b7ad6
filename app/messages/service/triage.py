"""Triage, assignment and the ends of a message (O-6.2.1, O-6.2.3a, O-10)."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.concurrency import Match
from app.core.outbox import emit
from app.core.problems import Fault, Invalid
from app.core.references import unknown_reference
from app.core.security import Principal
from app.messages.errors import MoveToOtherUnit
from app.messages.events import MessageClosed, MessageTriaged
from app.messages.models import Competence, Message
from app.messages.rules.lives import MessageMove, MessageState
from app.messages.schemas.messages import MessageAssign, MessageTriage
from app.messages.service import deadlines
from app.messages.service.moves import get_message, make_move, require_move
from app.organizations import service as organizations

TRIAGE_MOVES = {
    Competence.WITHIN: MessageMove.TRIAGE_WITHIN,
    Competence.OUTSIDE: MessageMove.TRIAGE_OUTSIDE,
    Competence.UNCLEAR: MessageMove.TRIAGE_UNCLEAR,
}


async def triage_message(
    session: AsyncSession, message_id: UUID, body: MessageTriage, match: Match, *, by: Principal
) -> Message:
    """Decide on competence, topic and unit, and record the analysed need."""
    if body.competence is not Competence.WITHIN and body.reason is None:
        ru, en = "Укажите причину решения.", "The decision wants a reason."
        raise Invalid(faults=[Fault("/reason", "missing", ru, en)])
    message = await get_message(session, message_id, by)
    await organizations.open_unit(session, body.unit_id, by.organization_id, "/unit_id")
    if body.topic_id is not None:
        await organizations.open_topics(session, [body.topic_id], body.unit_id, "/topic_id")
    match.require(message)
    make_move(session, message, TRIAGE_MOVES[body.competence], by, body.reason)
    if message.unit_id != body.unit_id:
        message.unit_id, message.assignee_id = body.unit_id, None
    message.competence = body.competence
    message.triage_reason = body.reason
    message.topic_id = body.topic_id
    message.priority = body.priority
    message.need = {
        "summary": body.need.summary,
        "recorded_at": clock.now().isoformat(),
        "recorded_by": str(by.id),
    }
    await deadlines.arrange(session, message)
    emit(session, MessageTriaged(message_id=message.id, competence=body.competence.value))
    await session.flush()  # the version is counted at the flush
    return message


async def assign_message(
    session: AsyncSession, message_id: UUID, body: MessageAssign, match: Match, *, by: Principal
) -> Message:
    """Give a message to an employee of the unit (to oneself: take it), or as a head to another unit."""
    if body.assignee_id is None and body.unit_id is None:
        ru, en = "Укажите исполнителя или подразделение.", "Name an assignee or a unit."
        raise Invalid(faults=[Fault("/assignee_id", "missing", ru, en)])
    unit_id = body.unit_id or by.unit_id
    if unit_id != by.unit_id and not by.may("messages:move"):
        raise MoveToOtherUnit
    message = await get_message(session, message_id, by)
    if unit_id != by.unit_id:
        await organizations.open_unit(session, body.unit_id or message_id, by.organization_id, "/unit_id")
    if body.assignee_id is not None:
        assignee = await organizations.find_employee(session, body.assignee_id)
        if assignee is None or assignee.unit_id != unit_id:
            raise unknown_reference("/assignee_id")
    match.require(message)
    if unit_id is not None and message.unit_id != unit_id:
        require_move(message, MessageMove.ASSIGN)
        message.unit_id, message.topic_id = unit_id, None
    make_move(session, message, MessageMove.ASSIGN, by)
    message.assignee_id = body.assignee_id
    await session.flush()  # the version is counted at the flush
    return message


async def move_message(
    session: AsyncSession, message_id: UUID, move: MessageMove, reason: str | None, match: Match, *, by: Principal
) -> Message:
    """Close a message, take it up again, or mark it as spam."""
    message = await get_message(session, message_id, by)
    match.require(message)
    before = message.state
    if move is MessageMove.REOPEN and message.need is None:
        move = MessageMove.REOPEN_UNTRIAGED
    make_move(session, message, move, by, reason)
    if move in (MessageMove.CLOSE, MessageMove.MARK_SPAM):
        await deadlines.cancel(session, message)
    else:
        await _run_again(session, message, before)
    if move is MessageMove.CLOSE:
        emit(session, MessageClosed(message_id=message.id))
    await session.flush()  # the version is counted at the flush
    return message


async def _run_again(session: AsyncSession, message: Message, before: MessageState) -> None:
    """Spam by mistake goes on where it was, what waited for the client runs on, the rest begins anew."""
    if before is MessageState.SPAM:
        await deadlines.arrange(session, message)
    elif before is MessageState.AWAITING_CLIENT:
        await deadlines.resume(session, message, clock.now())
    else:
        await deadlines.begin_cycle(session, message, message.updated_at, message.updated_at)
