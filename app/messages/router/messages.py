"""HTTP endpoints of messages: registration, list, export, deadlines, timeline, attachments."""

from enum import StrEnum
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from app.attachments.dependencies import FilesDep
from app.attachments.rules import to_download_name
from app.core.deps import DatabaseDep, SessionDep
from app.core.etags import conditional_response, json_response
from app.core.idempotency import IdempotencyDep, IdempotencyKeyMalformed, IdempotencyKeyRequired, IdempotencyKeyReused
from app.core.pagination import Page, PageDep, paginate_rows
from app.core.periods import PeriodDep
from app.core.problems import ValidationFailed, problems
from app.core.security import Principal, requires
from app.documents.tables.responses import TABLE_RESPONSES, TableFormat, table_response
from app.interaction_points.errors import PointNotFound, PointNotInForce
from app.messages import case_pdf, export, queries
from app.messages.errors import AttachmentLost, AttachmentNotFound, MessageConflict, MessageNotFound
from app.messages.models import Message
from app.messages.router.filters import FiltersDep
from app.messages.schemas.deadlines import ExplainRead
from app.messages.schemas.messages import MessageCreate, MessageRead, TimelineRead
from app.messages.service import access, attachments, deadlines, intake
from app.reply_templates.search.schemas import SuggestionsRead
from app.reply_templates.search.service.suggestions import find_suggestions

Reader = Annotated[Principal, requires("messages:read")]
Suggester = Annotated[Principal, requires("messages:read", "templates:read")]
Printer = Annotated[Principal, requires("messages:triage")]
Exporter = Annotated[Principal, requires("messages:export")]
Registrar = Annotated[Principal, requires("messages:register")]

router = APIRouter(prefix="/messages", tags=["messages"])


class MessageSort(StrEnum):
    """Sort orders of the list of messages."""

    NEWEST = "-registered_at"
    OLDEST = "registered_at"
    LATEST_RECEIVED = "-received_at"
    FIRST_RECEIVED = "received_at"
    FIRST_DUE = "due_at"
    LAST_DUE = "-due_at"
    LATEST_CHANGED = "-updated_at"
    FIRST_CHANGED = "updated_at"


async def _build_response(session: AsyncSession, row: Message, by: Principal, status: int = 200) -> Response:
    return json_response((await queries.build_message_reads(session, [row], by))[0], version=row.version, status=status)


@router.post(
    "",
    status_code=201,
    response_model=MessageRead,
    responses={
        **problems(
            PointNotFound,
            PointNotInForce,
            MessageConflict,
            ValidationFailed,
            IdempotencyKeyReused,
            IdempotencyKeyMalformed,
            IdempotencyKeyRequired,
        ),
        200: {"model": MessageRead, "description": "The message was registered before with the same content"},
    },
    summary="Register a message",
)
async def register_message(
    body: MessageCreate, by: Registrar, session: SessionDep, files: FilesDep, idempotency: IdempotencyDep
) -> Response:
    """Register a client's message or comment at an approved interaction point (O-3, O-6.2.1).

    `external_id` is unique within a point: a repeated request with the same content returns the first message with
    200, one with different content is refused with 409. Without `external_id` no comparison is made. Until triage a
    message belongs to the unit of its point.
    """

    async def work() -> Response:
        message, is_new = await intake.register_message(session, body, files, by=by)
        return await _build_response(session, message, by, 201 if is_new else 200)

    return await idempotency(session, by, work)


@router.get("", response_model=Page[MessageRead], responses=problems(ValidationFailed), summary="List messages")
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
    name = sort.removeprefix("-")
    order = (col(Message.id),) if name == "registered_at" else (col(getattr(Message, name)), col(Message.id))
    rows, cursor, count = await paginate_rows(
        session, filters.query(by), page, order=order, descending=sort.startswith("-")
    )
    return Page(items=await queries.build_message_reads(session, rows, by), next_cursor=cursor, count=count)


@router.get(
    "/export",
    response_class=Response,
    responses=TABLE_RESPONSES | problems(ValidationFailed),
    summary="Export messages",
)
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
    return await table_response(
        format, "messages", export.COLUMNS, export.export_pages(database, filters.query(by, received))
    )


@router.get(
    "/{message_id:uuid}",  # `:uuid`: /export and /bulk are not matched as an id
    response_model=MessageRead,
    responses=problems(MessageNotFound, ValidationFailed),
    summary="Get a message",
)
async def get_message(message_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Return a message with its thread, replies and history (O-2.5)."""
    row = await access.get_message(session, message_id, by)
    return conditional_response(
        request, (await queries.build_message_reads(session, [row], by))[0], version=row.version
    )


@router.get(
    "/{message_id}/deadlines/explain",
    response_model=ExplainRead,
    responses=problems(MessageNotFound, ValidationFailed),
    summary="Explain the deadlines of a message",
)
async def explain_deadlines(message_id: UUID, by: Reader, session: SessionDep) -> ExplainRead:
    """Return the deadlines of a message with each step of their calculation in words."""
    row = await access.get_message(session, message_id, by)
    return ExplainRead(stages=await deadlines.explain_deadlines(session, row))


@router.get(
    "/{message_id}/attachments/{attachment_id}",
    response_class=Response,
    responses={
        **problems(MessageNotFound, AttachmentNotFound, AttachmentLost, ValidationFailed),
        200: {
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            "description": "The file",
        },
    },
    summary="Download an attachment",
)
async def download_attachment(
    message_id: UUID, attachment_id: UUID, by: Reader, session: SessionDep, files: FilesDep
) -> Response:
    """Download a file of a message. Headers prevent browsers from displaying it or guessing its type."""
    row, content = await attachments.get_file(session, message_id, attachment_id, files, by=by)
    name = quote(to_download_name(row.name, row.content_type), safe="")
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "private, no-store",
    }
    return Response(content, headers=headers, media_type="application/octet-stream")


@router.get(
    "/{message_id}/case",
    response_class=Response,
    responses={
        **problems(MessageNotFound, ValidationFailed),
        200: {
            "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
            "description": "The case as a PDF file",
        },
    },
    summary="Get a message as a printable case",
)
async def print_case(message_id: UUID, by: Printer, session: SessionDep) -> Response:
    """Return a message as a printable case (PDF) with its conversation, decisions, deadlines and timeline."""
    row = await access.get_message(session, message_id, by)
    content = await case_pdf.render_case_pdf(session, row, by)
    headers = {"Content-Disposition": f'inline; filename="{row.number}.pdf"', "Cache-Control": "private, no-store"}
    return Response(content, headers=headers, media_type="application/pdf")


@router.get(
    "/{message_id}/timeline",
    response_model=TimelineRead,
    responses=problems(MessageNotFound, ValidationFailed),
    summary="Get the timeline of a message",
)
async def get_timeline(message_id: UUID, by: Reader, session: SessionDep) -> TimelineRead:
    """Return the events of a message in words, earliest first. API clients see messages and sent replies only."""
    row = await access.get_message(session, message_id, by)
    return TimelineRead(items=await queries.build_timeline(session, row, by))


@router.get(
    "/{message_id}/suggestions",
    response_model=SuggestionsRead,
    responses=problems(MessageNotFound, ValidationFailed),
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
