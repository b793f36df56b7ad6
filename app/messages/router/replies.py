"""HTTP endpoints of replies."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlmodel import col

from app.core.deps import SessionDep
from app.core.etags import IfMatchDep, conditional_response, json_response
from app.core.idempotency import IdempotencyDep, IdempotencyKeyMalformed, IdempotencyKeyReused
from app.core.pagination import Page, PageDep, paginate
from app.core.problems import PreconditionFailed, PreconditionRequired, TransitionNotAllowed, ValidationFailed, problems
from app.core.schemas import EmptyBody
from app.core.security import Principal, requires
from app.messages import queries
from app.messages.errors import (
    MessageNotFound,
    NotAnsweredByTemplate,
    NotAnsweredYet,
    OfferedPointNotInForce,
    ReplyNotFound,
    ReplyNotReady,
)
from app.messages.models import Reply
from app.messages.schemas.messages import ReplyCreate, ReplyPatch, ReplyRead, ReplyReturn
from app.messages.service import access, replies, template_authoring
from app.reply_templates.commands import TemplateDraft
from app.reply_templates.errors import FourEyes, TemplateExists, TemplateNotFound, TooManyExamples
from app.reply_templates.queries import read_templates
from app.reply_templates.schemas import DraftOf, TemplateRead

Reader = Annotated[Principal, requires("messages:read")]
Writer = Annotated[Principal, requires("replies:write")]
Approver = Annotated[Principal, requires("replies:approve")]
Sender = Annotated[Principal, requires("replies:send")]
TemplateWriter = Annotated[Principal, requires("messages:read", "templates:write")]

router = APIRouter(prefix="/messages/{message_id}/replies", tags=["replies"])

FOUND = (MessageNotFound, ReplyNotFound, ValidationFailed)
CHANGES = (*FOUND, PreconditionFailed, PreconditionRequired, TransitionNotAllowed)


def _build_response(row: Reply, status: int = 200) -> Response:
    return json_response(queries.to_reply_read(row), version=row.version, status=status)


@router.post(
    "",
    status_code=201,
    response_model=ReplyRead,
    responses=problems(
        MessageNotFound, TransitionNotAllowed, ValidationFailed, IdempotencyKeyReused, IdempotencyKeyMalformed
    ),
    summary="Draft a reply",
)
async def draft_reply(
    message_id: UUID, body: ReplyCreate, by: Writer, session: SessionDep, idempotency: IdempotencyDep
) -> Response:
    """Draft a reply from a text or a published template (O-6.2.3b, O-6.2.6). If both are given, the text is used."""

    async def work() -> Response:
        return _build_response(await replies.draft_reply(session, message_id, body, by=by), 201)

    return await idempotency(session, by, work)


@router.get(
    "", response_model=Page[ReplyRead], responses=problems(MessageNotFound, ValidationFailed), summary="List replies"
)
async def list_replies(message_id: UUID, by: Reader, session: SessionDep, page: PageDep) -> Page[ReplyRead]:
    """List the replies of a message, oldest first. API clients see sent replies only."""
    message = await access.get_message(session, message_id, by)
    query = queries.select_replies(message.id, by)
    return await paginate(session, query, page, queries.to_reply_read, order=(col(Reply.id),), descending=False)


@router.get("/{reply_id}", response_model=ReplyRead, responses=problems(*FOUND), summary="Get a reply")
async def get_reply(message_id: UUID, reply_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Return one reply with its findings and delivery state."""
    row = await replies.get_reply(session, message_id, reply_id, by)
    return conditional_response(request, queries.to_reply_read(row), version=row.version)


@router.patch("/{reply_id}", response_model=ReplyRead, responses=problems(*CHANGES), summary="Update a reply")
async def edit_reply(
    message_id: UUID, reply_id: UUID, body: ReplyPatch, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Update a draft or a returned reply."""
    return _build_response(await replies.edit_reply(session, message_id, reply_id, body, match, by=by))


@router.post(
    "/{reply_id}/check",
    response_model=ReplyRead,
    responses=problems(*FOUND),
    summary="Check the text of a reply",
)
async def check_reply(message_id: UUID, reply_id: UUID, body: EmptyBody, by: Writer, session: SessionDep) -> Response:
    """Check the text for its channel and client by the current rules (O-6.2.3b, O-6.2.4, O-6.2.5).

    The findings are stored with the reply; its ETag changes only if they changed. Errors block submission, approval
    and sending; warnings do not.
    """
    return _build_response(await replies.check_reply(session, message_id, reply_id, by))


@router.post(
    "/{reply_id}/submit",
    response_model=ReplyRead,
    responses=problems(*CHANGES, OfferedPointNotInForce, ReplyNotReady),
    summary="Submit a reply for approval",
)
async def submit_reply(
    message_id: UUID, reply_id: UUID, body: EmptyBody, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Submit a reply for approval by the head. Errors of the check block it and are listed in the response."""
    return _build_response(await replies.submit_reply(session, message_id, reply_id, match, by=by))


@router.post(
    "/{reply_id}/approve",
    response_model=ReplyRead,
    responses=problems(*CHANGES, OfferedPointNotInForce, ReplyNotReady, FourEyes),
    summary="Approve a reply",
)
async def approve_reply(
    message_id: UUID, reply_id: UUID, body: EmptyBody, by: Approver, session: SessionDep, match: IfMatchDep
) -> Response:
    """Approve a reply (O-10). The authors of its text may not approve it."""
    return _build_response(await replies.approve_reply(session, message_id, reply_id, match, by=by))


@router.post(
    "/{reply_id}/return",
    response_model=ReplyRead,
    responses=problems(*CHANGES),
    summary="Return a reply for revision",
)
async def return_reply(
    message_id: UUID, reply_id: UUID, body: ReplyReturn, by: Approver, session: SessionDep, match: IfMatchDep
) -> Response:
    """Return a reply to its author with a reason."""
    return _build_response(await replies.return_reply(session, message_id, reply_id, body.reason, match, by=by))


@router.post(
    "/{reply_id}/send",
    status_code=202,
    response_model=ReplyRead,
    responses=problems(*CHANGES, OfferedPointNotInForce, ReplyNotReady),
    summary="Send a reply",
)
async def send_reply(
    message_id: UUID, reply_id: UUID, body: EmptyBody, by: Sender, session: SessionDep, match: IfMatchDep
) -> Response:
    """Queue an approved reply for delivery. It is delivered within seconds and at most once.

    A `failed` reply can be sent again. `uncertain` means that the call was interrupted and the channel cannot tell
    whether the reply arrived; such a reply is not sent again automatically. Check the channel first and send it again
    only if it is not there, otherwise the client receives it twice.
    """
    return _build_response(await replies.send_reply(session, message_id, reply_id, match, by=by), 202)


@router.post(
    "/{reply_id}/take_example",
    response_model=TemplateRead,
    responses=problems(*CHANGES, TemplateNotFound, NotAnsweredByTemplate, TooManyExamples),
    summary="Add a message to the template's examples",
)
async def take_template_example(
    message_id: UUID, reply_id: UUID, body: EmptyBody, by: TemplateWriter, session: SessionDep, match: IfMatchDep
) -> Response:
    """Add the message to the examples of the template that answered it, and return the template (O-6.2.6).

    The template must belong to the caller's unit. The client's name and contacts and other possible personal data are
    masked. A repeated call changes nothing. `If-Match` takes the ETag of the reply.
    """
    row = await template_authoring.add_example_from_message(session, message_id, reply_id, match, by=by)
    return json_response((await read_templates(session, [row], by))[0], version=row.version)


@router.post(
    "/{reply_id}/draft_template",
    status_code=201,
    response_model=TemplateRead,
    responses=problems(*FOUND, NotAnsweredYet, TemplateExists, IdempotencyKeyReused, IdempotencyKeyMalformed),
    summary="Draft a template from a sent reply",
)
async def draft_of_reply(
    message_id: UUID,
    reply_id: UUID,
    body: DraftOf,
    by: TemplateWriter,
    session: SessionDep,
    idempotency: IdempotencyDep,
) -> Response:
    """Draft a template of the caller's unit from a sent reply, with the message as its example (O-6.2.6).

    The client's name becomes a placeholder; contacts and other possible personal data are masked.
    """

    async def work() -> Response:
        draft = body.to_command(TemplateDraft)
        row = await template_authoring.draft_template_from_reply(session, message_id, reply_id, draft, by=by)
        return json_response((await read_templates(session, [row], by))[0], version=row.version, status=201)

    return await idempotency(session, by, work)
