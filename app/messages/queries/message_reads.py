"""API objects of messages, built in a constant number of queries."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.attachments.service import load_attachments
from app.clients import service as clients
from app.core.security import Principal
from app.messages.models import Message, MessageEvent, MessageRevision, Reply
from app.messages.queries.deadlines import load_deadline_reads
from app.messages.queries.messages import visible_to
from app.messages.queries.replies import load_replies, to_reply_read
from app.messages.rules.states import ReplyState
from app.messages.schemas.messages import HistoryEntryRead, MessageRead, ThreadEntryRead

THREAD_LIMIT = 100


async def build_message_reads(session: AsyncSession, rows: Sequence[Message], by: Principal) -> list[MessageRead]:
    """Build the messages as the caller may see them, with seven queries for all related data."""
    cards = await clients.load_clients(session, [row.client_id for row in rows])
    threads = await _load_threads(session, {row.thread_id for row in rows}, by)
    related_ids = {message.id for entries in threads.values() for message in entries} | {row.id for row in rows}
    replies = await load_replies(session, related_ids)
    deadlines = await load_deadline_reads(session, rows)
    files = await load_attachments(session, [row.id for row in rows])
    history: dict[UUID, list[HistoryEntryRead]] = defaultdict(list)
    revisions: dict[UUID, list[MessageRevision]] = defaultdict(list)
    if by.kind == "employee":
        ids = [row.id for row in rows]
        history, revisions = await _load_history(session, ids), await _load_revisions(session, ids)
    return [
        MessageRead.model_validate(
            _to_values(row, by)
            | _build_conversation(row, threads[row.thread_id], replies, by)
            | {"client": cards[row.client_id], "deadlines": deadlines[row.id], "attachments": files[row.id]}
            | {"history": history[row.id], "revisions": revisions[row.id]}
        )
        for row in rows
    ]


async def read_message(session: AsyncSession, row: Message, by: Principal) -> MessageRead:
    """Build one message as the caller may see it."""
    return (await build_message_reads(session, [row], by))[0]


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


async def _load_history(session: AsyncSession, message_ids: Sequence[UUID]) -> dict[UUID, list[HistoryEntryRead]]:
    query = select(MessageEvent).where(col(MessageEvent.message_id).in_(message_ids)).order_by(col(MessageEvent.id))
    found: dict[UUID, list[HistoryEntryRead]] = defaultdict(list)
    for step in (await session.exec(query)).all():
        values = step.model_dump() | {"at": step.occurred_at, "by": step.by_id}
        found[step.message_id].append(HistoryEntryRead.model_validate(values))
    return found


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
