"""HTTP of messages as they come in and are read: intake, list, deadlines, timeline."""

from enum import StrEnum
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.concurrency import answer, conditional
from app.core.deps import FilesDep, SessionDep
from app.core.idempotency import KeyMalformed, KeyRequired, KeyReused, OnceDep
from app.core.pagination import Page, PageDep, paginate_rows
from app.core.problems import Invalid, problems
from app.core.security import Principal, requires
from app.core.text import like, words
from app.core.types import Id, Moment, Search
from app.interaction_points.errors import PointNotFound, PointNotInForce
from app.messages import queries
from app.messages.errors import AttachmentLost, AttachmentNotFound, MessageConflict, MessageNotFound
from app.messages.models import Competence, Message, MessageClass, MessageKind, Priority, Reply
from app.messages.rules.deadlines import WHOLE_SECOND
from app.messages.rules.lives import MessageState, ReplyState
from app.messages.schemas.deadlines import ExplainRead
from app.messages.schemas.messages import MessageCreate, MessageRead, TimelineRead
from app.messages.service import attachments, deadlines, intake, moves

Reader = Annotated[Principal, requires("messages:read")]
Registrar = Annotated[Principal, requires("messages:register")]

router = APIRouter(prefix="/messages", tags=["messages"])


class MessageSort(StrEnum):
    """Orders of the list."""

    NEWEST = "-registered_at"
    OLDEST = "registered_at"
    LATEST_RECEIVED = "-received_at"
    FIRST_RECEIVED = "received_at"


async def _answer(session: AsyncSession, row: Message, by: Principal, status: int = 200) -> Response:
    return answer((await queries.read_messages(session, [row], by))[0], version=row.version, status=status)


@router.post(
    "",
    status_code=201,
    response_model=MessageRead,
    responses={
        **problems(PointNotFound, PointNotInForce, MessageConflict, Invalid, KeyReused, KeyMalformed, KeyRequired),
        200: {"model": MessageRead, "description": "The message that is there already, with the same content"},
    },
    summary="Hand in a message",
)
async def register_message(
    body: MessageCreate, by: Registrar, session: SessionDep, files: FilesDep, once: OnceDep
) -> Response:
    """Hand in a client's message or comment at an approved point (O-3, O-6.2.1).

    One message per point and `external_id`: a repeat with the same content answers 200 with the first, another
    content 409. With `external_id` null nothing is compared. A message belongs to the unit of its point until triage.
    """

    async def work() -> Response:
        message, is_new = await intake.register_message(session, body, files, by=by)
        return await _answer(session, message, by, 201 if is_new else 200)

    return await once(session, by, work)


@router.get("", response_model=Page[MessageRead], responses=problems(Invalid), summary="List messages")
async def list_messages(
    by: Reader,
    session: SessionDep,
    page: PageDep,
    state: Annotated[list[MessageState] | None, Query(max_length=11, description="May be repeated.")] = None,
    unit_id: Annotated[Id | None, Query()] = None,
    interaction_point_id: Annotated[Id | None, Query()] = None,
    assignee_id: Annotated[Id | None, Query()] = None,
    topic_id: Annotated[Id | None, Query()] = None,
    competence: Annotated[Competence | None, Query()] = None,
    priority: Annotated[Priority | None, Query()] = None,
    kind: Annotated[MessageKind | None, Query()] = None,
    message_class: Annotated[MessageClass | None, Query(alias="class")] = None,
    duplicate_of: Annotated[Id | None, Query()] = None,
    has_personal_data: Annotated[bool | None, Query(description="Whether the text may hold personal data.")] = None,
    due_before: Annotated[
        Moment | None, Query(description="Something of it is due before this moment, or was already.")
    ] = None,
    overdue: Annotated[bool | None, Query(description="Whether something of it should have been done by now.")] = None,
    without_assignee: Annotated[bool | None, Query(description="Whether nobody has it yet.")] = None,
    is_returned: Annotated[bool | None, Query(description="Whether a reply of it was returned and not mended.")] = None,
    updated_after: Annotated[Moment | None, Query(description="Changed after this moment.")] = None,
    q: Annotated[Search | None, Query(description="Words that all stand in the text; ё = е.")] = None,
    sort: Annotated[MessageSort, Query()] = MessageSort.NEWEST,
) -> Page[MessageRead]:
    """The messages of one's own unit, or at the points granted to the API client; newest first."""
    query = select(Message).where(queries.visible_to(by))
    filters = {
        "unit_id": unit_id,
        "point_id": interaction_point_id,
        "assignee_id": assignee_id,
        "topic_id": topic_id,
        "competence": competence,
        "priority": priority,
        "kind": kind,
        "message_class": message_class,
        "duplicate_of_id": duplicate_of,
        "has_personal_data": has_personal_data,
    }
    for name, value in filters.items():
        if value is not None:
            query = query.where(getattr(Message, name) == value)
    if state:
        query = query.where(col(Message.state).in_(state))
    if due_before is not None:
        query = query.where(col(Message.due_at) < due_before)
    if overdue is not None:
        late = col(Message.due_at) <= clock.now() - WHOLE_SECOND
        query = query.where(late if overdue else sa.or_(sa.not_(late), col(Message.due_at).is_(None)))
    if without_assignee is not None:
        assignee = col(Message.assignee_id)
        query = query.where(assignee.is_(None) if without_assignee else assignee.is_not(None))
    if is_returned is not None:
        returned = sa.exists().where(col(Reply.message_id) == Message.id, col(Reply.state) == ReplyState.RETURNED)
        query = query.where(returned if is_returned else sa.not_(returned))
    if updated_after is not None:
        query = query.where(col(Message.updated_at) > updated_after)
    for word in words(q) if q is not None else ():
        query = query.where(col(Message.search_text).like(like(word), escape="\\"))
    by_receipt = sort in (MessageSort.LATEST_RECEIVED, MessageSort.FIRST_RECEIVED)
    order = (col(Message.received_at), col(Message.id)) if by_receipt else (col(Message.id),)
    rows, cursor, count = await paginate_rows(
        session, query, page, order=order, descending=sort in (MessageSort.NEWEST, MessageSort.LATEST_RECEIVED)
    )
    return Page(items=await queries.read_messages(session, rows, by), next_cursor=cursor, count=count)


@router.get(
    "/{message_id}",
    response_model=MessageRead,
    responses=problems(MessageNotFound, Invalid),
    summary="Get a message",
)
async def get_message(message_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """A message with its thread, replies and history (O-2.5)."""
    row = await moves.get_message(session, message_id, by)
    return conditional(request, (await queries.read_messages(session, [row], by))[0], version=row.version)


@router.get(
    "/{message_id}/deadlines/explain",
    response_model=ExplainRead,
    responses=problems(MessageNotFound, Invalid),
    summary="Explain the deadlines of a message",
)
async def explain_deadlines(message_id: UUID, by: Reader, session: SessionDep) -> ExplainRead:
    """Every deadline of the message with the steps of its reckoning in words: begun, skipped, moved, paused, met."""
    row = await moves.get_message(session, message_id, by)
    return ExplainRead(stages=await deadlines.explain_all(session, row))


@router.get(
    "/{message_id}/attachments/{attachment_id}",
    response_class=Response,
    responses={
        **problems(MessageNotFound, AttachmentNotFound, AttachmentLost, Invalid),
        200: {
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            "description": "The file, as a download",
        },
    },
    summary="Download an attachment",
)
async def download_attachment(
    message_id: UUID, attachment_id: UUID, by: Reader, session: SessionDep, files: FilesDep
) -> Response:
    """A file of a message, as a download only: browsers neither show it nor guess what it is."""
    row, content = await attachments.get_file(session, message_id, attachment_id, files, by=by)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(row.name, safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "private, no-store",
    }
    return Response(content, headers=headers, media_type="application/octet-stream")


@router.get(
    "/{message_id}/timeline",
    response_model=TimelineRead,
    responses=problems(MessageNotFound, Invalid),
    summary="Show a message's timeline",
)
async def get_timeline(message_id: UUID, by: Reader, session: SessionDep) -> TimelineRead:
    """Everything that happened, in the order of time and in words; an API client sees messages and sent replies."""
    row = await moves.get_message(session, message_id, by)
    return TimelineRead(items=await queries.read_timeline(session, row, by))
