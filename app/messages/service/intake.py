"""Registration of messages, once per point and external id (O-3, O-6.2.1)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from pydantic_core import to_jsonable_python
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.attachments.file_store import FileStore
from app.attachments.service import ReceivedFile, decode_files, store_files
from app.clients import service as clients
from app.core import audit, clock
from app.core.db import build_insert
from app.core.ids import new_id
from app.core.outbox import emit
from app.core.security import Principal
from app.interaction_points import service as points
from app.interaction_points.errors import PointNotFound
from app.messages.commands import NewMessage
from app.messages.errors import MessageConflict
from app.messages.events import MessageRegistered
from app.messages.models import Message, MessageCounter, MessageEvent
from app.messages.rules.enums import MessageClass, Priority
from app.messages.rules.states import MessageState, format_number
from app.messages.service import deadlines
from app.messages.service.text_analysis import analyze_text
from app.messages.service.threads import find_continued_message, open_thread, resume_for_client
from app.messages.service.transitions import require_not_future

if TYPE_CHECKING:
    from app.interaction_points.models import Point


async def register_message(
    session: AsyncSession, new: NewMessage, files: FileStore, *, by: Principal
) -> tuple[Message, bool]:
    """Register a message. Return it and whether it is new.

    Raises `PointNotFound` for a point that is not granted to the API client or belongs to another unit,
    `PointNotInForce` if the point was not approved on the local day of `received_at` (O-3), `MessageConflict` for a
    known external id with different content.
    """
    require_not_future(new.received_at, "/received_at")
    received = decode_files(new.attachments)
    point = await points.get_point(session, new.interaction_point_id, by)
    if by.kind == "employee" and point.unit_id != by.unit_id:
        raise PointNotFound
    content_hash = compute_content_hash(new, received)
    known = await _find_registered(session, new, content_hash, by)
    if known is not None:
        return known, False
    await points.require_in_force(session, point, clock.local_date(new.received_at))
    first = await find_continued_message(session, new.continues_id, by) if new.continues_id is not None else None
    thread_id = await open_thread(session, point.id, new.thread_external_id, first.thread_id if first else None)
    message = await _insert_message(session, new, point, thread_id, content_hash)
    if message is None:  # a concurrent request registered it first
        known = await _find_registered(session, new, content_hash, by)
        if known is None:
            raise MessageConflict
        return known, False
    session.add(
        MessageEvent(
            message_id=message.id,
            occurred_at=message.registered_at,
            what="register",
            by_id=by.id,
            to_state=message.state,
        )
    )
    await store_files(session, message.id, received, files)
    await resume_for_client(session, message, by)
    audit.record(session, by, "message.registered", "message", message.id)
    emit(session, MessageRegistered(message_id=message.id))
    return message, True


def compute_content_hash(new: NewMessage, files: Sequence[ReceivedFile]) -> str:
    """Return the SHA-256 of the content by which a repeated message is recognized. Stored: it must never change."""
    content = {
        "kind": new.kind,
        "thread_external_id": new.thread_external_id,
        "text": new.text,
        "received_at": new.received_at,
        "client": new.client,
        "attachments": [[file.name, file.content_type, file.sha256] for file in files],
    }
    return hashlib.sha256(json.dumps(to_jsonable_python(content), sort_keys=True).encode()).hexdigest()


async def _find_registered(session: AsyncSession, new: NewMessage, content_hash: str, by: Principal) -> Message | None:
    """Return the message with this external id. Raises `MessageConflict` if it is different or of another unit."""
    if new.external_id is None:
        return None
    query = select(Message).where(Message.point_id == new.interaction_point_id, Message.external_id == new.external_id)
    row = (await session.exec(query)).first()
    is_foreign = row is not None and by.kind == "employee" and row.unit_id != by.unit_id
    if row is not None and (is_foreign or row.content_hash != content_hash):
        raise MessageConflict
    return row


async def _insert_message(
    session: AsyncSession, new: NewMessage, point: Point, thread_id: UUID, content_hash: str
) -> Message | None:
    moment = clock.now()
    year = clock.local_date(moment).year
    row = Message(
        id=new_id(),
        number=format_number(year, await _take_next_number(session, year)),
        organization_id=point.organization_id,
        point_id=point.id,
        unit_id=point.unit_id,
        thread_id=thread_id,
        kind=new.kind,
        message_class=MessageClass.MESSAGE,
        external_id=new.external_id,
        thread_external_id=new.thread_external_id,
        content_hash=content_hash,
        client_id=await clients.register_client(session, new.client, organization_id=point.organization_id),
        received_at=new.received_at,
        registered_at=moment,
        clock_received_at=new.received_at,
        clock_registered_at=moment,
        updated_at=moment,
        state=MessageState.RECEIVED,
        priority=Priority.NORMAL,
        continues_id=new.continues_id,
        **await analyze_text(session, new.text, point),
    )
    # ON CONFLICT decides between concurrent requests; a plain INSERT would abort the transaction of the second one.
    first_deadlines = await deadlines.create_first_deadlines(session, row)
    table = Message.__table__  # type: ignore[attr-defined]
    inserted = build_insert(session, table).values(row.model_dump())
    inserted = inserted.on_conflict_do_nothing(index_elements=["point_id", "external_id"])
    result = await session.exec(inserted.returning(table.c.id))
    if result.first() is None:
        await clients.discard_client(session, row.client_id)
        return None
    session.add_all(first_deadlines)
    return await session.get_one(Message, row.id)


async def _take_next_number(session: AsyncSession, year: int) -> int:
    table = MessageCounter.__table__  # type: ignore[attr-defined]
    statement = build_insert(session, table).values(id=new_id(), year=year, last=1)
    counted = statement.on_conflict_do_update(index_elements=["year"], set_={"last": table.c.last + 1})
    return int((await session.exec(counted.returning(table.c.last))).one()[0])
