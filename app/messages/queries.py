"""Queries of messages: visibility, and API schemas built in a constant number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.clients import service as clients
from app.clients.queries import same_clients
from app.core import clock
from app.core.security import Principal
from app.core.validity import Validity
from app.legal_acts.models import LegalAct
from app.messages.models import (
    CompetentBody,
    Deadline,
    DeadlinePolicy,
    Message,
    MessageAttachment,
    MessageEvent,
    MessageRevision,
    Reply,
    ReplyKind,
    RevisionKind,
)
from app.messages.rules.deadlines import DeadlineState, Stage
from app.messages.rules.states import STEPS_RU, ReplyState
from app.messages.schemas.deadlines import DeadlineRead
from app.messages.schemas.messages import HistoryEntryRead, MessageRead, ReplyRead, ThreadEntryRead, TimelineEntryRead
from app.text_check.service import to_readability_read

THREAD_LIMIT = 100


def visible_to(by: Principal) -> ColumnElement[bool]:
    """Return the condition of visibility: the unit of an employee, the points of an API client."""
    if by.kind == "client":
        return col(Message.point_id).in_(by.point_ids)
    return col(Message.unit_id) == by.unit_id if by.unit_id is not None else sa.false()


def of_same_client(client_id: UUID) -> ColumnElement[bool]:
    """Return the condition that matches the messages of a client; a common contact makes one client (O-2.5)."""
    return col(Message.client_id).in_(same_clients(client_id))


async def build_message_reads(session: AsyncSession, rows: Sequence[Message], by: Principal) -> list[MessageRead]:
    """Build the messages as the caller may see them, with seven queries for all related data."""
    cards = await clients.load_clients(session, [row.client_id for row in rows])
    threads = await _load_threads(session, {row.thread_id for row in rows}, by)
    related_ids = {message.id for entries in threads.values() for message in entries} | {row.id for row in rows}
    replies = await _load_replies(session, related_ids)
    deadlines = await _load_deadlines(session, rows)
    attachments = await _load_attachments(session, [row.id for row in rows])
    history: dict[UUID, list[HistoryEntryRead]] = defaultdict(list)
    revisions: dict[UUID, list[MessageRevision]] = defaultdict(list)
    if by.kind == "employee":
        ids = [row.id for row in rows]
        history, revisions = await _load_history(session, ids), await _load_revisions(session, ids)
    return [
        MessageRead.model_validate(
            _to_values(row, by)
            | _build_conversation(row, threads[row.thread_id], replies, by)
            | {"client": cards[row.client_id], "deadlines": deadlines[row.id], "attachments": attachments[row.id]}
            | {"history": history[row.id], "revisions": revisions[row.id]}
        )
        for row in rows
    ]


def to_reply_read(row: Reply) -> ReplyRead:
    """Map a reply to its API schema."""
    return ReplyRead.model_validate(row.model_dump() | {"readability": to_readability_read(row.text)})


def to_deadline_values(row: Deadline) -> dict[str, Any]:
    """Return the values of a deadline for its API schema."""
    values = row.model_dump() | {"name": row.term["name"], "legal_act": row.term["legal_act"]}
    return values | {"kind": "target" if row.is_target else "limit", "provisional": row.is_provisional}


async def load_replies(session: AsyncSession, message_id: UUID) -> list[Reply]:
    """Return the replies of a message, oldest first."""
    return (await _load_replies(session, {message_id}))[message_id]


def select_replies(message_id: UUID, by: Principal) -> SelectOfScalar[Reply]:
    """Return the query of the replies that the caller may see: an API client sees sent replies only."""
    query = select(Reply).where(Reply.message_id == message_id)
    return query if by.kind == "employee" else query.where(Reply.state == ReplyState.SENT)


async def _load_threads(session: AsyncSession, thread_ids: set[UUID], by: Principal) -> dict[UUID, list[Message]]:
    place = (
        sa.func.row_number()
        .over(partition_by=col(Message.thread_id), order_by=[col(Message.received_at).desc(), col(Message.id).desc()])
        .label("place")
    )
    ranked = sa.select(col(Message.id), place).where(col(Message.thread_id).in_(thread_ids), visible_to(by)).subquery()
    query = (
        select(Message)
        .join(ranked, ranked.c.id == col(Message.id))
        .where(ranked.c.place <= THREAD_LIMIT)
        .order_by(col(Message.received_at), col(Message.id))
    )
    found: dict[UUID, list[Message]] = defaultdict(list)
    for message in (await session.exec(query)).all():
        found[message.thread_id].append(message)
    return found


async def _load_replies(session: AsyncSession, message_ids: Iterable[UUID]) -> dict[UUID, list[Reply]]:
    query = select(Reply).where(col(Reply.message_id).in_(message_ids)).order_by(col(Reply.id))
    found: dict[UUID, list[Reply]] = defaultdict(list)
    for reply in (await session.exec(query)).all():
        found[reply.message_id].append(reply)
    return found


async def _load_deadlines(session: AsyncSession, rows: Sequence[Message]) -> dict[UUID, list[DeadlineRead]]:
    """Return the deadlines of the current cycle, without cancelled ones."""
    cycles = {row.id: row.cycle for row in rows}
    query = select(Deadline).where(col(Deadline.message_id).in_(cycles), col(Deadline.state) != DeadlineState.CANCELLED)
    found: dict[UUID, list[DeadlineRead]] = defaultdict(list)
    for deadline in (await session.exec(query.order_by(col(Deadline.due_at), col(Deadline.id)))).all():
        if deadline.cycle == cycles[deadline.message_id]:
            found[deadline.message_id].append(DeadlineRead.model_validate(to_deadline_values(deadline)))
    return found


def find_outcome(row: Deadline) -> str:
    """Return the outcome of an ended deadline in words."""
    if row.state is DeadlineState.MET:
        return "Исполнено в срок"
    return "Не исполнено" if row.taken_seconds is None else "Исполнено с опозданием"


async def build_timeline(session: AsyncSession, row: Message, by: Principal) -> list[TimelineEntryRead]:
    """Return the events of a message, earliest first: thread, steps, deadlines, revisions.

    An API client sees messages and sent replies only.
    """
    (read,) = await build_message_reads(session, [row], by)
    found = [TimelineEntryRead(at=entry.at, kind=entry.kind, what=entry.text, by=None) for entry in read.thread]
    for step in read.history:
        text = STEPS_RU[step.what] + (f": {step.note}" if step.note else "")
        found.append(TimelineEntryRead(at=step.at, kind="step", what=text, by=step.by))
    for revision in read.revisions:
        action = "Удалено" if revision.kind is RevisionKind.DELETED else "Изменено"
        text = f"{action} клиентом. Прежний текст: {revision.text}"
        found.append(TimelineEntryRead(at=revision.changed_at, kind="revision", what=text, by=None))
    if by.kind == "employee":
        query = select(Deadline).where(Deadline.message_id == row.id, col(Deadline.ended_at).is_not(None))
        for ended in (await session.exec(query)).all():
            if ended.ended_at is not None and ended.state in (DeadlineState.MET, DeadlineState.MISSED):
                text = f"{ended.term['name']}: {find_outcome(ended).lower()}"
                found.append(TimelineEntryRead(at=ended.ended_at, kind="deadline", what=text, by=None))
    return sorted(found, key=lambda entry: entry.at)


async def _load_history(session: AsyncSession, message_ids: Sequence[UUID]) -> dict[UUID, list[HistoryEntryRead]]:
    query = select(MessageEvent).where(col(MessageEvent.message_id).in_(message_ids)).order_by(col(MessageEvent.id))
    found: dict[UUID, list[HistoryEntryRead]] = defaultdict(list)
    for step in (await session.exec(query)).all():
        values = step.model_dump() | {"at": step.occurred_at, "by": step.by_id}
        found[step.message_id].append(HistoryEntryRead.model_validate(values))
    return found


async def _load_attachments(session: AsyncSession, message_ids: Sequence[UUID]) -> dict[UUID, list[MessageAttachment]]:
    query = select(MessageAttachment).where(col(MessageAttachment.message_id).in_(message_ids))
    found: dict[UUID, list[MessageAttachment]] = defaultdict(list)
    for attachment in (await session.exec(query.order_by(col(MessageAttachment.position)))).all():
        found[attachment.message_id].append(attachment)
    return found


async def load_sent_replies(session: AsyncSession, message_ids: Sequence[UUID]) -> dict[UUID, Reply]:
    """Return the last sent reply of each message, without notices."""
    query = select(Reply).where(col(Reply.message_id).in_(message_ids), Reply.state == ReplyState.SENT)
    query = query.where(Reply.kind != ReplyKind.NOTICE).order_by(col(Reply.id))
    return {reply.message_id: reply for reply in (await session.exec(query)).all()}


async def load_files(session: AsyncSession) -> set[str]:
    """Return the SHA-256 of all attachments."""
    return set((await session.exec(select(MessageAttachment.sha256).distinct())).all())


async def _load_revisions(session: AsyncSession, message_ids: Sequence[UUID]) -> dict[UUID, list[MessageRevision]]:
    query = select(MessageRevision).where(col(MessageRevision.message_id).in_(message_ids))
    found: dict[UUID, list[MessageRevision]] = defaultdict(list)
    for revision in (await session.exec(query.order_by(col(MessageRevision.id)))).all():
        found[revision.message_id].append(revision)
    return found


def _to_values(row: Message, by: Principal) -> dict[str, Any]:
    """Return the values of the row for the schema. The need and the triage decision share their time and author."""
    redirect = {"to": row.redirected_to, "legal_act_id": row.redirect_act_id}
    appeal = {
        "came_by": row.came_by,
        "registration_number": row.registration_number,
        "registered_at": row.appeal_registered_at,
    }
    return row.model_dump(exclude={"point_id", "client_id", "content_hash", "search_text"}) | {
        "interaction_point_id": row.point_id,
        "personal_data": row.personal_data if by.kind == "employee" else [],
        "duplicate_of": row.duplicate_of_id,
        "triaged_at": row.need["recorded_at"] if row.need else None,
        "triaged_by": row.need["recorded_by"] if row.need else None,
        "proposal": row.proposal if by.kind == "employee" else None,
        "redirect": redirect if row.redirected_to is not None else None,
        "appeal": appeal if row.appeal_registered_at is not None else None,
    }


def _build_conversation(
    row: Message, thread: Sequence[Message], replies: dict[UUID, list[Reply]], by: Principal
) -> dict[str, Any]:
    """Return the thread, earliest first, and the replies of the message."""
    entries = [
        ThreadEntryRead(kind="message", id=m.id, message_id=m.id, at=m.received_at, text=m.text) for m in thread
    ] + [
        ThreadEntryRead(kind="reply", id=r.id, message_id=m.id, at=r.sent_at, text=r.text)
        for m in thread
        for r in replies[m.id]
        if r.state is ReplyState.SENT and r.sent_at is not None
    ]
    visible = [r for r in replies[row.id] if by.kind == "employee" or r.state is ReplyState.SENT]
    return {
        "replies": [to_reply_read(reply) for reply in visible],
        "thread": sorted(entries, key=lambda entry: (entry.at, entry.kind)),
    }


def select_policies(stage: Stage | None, is_target: bool | None) -> SelectOfScalar[DeadlinePolicy]:
    """Return the query of the deadline policies, filtered by stage and kind."""
    query = select(DeadlinePolicy)
    if stage is not None:
        query = query.where(DeadlinePolicy.stage == stage)
    if is_target is not None:
        query = query.where(col(DeadlinePolicy.is_target) == is_target)
    return query


async def load_policies(session: AsyncSession) -> Sequence[tuple[DeadlinePolicy, LegalAct | None]]:
    """Return all deadline policies with their legal acts."""
    query = select(DeadlinePolicy, LegalAct).outerjoin(LegalAct, col(LegalAct.id) == col(DeadlinePolicy.legal_act_id))
    return (await session.exec(query)).all()


def select_competent_bodies(*, with_closed: bool) -> SelectOfScalar[CompetentBody]:
    """Return the query of the competent bodies; the last day of a body still counts."""
    query = select(CompetentBody)
    if with_closed:
        return query
    return query.where(Validity.condition(clock.today(), last=col(CompetentBody.closed_on)))
