"""HTTP of messages as they come in and are read: intake, list, deadlines, timeline."""

from enum import StrEnum
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.deps import DatabaseDep, FilesDep, SessionDep
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
from app.messages.rules.attachments import to_download_name
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
    """Orders of the list."""

    NEWEST = "-registered_at"
    OLDEST = "registered_at"
    LATEST_RECEIVED = "-received_at"
    FIRST_RECEIVED = "received_at"
    FIRST_DUE = "due_at"
    LAST_DUE = "-due_at"
    LATEST_CHANGED = "-updated_at"
    FIRST_CHANGED = "updated_at"


async def _answer(session: AsyncSession, row: Message, by: Principal, status: int = 200) -> Response:
    return json_response((await queries.read_messages(session, [row], by))[0], version=row.version, status=status)


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
        200: {"model": MessageRead, "description": "The message that is there already, with the same content"},
    },
    summary="Hand in a message",
)
async def register_message(
    body: MessageCreate, by: Registrar, session: SessionDep, files: FilesDep, idempotency: IdempotencyDep
) -> Response:
    """Hand in a client's message or comment at an approved point (O-3, O-6.2.1).

    One message per point and `external_id`: a repeat with the same content answers 200 with the first, another
    content 409. With `external_id` null nothing is compared. A message belongs to the unit of its point until triage.
    """

    async def work() -> Response:
        message, is_new = await intake.register_message(session, body, files, by=by)
        return await _answer(session, message, by, 201 if is_new else 200)

    return await idempotency(session, by, work)


@router.get("", response_model=Page[MessageRead], responses=problems(ValidationFailed), summary="List messages")
async def list_messages(
    by: Reader,
    session: SessionDep,
    page: PageDep,
    filters: FiltersDep,
    sort: Annotated[
        MessageSort, Query(description="By `due_at`, those that nothing is due of come last either way.")
    ] = MessageSort.NEWEST,
) -> Page[MessageRead]:
    """The messages of one's own unit, or at the points granted to the API client; newest first."""
    name = sort.removeprefix("-")
    order = (col(Message.id),) if name == "registered_at" else (col(getattr(Message, name)), col(Message.id))
    rows, cursor, count = await paginate_rows(
        session, filters.query(by), page, order=order, descending=sort.startswith("-")
    )
    return Page(items=await queries.read_messages(session, rows, by), next_cursor=cursor, count=count)


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
    format: Annotated[TableFormat, Query(description="The kind of file.")] = TableFormat.CSV,
) -> Response:
    """The messages of one's unit as a table, with the filters of the list and the days of receipt; oldest first."""
    return await table_response(
        format, "messages", export.COLUMNS, export.export_pages(database, filters.query(by, received))
    )


@router.get(
    "/{message_id:uuid}",  # `:uuid` keeps /export and /bulk from being taken for an id by methods that they do not have
    response_model=MessageRead,
    responses=problems(MessageNotFound, ValidationFailed),
    summary="Get a message",
)
async def get_message(message_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """A message with its thread, replies and history (O-2.5)."""
    row = await access.get_message(session, message_id, by)
    return conditional_response(request, (await queries.read_messages(session, [row], by))[0], version=row.version)


@router.get(
    "/{message_id}/deadlines/explain",
    response_model=ExplainRead,
    responses=problems(MessageNotFound, ValidationFailed),
    summary="Explain the deadlines of a message",
)
async def explain_deadlines(message_id: UUID, by: Reader, session: SessionDep) -> ExplainRead:
    """Every deadline of the message with the steps of its reckoning in words: begun, skipped, moved, paused, met."""
    row = await access.get_message(session, message_id, by)
    return ExplainRead(stages=await deadlines.explain_deadlines(session, row))


@router.get(
    "/{message_id}/attachments/{attachment_id}",
    response_class=Response,
    responses={
        **problems(MessageNotFound, AttachmentNotFound, AttachmentLost, ValidationFailed),
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
            "description": "The case as PDF",
        },
    },
    summary="Print a case",
)
async def print_case(message_id: UUID, by: Printer, session: SessionDep) -> Response:
    """A message as a printable case (PDF): the conversation, decisions, deadlines, everything that happened."""
    row = await access.get_message(session, message_id, by)
    content = await case_pdf.render_case_pdf(session, row, by)
    headers = {"Content-Disposition": f'inline; filename="{row.number}.pdf"', "Cache-Control": "private, no-store"}
    return Response(content, headers=headers, media_type="application/pdf")


@router.get(
    "/{message_id}/timeline",
    response_model=TimelineRead,
    responses=problems(MessageNotFound, ValidationFailed),
    summary="Show a message's timeline",
)
async def get_timeline(message_id: UUID, by: Reader, session: SessionDep) -> TimelineRead:
    """Everything that happened, in the order of time and in words; an API client sees messages and sent replies."""
    row = await access.get_message(session, message_id, by)
    return TimelineRead(items=await queries.read_timeline(session, row, by))


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
    limit: Annotated[int, Query(ge=1, le=20, description="How many templates at most.")] = 5,
) -> SuggestionsRead:
    """The reply templates that fit a message, best first (O-6.2.6); its topic, proposed or decided, helps the rank."""
    row = await access.get_message(session, message_id, by)
    topic_id = row.topic_id or (row.proposal or {}).get("topic_id")
    return SuggestionsRead(items=await find_suggestions(session, row.text, by, limit=limit, topic_id=topic_id))
