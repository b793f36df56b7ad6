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

from app.core.security import Principal
from app.messages.models import CalendarDay, Deadline, DeadlinePolicy, Message, MessageEvent, Reply, WorkingHours
from app.messages.rules.calendar import WORKING_HOURS, DayOverride, WorkingCalendar, read_intervals
from app.messages.rules.deadlines import DeadlineState
from app.messages.rules.lives import ReplyState
from app.messages.schemas.deadlines import DeadlinePolicyRead, DeadlineRead
from app.messages.schemas.messages import HistoryEntryRead, MessageRead, ReplyRead, ThreadEntryRead
from app.organizations.models import Organization
from app.reply_templates.rules import readability
from app.reply_templates.service import missing_findings

SHOWN_OF_A_THREAD = 100


def visible_to(by: Principal) -> ColumnElement[bool]:
    """An employee sees the messages of their unit, an API client those at its points."""
    if by.kind == "client":
        return col(Message.point_id).in_(by.point_ids)
    return col(Message.unit_id) == by.unit_id if by.unit_id is not None else sa.false()


async def read_messages(session: AsyncSession, rows: Sequence[Message], by: Principal) -> list[MessageRead]:
    """Messages as the caller may see them; everything around them comes in four queries for all together."""
    threads = await _threads(session, {row.thread_id for row in rows}, by)
    around = {message.id for entries in threads.values() for message in entries} | {row.id for row in rows}
    replies = await _replies(session, around)
    deadlines = await _deadlines(session, rows)
    history: dict[UUID, list[MessageEvent]] = defaultdict(list)
    if by.kind == "employee":
        history = await _history(session, [row.id for row in rows])
    return [_read(row, threads[row.thread_id], replies, deadlines[row.id], history[row.id], by) for row in rows]


def read_reply(row: Reply) -> ReplyRead:
    """A reply as the API shows it; findings are of the text as it stands."""
    return ReplyRead.model_validate(
        {**row.model_dump(), "findings": missing_findings(row.text), "readability": readability(row.text)}
    )


def read_deadline(row: Deadline) -> dict[str, Any]:
    """A deadline as the API shows it."""
    told = row.model_dump() | {"name": row.term["name"], "legal_act": row.term["legal_act"]}
    return told | {"kind": "target" if row.is_target else "limit", "provisional": row.is_provisional}


def read_policy(row: DeadlinePolicy) -> DeadlinePolicyRead:
    """A deadline policy as the API shows it."""
    return DeadlinePolicyRead.model_validate(row.model_dump() | {"interaction_point_id": row.point_id})


async def replies_of(session: AsyncSession, message_id: UUID) -> list[Reply]:
    """The replies of a message, oldest first."""
    return (await _replies(session, {message_id}))[message_id]


async def calendar_of(session: AsyncSession, organization_id: UUID) -> WorkingCalendar:
    """The calendar by which the organization's deadlines are reckoned."""
    organization = await session.get_one(Organization, organization_id)
    hours = await own_hours(session, organization_id)
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


async def own_hours(session: AsyncSession, organization_id: UUID) -> WorkingHours | None:
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


async def _history(session: AsyncSession, message_ids: Sequence[UUID]) -> dict[UUID, list[MessageEvent]]:
    query = select(MessageEvent).where(col(MessageEvent.message_id).in_(message_ids)).order_by(col(MessageEvent.id))
    found: dict[UUID, list[MessageEvent]] = defaultdict(list)
    for step in (await session.exec(query)).all():
        found[step.message_id].append(step)
    return found


def _read(
    row: Message,
    thread: Sequence[Message],
    replies: dict[UUID, list[Reply]],
    deadlines: Sequence[DeadlineRead],
    history: Sequence[MessageEvent],
    by: Principal,
) -> MessageRead:
    entries = [
        ThreadEntryRead(kind="message", id=m.id, message_id=m.id, at=m.received_at, text=m.text) for m in thread
    ] + [
        ThreadEntryRead(kind="reply", id=r.id, message_id=m.id, at=r.sent_at, text=r.text)
        for m in thread
        for r in replies[m.id]
        if r.state is ReplyState.SENT and r.sent_at is not None
    ]
    shown = [r for r in replies[row.id] if by.kind == "employee" or r.state is ReplyState.SENT]
    return MessageRead.model_validate(
        {
            **row.model_dump(exclude={"point_id", "content_hash", "search_text"}),
            "interaction_point_id": row.point_id,
            "attachments": [],
            "deadlines": deadlines,
            "replies": [read_reply(reply) for reply in shown],
            "thread": sorted(entries, key=lambda entry: (entry.at, entry.kind)),
            "history": [
                HistoryEntryRead(
                    at=step.occurred_at,
                    what=step.what,
                    by=step.by_id,
                    from_state=step.from_state,
                    to_state=step.to_state,
                    note=step.note,
                )
                for step in history
            ],
        }
    )
