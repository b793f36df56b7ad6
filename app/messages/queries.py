"""Selects of messages: visibility, filters, and the shape that the API shows in a constant number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.clients import service as clients
from app.clients.queries import same_clients
from app.core.security import Principal
from app.messages.models import (
    CalendarDay,
    Deadline,
    DeadlinePolicy,
    Message,
    MessageAttachment,
    MessageEvent,
    MessageRevision,
    Reply,
    ReplyKind,
    RevisionKind,
    WorkingHours,
)
from app.messages.rules.calendar import WORKING_HOURS, DayOverride, WorkingCalendar, read_intervals
from app.messages.rules.deadlines import DeadlineState
from app.messages.rules.states import STEPS_RU, ReplyState
from app.messages.schemas.deadlines import DeadlinePolicyRead, DeadlineRead
from app.messages.schemas.messages import HistoryEntryRead, MessageRead, ReplyRead, ThreadEntryRead, TimelineEntryRead
from app.organizations.models import Organization
from app.text_check.service import to_readability_read

SHOWN_OF_A_THREAD = 100


def visible_to(by: Principal) -> ColumnElement[bool]:
    """An employee sees the messages of their unit, an API client those at its points."""
    if by.kind == "client":
        return col(Message.point_id).in_(by.point_ids)
    return col(Message.unit_id) == by.unit_id if by.unit_id is not None else sa.false()


def of_same_client(client_id: UUID) -> ColumnElement[bool]:
    """Match the messages of a client, by index: a contact in common makes two messages one client's (O-2.5)."""
    return col(Message.client_id).in_(same_clients(client_id))


async def read_messages(session: AsyncSession, rows: Sequence[Message], by: Principal) -> list[MessageRead]:
    """Messages as the caller may see them; everything around them comes in seven queries for all together."""
    cards = await clients.load_clients(session, [row.client_id for row in rows])
    threads = await _threads(session, {row.thread_id for row in rows}, by)
    around = {message.id for entries in threads.values() for message in entries} | {row.id for row in rows}
    replies = await _replies(session, around)
    deadlines = await _deadlines(session, rows)
    attachments = await _attachments(session, [row.id for row in rows])
    history: dict[UUID, list[HistoryEntryRead]] = defaultdict(list)
    revisions: dict[UUID, list[MessageRevision]] = defaultdict(list)
    if by.kind == "employee":
        ids = [row.id for row in rows]
        history, revisions = await _history(session, ids), await _revisions(session, ids)
    return [
        MessageRead.model_validate(
            _told(row, by)
            | _conversation(row, threads[row.thread_id], replies, by)
            | {"client": cards[row.client_id], "deadlines": deadlines[row.id], "attachments": attachments[row.id]}
            | {"history": history[row.id], "revisions": revisions[row.id]}
        )
        for row in rows
    ]


def read_reply(row: Reply) -> ReplyRead:
    """A reply as the API shows it, with the findings kept with it."""
    return ReplyRead.model_validate(row.model_dump() | {"readability": to_readability_read(row.text)})


def read_deadline(row: Deadline) -> dict[str, Any]:
    """A deadline as the API shows it."""
    told = row.model_dump() | {"name": row.term["name"], "legal_act": row.term["legal_act"]}
    return told | {"kind": "target" if row.is_target else "limit", "provisional": row.is_provisional}


def read_policy(row: DeadlinePolicy) -> DeadlinePolicyRead:
    """A deadline policy as the API shows it."""
    return DeadlinePolicyRead.model_validate(row.model_dump() | {"interaction_point_id": row.point_id})


async def load_replies(session: AsyncSession, message_id: UUID) -> list[Reply]:
    """The replies of a message, oldest first."""
    return (await _replies(session, {message_id}))[message_id]


def load_replies_to(message_id: UUID, by: Principal) -> SelectOfScalar[Reply]:
    """The replies of a message that the caller may see: an API client sees those that were sent."""
    query = select(Reply).where(Reply.message_id == message_id)
    return query if by.kind == "employee" else query.where(Reply.state == ReplyState.SENT)


async def load_calendar(session: AsyncSession, organization_id: UUID) -> WorkingCalendar:
    """The calendar by which the organization's deadlines are reckoned."""
    organization = await session.get_one(Organization, organization_id)
    hours = await load_own_hours(session, organization_id)
    query = select(CalendarDay).where(
        sa.or_(col(CalendarDay.organization_id) == organization_id, col(CalendarDay.organization_id).is_(None))
    )
    days = (await session.exec(query)).all()
    overrides = {
        row.day: DayOverride(row.kind, row.name, read_intervals(row.working_hours) if row.working_hours else ())
        for row in sorted(days, key=lambda row: row.organization_id is not None)  # one's own stands above all's
    }
    intervals = read_intervals(hours.working_hours) if hours else WORKING_HOURS
    return WorkingCalendar(ZoneInfo(organization.zone), intervals, overrides)


async def load_own_hours(session: AsyncSession, organization_id: UUID) -> WorkingHours | None:
    """The working hours that an administrator set for the organization."""
    return (await session.exec(select(WorkingHours).where(WorkingHours.organization_id == organization_id))).first()


async def _threads(session: AsyncSession, thread_ids: set[UUID], by: Principal) -> dict[UUID, list[Message]]:
    place = (
        sa.func.row_number()
        .over(partition_by=col(Message.thread_id), order_by=[col(Message.received_at).desc(), col(Message.id).desc()])
        .label("place")
    )
    ranked = sa.select(col(Message.id), place).where(col(Message.thread_id).in_(thread_ids), visible_to(by)).subquery()
    query = (
        select(Message)
        .join(ranked, ranked.c.id == col(Message.id))
        .where(ranked.c.place <= SHOWN_OF_A_THREAD)
        .order_by(col(Message.received_at), col(Message.id))
    )
    found: dict[UUID, list[Message]] = defaultdict(list)
    for message in (await session.exec(query)).all():
        found[message.thread_id].append(message)
    return found


async def _replies(session: AsyncSession, message_ids: Iterable[UUID]) -> dict[UUID, list[Reply]]:
    query = select(Reply).where(col(Reply.message_id).in_(message_ids)).order_by(col(Reply.id))
    found: dict[UUID, list[Reply]] = defaultdict(list)
    for reply in (await session.exec(query)).all():
        found[reply.message_id].append(reply)
    return found


async def _deadlines(session: AsyncSession, rows: Sequence[Message]) -> dict[UUID, list[DeadlineRead]]:
    """The deadlines of the present cycle that still say something; those that fell away do not."""
    cycles = {row.id: row.cycle for row in rows}
    query = select(Deadline).where(col(Deadline.message_id).in_(cycles), col(Deadline.state) != DeadlineState.CANCELLED)
    found: dict[UUID, list[DeadlineRead]] = defaultdict(list)
    for deadline in (await session.exec(query.order_by(col(Deadline.due_at), col(Deadline.id)))).all():
        if deadline.cycle == cycles[deadline.message_id]:
            found[deadline.message_id].append(DeadlineRead.model_validate(read_deadline(deadline)))
    return found


def find_outcome(row: Deadline) -> str:
    """What became of a deadline that is over, in words: a missed one may have ended with nothing done."""
    if row.state is DeadlineState.MET:
        return "Исполнено в срок"
    return "Не исполнено" if row.taken_seconds is None else "Исполнено с опозданием"


async def read_timeline(session: AsyncSession, row: Message, by: Principal) -> list[TimelineEntryRead]:
    """Everything that happened to a message, in the order of time: steps, deadlines, and what changed at the source.

    An API client sees what the client wrote and what was answered.
    """
    (shown,) = await read_messages(session, [row], by)
    found = [TimelineEntryRead(at=entry.at, kind=entry.kind, what=entry.text, by=None) for entry in shown.thread]
    for step in shown.history:
        said = STEPS_RU[step.what] + (f": {step.note}" if step.note else "")
        found.append(TimelineEntryRead(at=step.at, kind="step", what=said, by=step.by))
    for revision in shown.revisions:
        done = "Удалено" if revision.kind is RevisionKind.DELETED else "Изменено"
        said = f"{done} в источнике. Было: {revision.text}"
        found.append(TimelineEntryRead(at=revision.changed_at, kind="revision", what=said, by=None))
    if by.kind == "employee":
        query = select(Deadline).where(Deadline.message_id == row.id, col(Deadline.ended_at).is_not(None))
        for ended in (await session.exec(query)).all():
            if ended.ended_at is not None and ended.state in (DeadlineState.MET, DeadlineState.MISSED):
                said = f"{ended.term['name']}: {find_outcome(ended).lower()}"
                found.append(TimelineEntryRead(at=ended.ended_at, kind="deadline", what=said, by=None))
    return sorted(found, key=lambda entry: entry.at)


async def _history(session: AsyncSession, message_ids: Sequence[UUID]) -> dict[UUID, list[HistoryEntryRead]]:
    query = select(MessageEvent).where(col(MessageEvent.message_id).in_(message_ids)).order_by(col(MessageEvent.id))
    found: dict[UUID, list[HistoryEntryRead]] = defaultdict(list)
    for step in (await session.exec(query)).all():
        told = step.model_dump() | {"at": step.occurred_at, "by": step.by_id}
        found[step.message_id].append(HistoryEntryRead.model_validate(told))
    return found


async def _attachments(session: AsyncSession, message_ids: Sequence[UUID]) -> dict[UUID, list[MessageAttachment]]:
    query = select(MessageAttachment).where(col(MessageAttachment.message_id).in_(message_ids))
    found: dict[UUID, list[MessageAttachment]] = defaultdict(list)
    for attachment in (await session.exec(query.order_by(col(MessageAttachment.position)))).all():
        found[attachment.message_id].append(attachment)
    return found


async def sent_replies(session: AsyncSession, message_ids: Sequence[UUID]) -> dict[UUID, Reply]:
    """The last sent reply of each message that has one; notices are none."""
    query = select(Reply).where(col(Reply.message_id).in_(message_ids), Reply.state == ReplyState.SENT)
    query = query.where(Reply.kind != ReplyKind.NOTICE).order_by(col(Reply.id))
    return {reply.message_id: reply for reply in (await session.exec(query)).all()}


async def load_files(session: AsyncSession) -> set[str]:
    """The contents that messages refer to, by their SHA-256."""
    return set((await session.exec(select(MessageAttachment.sha256).distinct())).all())


async def _revisions(session: AsyncSession, message_ids: Sequence[UUID]) -> dict[UUID, list[MessageRevision]]:
    query = select(MessageRevision).where(col(MessageRevision.message_id).in_(message_ids))
    found: dict[UUID, list[MessageRevision]] = defaultdict(list)
    for revision in (await session.exec(query.order_by(col(MessageRevision.id)))).all():
        found[revision.message_id].append(revision)
    return found


def _told(row: Message, by: Principal) -> dict[str, Any]:
    """What the row itself says. The need is recorded by the decision of triage, so that who and when are one."""
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


def _conversation(
    row: Message, thread: Sequence[Message], replies: dict[UUID, list[Reply]], by: Principal
) -> dict[str, Any]:
    """The thread in the order of time, and the message's own replies."""
    entries = [
        ThreadEntryRead(kind="message", id=m.id, message_id=m.id, at=m.received_at, text=m.text) for m in thread
    ] + [
        ThreadEntryRead(kind="reply", id=r.id, message_id=m.id, at=r.sent_at, text=r.text)
        for m in thread
        for r in replies[m.id]
        if r.state is ReplyState.SENT and r.sent_at is not None
    ]
    shown = [r for r in replies[row.id] if by.kind == "employee" or r.state is ReplyState.SENT]
    return {
        "replies": [read_reply(reply) for reply in shown],
        "thread": sorted(entries, key=lambda entry: (entry.at, entry.kind)),
    }
