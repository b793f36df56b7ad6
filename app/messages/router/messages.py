"""HTTP endpoints of messages: registration, list, export, deadlines, timeline, attachments."""

import asyncio
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from app.attachments import service as attachments
from app.attachments.commands import EncodedFile
from app.attachments.dependencies import FilesDep
from app.attachments.download import FILE_RESPONSES, download_response
from app.attachments.errors import AttachmentLost, AttachmentNotFound
from app.core.deps import DatabaseDep, SessionDep
from app.core.etags import conditional
from app.core.idempotency import IdempotencyKeyRequired, idempotent
from app.core.pagination import Page, PageDep, paginate_rows
from app.core.periods import PeriodDep
from app.core.problems import problems
from app.core.security import Principal, requires, requires_detached
from app.documents.tables.responses import TABLE_RESPONSES, TableFormat, table_response
from app.interaction_points.errors import PointNotFound, PointNotInForce
from app.messages import case_pdf, export
from app.messages.commands import BulkChange, NewMessage
from app.messages.errors import MessageConflict, MessageNotFound
from app.messages.queries.message_reads import build_message_reads, read_message
from app.messages.queries.messages import get_order, select_messages
from app.messages.queries.timeline import build_timeline
from app.messages.router.responses import message_response
from app.messages.schemas.bulk import BulkRead, MessageBulk
from app.messages.schemas.deadlines import ExplainRead
from app.messages.schemas.filters import MessageFilters, MessageSort
from app.messages.schemas.messages import MessageRead, TimelineRead
from app.messages.schemas.registration import MessageCreate
from app.messages.service import access, bulk, deadlines, intake
from app.reply_templates.search.schemas import SuggestionsRead
from app.reply_templates.search.service.suggestions import find_suggestions

Reader = Annotated[Principal, requires("messages:read")]
Suggester = Annotated[Principal, requires("messages:read", "templates:read")]
Printer = Annotated[Principal, requires_detached("messages:triage")]
Exporter = Annotated[Principal, requires_detached("messages:export")]
BulkAssigner = Annotated[Principal, requires_detached("messages:assign")]
Registrar = Annotated[Principal, requires("messages:register")]
FiltersDep = Annotated[MessageFilters, Depends()]

router = APIRouter(prefix="/messages", tags=["messages"])

REGISTERED: dict[int | str, dict[str, Any]] = {
    200: {"model": MessageRead, "description": "The message was registered before with the same content"}
}
PDF: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
        "description": "The case as a PDF file",
    }
}


@router.post(
    "",
    status_code=201,
    response_model=MessageRead,
    responses=problems(PointNotFound, PointNotInForce, MessageConflict, IdempotencyKeyRequired) | REGISTERED,
    summary="Register a message",
)
@idempotent
async def register_message(body: MessageCreate, by: Registrar, session: SessionDep, files: FilesDep) -> Response:
    """Register a client's message or comment at an approved interaction point (O-3, O-6.2.1).

    `external_id` is unique within a point: a repeated request with the same content returns the first message with
    200, one with different content is refused with 409. Without `external_id` no comparison is made. Until triage a
    message belongs to the unit of its point.
    """
    attached = [file.to_command(EncodedFile) for file in body.attachments]
    new = body.to_command(NewMessage, client=body.client.to_card(), attachments=attached)
    message, is_new = await intake.register_message(session, new, files, by=by)
    return await message_response(session, message, by, 201 if is_new else 200)


@router.get("", response_model=Page[MessageRead], summary="List messages")
async def list_messages(
    by: Reader,
    session: SessionDep,
    page: PageDep,
    filters: FiltersDep,
    sort: Annotated[
        MessageSort, Query(description="With `due_at` or `-due_at`, messages without a deadline come last.")
    ] = MessageSort.NEWEST,
) -> Page[MessageRead]:
    """List the messages of the caller's unit, or of the points granted to the API client; newest first by default."""
    query, order = select_messages(filters, by), get_order(sort)
    rows, cursor, count = await paginate_rows(session, query, page, order=order, descending=sort.startswith("-"))
    return Page(items=await build_message_reads(session, rows, by), next_cursor=cursor, count=count)


@router.get("/export", response_class=Response, responses=TABLE_RESPONSES, summary="Export messages")
async def export_messages(
    by: Exporter,
    database: DatabaseDep,
    filters: FiltersDep,
    received: PeriodDep,
    format: Annotated[TableFormat, Query(description="Format of the file.")] = TableFormat.CSV,
) -> Response:
    """Export the messages of the caller's unit as a table, oldest first, with the filters of the list.

    `from` and `to` limit the days of receipt.
    """
    pages = export.export_pages(database, select_messages(filters, by, received))
    return await table_response(format, "messages", export.COLUMNS, pages)


@router.post("/bulk", response_model=BulkRead, summary="Update messages in bulk")
async def act_on_many(body: MessageBulk, by: BulkAssigner, database: DatabaseDep) -> BulkRead:
    """Assign, close or mark as spam up to 500 messages. The response gives the result for each message.

    A failure of one message does not affect the others. The messages are processed in batches, each committed
    separately; a call that was interrupted can be repeated and processes the remaining messages.
    """
    return await bulk.act_on_many(database, body.to_command(BulkChange), by=by)


@router.get(
    "/{message_id:uuid}",  # `:uuid`: /export and /bulk are not matched as an id
    response_model=MessageRead,
    responses=problems(MessageNotFound),
    summary="Get a message",
)
async def get_message(message_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Return a message with its thread, replies and history (O-2.5)."""
    row = await access.get_message(session, message_id, by)
    return await conditional(request, session, row, partial(read_message, by=by))


@router.get(
    "/{message_id}/deadlines/explain",
    response_model=ExplainRead,
    responses=problems(MessageNotFound),
    summary="Explain the deadlines of a message",
)
async def explain_deadlines(message_id: UUID, by: Reader, session: SessionDep) -> ExplainRead:
    """Return the deadlines of a message with each step of their calculation in words."""
    row = await access.get_message(session, message_id, by)
    return ExplainRead(stages=await deadlines.explain_deadlines(session, row))


@router.get(
    "/{message_id}/attachments/{attachment_id}",
    response_class=Response,
    responses=problems(MessageNotFound, AttachmentNotFound, AttachmentLost) | FILE_RESPONSES,
    summary="Download an attachment",
)
async def download_attachment(
    message_id: UUID, attachment_id: UUID, by: Reader, session: SessionDep, files: FilesDep
) -> Response:
    """Download a file of a message. Headers prevent browsers from displaying it or guessing its type."""
    message = await access.get_message(session, message_id, by)
    return download_response(*await attachments.get_file(session, message.id, attachment_id, files))


@router.get(
    "/{message_id}/case",
    response_class=Response,
    responses=problems(MessageNotFound) | PDF,
    summary="Get a message as a printable case",
)
async def print_case(message_id: UUID, by: Printer, database: DatabaseDep) -> Response:
    """Return a message as a printable case (PDF) with its conversation, decisions, deadlines and timeline."""
    async with database.transaction(write=False) as session:
        case = await case_pdf.load_case(session, message_id, by)
    content = await asyncio.to_thread(case_pdf.render_case_pdf, case)
    name = f'inline; filename="{case.message.number}.pdf"'
    headers = {"Content-Disposition": name, "Cache-Control": "private, no-store"}
    return Response(content, headers=headers, media_type="application/pdf")


@router.get(
    "/{message_id}/timeline",
    response_model=TimelineRead,
    responses=problems(MessageNotFound),
    summary="Get the timeline of a message",
)
async def get_timeline(message_id: UUID, by: Reader, session: SessionDep) -> TimelineRead:
    """Return the events of a message in words, earliest first. API clients see messages and sent replies only."""
    row = await access.get_message(session, message_id, by)
    return TimelineRead(items=await build_timeline(session, await read_message(session, row, by), by))


@router.get(
    "/{message_id}/suggestions",
    response_model=SuggestionsRead,
    responses=problems(MessageNotFound),
    summary="Suggest templates for a message",
)
async def list_suggestions(
    message_id: UUID,
    by: Suggester,
    session: SessionDep,
    limit: Annotated[int, Query(ge=1, le=20, description="The maximum number of templates.")] = 5,
) -> SuggestionsRead:
    """List the reply templates that fit a message, best first (O-6.2.6).

    The decided or proposed topic of the message raises the rank of its templates.
    """
    row = await access.get_message(session, message_id, by)
    topic_id = row.topic_id or (row.proposal or {}).get("topic_id")
    return SuggestionsRead(items=await find_suggestions(session, row.text, by, limit=limit, topic_id=topic_id))
