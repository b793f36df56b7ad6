"""Threads of messages: opening, continuation, merging, and revisions at the source (O-2.5)."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.db import build_insert
from app.core.etags import IfMatch
from app.core.ids import new_id
from app.core.outbox import emit
from app.core.problems import FieldError, ValidationFailed
from app.core.references import unknown_reference
from app.core.schemas import apply_changes
from app.core.security import Principal
from app.interaction_points import service as points
from app.messages.errors import DifferentClients, SameThread
from app.messages.events import ClientWroteAgain, MessageRevised
from app.messages.models import Message, MessageRevision, Thread
from app.messages.queries.messages import of_same_client, visible_to
from app.messages.rules.enums import RevisionKind
from app.messages.rules.states import MESSAGE_TRANSITIONS, MessageMove, MessageState
from app.messages.service import deadlines
from app.messages.service.access import get_message
from app.messages.service.text_analysis import analyze_text
from app.messages.service.transitions import apply_transition, mark_changed, require_not_future


async def lock_thread(session: AsyncSession, thread_id: UUID) -> Thread:
    """Lock a thread until the transaction ends, so that concurrent changes of it are made one after another.

    `key_share` lets other transactions check foreign keys to the thread without waiting.
    """
    query = select(Thread).where(Thread.id == thread_id).with_for_update(key_share=True)
    return (await session.exec(query.execution_options(populate_existing=True))).one()


async def open_thread(
    session: AsyncSession, point_id: UUID, external_id: str | None, continued_id: UUID | None = None
) -> UUID:
    """Return the id of the thread for a new message, following merges; create the thread if needed.

    With `continued_id` the message joins that thread, as do later messages with the same external id (O-6.2.3b).
    """
    table = Thread.__table__  # type: ignore[attr-defined]
    thread_id = new_id()
    if external_id is not None or continued_id is None:
        row = {"id": thread_id, "point_id": point_id, "external_id": external_id, "merged_into_id": continued_id}
        statement = build_insert(session, table).values(row)
        await session.exec(statement.on_conflict_do_nothing(index_elements=["point_id", "external_id"]))
    if continued_id is not None:
        return await _lock_merged(session, continued_id)
    if external_id is None:
        return thread_id
    query = select(Thread.id).where(Thread.point_id == point_id, Thread.external_id == external_id)
    return await _lock_merged(session, (await session.exec(query)).one())


async def _lock_merged(session: AsyncSession, thread_id: UUID) -> UUID:
    """Lock a thread and return its id, or that of the thread into which it was merged."""
    thread = await lock_thread(session, thread_id)
    while thread.merged_into_id is not None:
        thread = await lock_thread(session, thread.merged_into_id)
    return thread.id


async def find_continued_message(session: AsyncSession, message_id: UUID, by: Principal) -> Message:
    """Return the message that a new one continues at another point (O-6.2.3b). Raises 422 if it is not visible."""
    row = (await session.exec(select(Message).where(Message.id == message_id, visible_to(by)))).first()
    if row is None:
        raise unknown_reference("/continues_id")
    return row


async def resume_for_client(session: AsyncSession, message: Message, by: Principal) -> None:
    """Reopen the client's last message of the thread if it was answered or closed or awaits the client.

    Deadlines paused for the client are resumed; otherwise a new cycle starts from the receipt of the new message.
    Messages closed before triage or as duplicates stay closed: the new message is triaged on its own.
    """
    is_clients_own = of_same_client(message.client_id)
    if message.continues_id is not None:
        is_clients_own = sa.or_(col(Message.id) == message.continues_id, is_clients_own)
    waiting = MESSAGE_TRANSITIONS.states_before(MessageMove.CLIENT_WROTE_AGAIN)
    query = select(Message).where(
        Message.thread_id == message.thread_id,
        Message.id != message.id,
        is_clients_own,
        col(Message.state).in_(waiting),
        sa.or_(
            col(Message.state) != MessageState.CLOSED,
            sa.and_(col(Message.need).is_not(None), col(Message.duplicate_of_id).is_(None)),
        ),
    )
    newest_first = query.order_by(col(Message.received_at).desc(), col(Message.id).desc()).limit(1)
    known = (await session.exec(newest_first)).first()
    if known is None:
        return
    # The row is locked and its state checked again: a concurrent request may have reopened it.
    locked = query.where(Message.id == known.id).with_for_update(key_share=True)
    if (await session.exec(locked.execution_options(populate_existing=True))).first() is None:
        return
    before = known.state
    apply_transition(session, known, MessageMove.CLIENT_WROTE_AGAIN, by, message.number)
    known.no_answer_reason = None
    if before is MessageState.AWAITING_CLIENT:
        await deadlines.resume(session, known, clock.now())
    else:
        await deadlines.start_cycle(session, known, message.received_at, message.registered_at)
    emit(session, ClientWroteAgain(message_id=known.id, by_message_id=message.id))


async def merge_messages(
    session: AsyncSession, message_id: UUID, into_id: UUID, match: IfMatch, *, by: Principal
) -> Message:
    """Move the client's messages of one thread into another. Raises `SameThread`, `DifferentClients`."""
    message = await get_message(session, message_id, by)
    target = (await session.exec(select(Message).where(Message.id == into_id, visible_to(by)))).first()
    if target is None:
        raise unknown_reference("/into")
    match.require(message)
    if target.thread_id == message.thread_id:
        raise SameThread
    is_clients_own = of_same_client(target.client_id)
    if (await session.exec(select(Message.id).where(Message.id == message.id, is_clients_own))).first() is None:
        raise DifferentClients
    for thread_id in sorted((message.thread_id, target.thread_id)):  # one order prevents a deadlock of two merges
        await lock_thread(session, thread_id)
    source = await session.get_one(Thread, message.thread_id)
    others = select(Message.id).where(Message.thread_id == source.id, sa.not_(is_clients_own)).limit(1)
    is_shared = (await session.exec(others)).first() is not None
    for row in (await session.exec(select(Message).where(Message.thread_id == source.id, is_clients_own))).all():
        row.thread_id = target.thread_id
        mark_changed(row)
    if not is_shared:
        source.merged_into_id = target.thread_id
    audit.record(session, by, "message.merged", "message", message.id, fields=["thread_id"])
    return message


async def revise_message(
    session: AsyncSession, message_id: UUID, *, text: str | None, is_deleted: bool, changed_at: datetime, by: Principal
) -> Message:
    """Record an edit or deletion at the source; the previous text is kept as a revision."""
    if (text is None) is not is_deleted:
        ru, en = "Укажите либо новый текст, либо удаление.", "Specify either the new text or the deletion."
        raise ValidationFailed(field_errors=[FieldError("/text", "one_of", ru, en)])
    require_not_future(changed_at, "/changed_at")
    message = await get_message(session, message_id, by, lock=True)
    is_same = text in (None, message.text)
    if is_same and is_deleted == message.is_deleted_at_source:
        return message  # a repeated report
    revision = MessageRevision(
        message_id=message.id,
        kind=RevisionKind.DELETED if is_deleted else RevisionKind.EDITED,
        text=message.text,
        changed_at=changed_at,
        recorded_at=clock.now(),
    )
    session.add(revision)
    if text is not None:
        point = await points.get_point(session, message.point_id, None)
        apply_changes(message, await analyze_text(session, text, point))
    message.is_deleted_at_source = is_deleted
    mark_changed(message)
    audit.record(session, by, "message.revised", "message", message.id, fields=["text"])
    emit(session, MessageRevised(message_id=message.id, revision_id=revision.id, by_id=by.id))
    return message
