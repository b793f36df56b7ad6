"""HTTP endpoints of replies."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlmodel import col

from app.core.deps import SessionDep
from app.core.etags import IfMatchDep, conditional, versioned
from app.core.idempotency import idempotent
from app.core.pagination import Page, PageDep, paginate
from app.core.problems import TransitionNotAllowed, problems
from app.core.schemas import EmptyBody
from app.core.security import Principal, requires
from app.messages.commands import NewReply
from app.messages.errors import (
    MessageNotFound,
    NotAnsweredByTemplate,
    NotAnsweredYet,
    OfferedPointNotInForce,
    ReplyNotFound,
    ReplyNotReady,
)
from app.messages.models import Reply
from app.messages.queries.replies import read_reply, select_replies, to_reply_read
from app.messages.schemas.replies import ReplyCreate, ReplyPatch, ReplyRead, ReplyReturn
from app.messages.service import access, replies, template_authoring
from app.reply_templates.commands import TemplateDraft
from app.reply_templates.errors import FourEyes, TemplateExists, TemplateNotFound, TooManyExamples
from app.reply_templates.queries import read_template
from app.reply_templates.schemas import DraftOf, TemplateRead

Reader = Annotated[Principal, requires("messages:read")]
Writer = Annotated[Principal, requires("replies:write")]
Approver = Annotated[Principal, requires("replies:approve")]
Sender = Annotated[Principal, requires("replies:send")]
TemplateWriter = Annotated[Principal, requires("messages:read", "templates:write")]

router = APIRouter(prefix="/messages/{message_id}/replies", tags=["replies"])
action = partial(router.post, response_model=ReplyRead)

FOUND = (MessageNotFound, ReplyNotFound)
CHANGES = (*FOUND, TransitionNotAllowed)
READY = (*CHANGES, OfferedPointNotInForce, ReplyNotReady)


@action("", status_code=201, responses=problems(MessageNotFound, TransitionNotAllowed), summary="Draft a reply")
@idempotent
async def draft_reply(message_id: UUID, body: ReplyCreate, by: Writer, session: SessionDep) -> Response:
    """Draft a reply from a text or a published template (O-6.2.3b, O-6.2.6). If both are given, the text is used."""
    row = await replies.draft_reply(session, message_id, body.to_command(NewReply), by=by)
    return await versioned(session, row, read_reply, 201)


@router.get("", response_model=Page[ReplyRead], responses=problems(MessageNotFound), summary="List replies")
async def list_replies(message_id: UUID, by: Reader, session: SessionDep, page: PageDep) -> Page[ReplyRead]:
    """List the replies of a message, oldest first. API clients see sent replies only."""
    message = await access.get_message(session, message_id, by)
    query = select_replies(message.id, by)
    return await paginate(session, query, page, to_reply_read, order=(col(Reply.id),), descending=False)


@router.get("/{reply_id}", response_model=ReplyRead, responses=problems(*FOUND), summary="Get a reply")
async def get_reply(message_id: UUID, reply_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Return one reply with its findings and delivery state."""
    return await conditional(request, session, await replies.get_reply(session, message_id, reply_id, by), read_reply)


@router.patch("/{reply_id}", response_model=ReplyRead, responses=problems(*CHANGES), summary="Update a reply")
async def edit_reply(
    message_id: UUID, reply_id: UUID, body: ReplyPatch, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Update a draft or a returned reply."""
    row = await replies.edit_reply(session, message_id, reply_id, body.changes(), match, by=by)
    return await versioned(session, row, read_reply)


@action("/{reply_id}/check", responses=problems(*FOUND), summary="Check the text of a reply")
async def check_reply(message_id: UUID, reply_id: UUID, body: EmptyBody, by: Writer, session: SessionDep) -> Response:
    """Check the text for its channel and client by the current rules (O-6.2.3b, O-6.2.4, O-6.2.5).

    The findings are stored with the reply; its ETag changes only if they changed. Errors block submission, approval
    and sending; warnings do not.
    """
    return await versioned(session, await replies.check_reply(session, message_id, reply_id, by), read_reply)


@action("/{reply_id}/submit", responses=problems(*READY), summary="Submit a reply for approval")
async def submit_reply(
    message_id: UUID, reply_id: UUID, body: EmptyBody, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Submit a reply for approval by the head. Errors of the check block it and are listed in the response."""
    row = await replies.submit_reply(session, message_id, reply_id, match, by=by)
    return await versioned(session, row, read_reply)


@action("/{reply_id}/approve", responses=problems(*READY, FourEyes), summary="Approve a reply")
async def approve_reply(
    message_id: UUID, reply_id: UUID, body: EmptyBody, by: Approver, session: SessionDep, match: IfMatchDep
) -> Response:
    """Approve a reply (O-10). The authors of its text may not approve it."""
    row = await replies.approve_reply(session, message_id, reply_id, match, by=by)
    return await versioned(session, row, read_reply)


@action("/{reply_id}/return", responses=problems(*CHANGES), summary="Return a reply for revision")
async def return_reply(
    message_id: UUID, reply_id: UUID, body: ReplyReturn, by: Approver, session: SessionDep, match: IfMatchDep
) -> Response:
    """Return a reply to its author with a reason."""
    row = await replies.return_reply(session, message_id, reply_id, body.reason, match, by=by)
    return await versioned(session, row, read_reply)


@action("/{reply_id}/send", status_code=202, responses=problems(*READY), summary="Send a reply")
async def send_reply(
    message_id: UUID, reply_id: UUID, body: EmptyBody, by: Sender, session: SessionDep, match: IfMatchDep
) -> Response:
    """Queue an approved reply for delivery. It is delivered within seconds and at most once.

    A `failed` reply can be sent again. `uncertain` means that the call was interrupted and the channel cannot tell
    whether the reply arrived; such a reply is not sent again automatically. Check the channel first and send it again
    only if it is not there, otherwise the client receives it twice.
    """
    row = await replies.send_reply(session, message_id, reply_id, match, by=by)
    return await versioned(session, row, read_reply, 202)


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
    return await versioned(session, row, partial(read_template, by=by))


@router.post(
    "/{reply_id}/draft_template",
    status_code=201,
    response_model=TemplateRead,
    responses=problems(*FOUND, NotAnsweredYet, TemplateExists),
    summary="Draft a template from a sent reply",
)
@idempotent
async def draft_of_reply(
    message_id: UUID, reply_id: UUID, body: DraftOf, by: TemplateWriter, session: SessionDep
) -> Response:
    """Draft a template of the caller's unit from a sent reply, with the message as its example (O-6.2.6).

    The client's name becomes a placeholder; contacts and other possible personal data are masked.
    """
    row = await template_authoring.draft_template_from_reply(
        session, message_id, reply_id, body.to_command(TemplateDraft), by=by
    )
    return await versioned(session, row, partial(read_template, by=by), 201)
