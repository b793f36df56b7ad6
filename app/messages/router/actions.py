"""HTTP endpoints of the actions on messages, such as triage, assignment and closing."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.deps import DatabaseDep, SessionDep
from app.core.etags import IfMatchDep, json_response
from app.core.idempotency import IdempotencyDep, IdempotencyKeyMalformed, IdempotencyKeyReused
from app.core.problems import PreconditionFailed, PreconditionRequired, TransitionNotAllowed, ValidationFailed, problems
from app.core.security import Principal, requires, requires_detached
from app.messages import queries
from app.messages.errors import (
    AppealKeepsItsClass,
    DifferentClients,
    ExtensionNotPossible,
    MessageNotFound,
    MoveToOtherUnit,
    NoAnswerReasonMissing,
    NoAppeal,
    NotAnsweredYet,
    ReplyNotReady,
    SameThread,
)
from app.messages.models import Message
from app.messages.schemas.messages import (
    AppealRegister,
    BulkRead,
    MessageAssign,
    MessageBulk,
    MessageClose,
    MessageDuplicate,
    MessageExtend,
    MessageMerge,
    MessageRead,
    MessageReason,
    MessageRedirect,
    MessageSatisfaction,
    MessageSpam,
    MessageTriage,
    RegistrationCorrect,
    RevisionCreate,
)
from app.messages.service import appeals, bulk, closing, extensions, redirects, threads, triage

Registrar = Annotated[Principal, requires("messages:register")]
Triager = Annotated[Principal, requires("messages:triage")]
Assigner = Annotated[Principal, requires("messages:assign")]
BulkAssigner = Annotated[Principal, requires_detached("messages:assign")]
Extender = Annotated[Principal, requires("messages:extend")]

router = APIRouter(prefix="/messages", tags=["messages"])

CHANGES = (MessageNotFound, ValidationFailed, PreconditionFailed, PreconditionRequired, TransitionNotAllowed)


async def _build_response(session: AsyncSession, row: Message, by: Principal, status: int = 200) -> Response:
    return json_response((await queries.build_message_reads(session, [row], by))[0], version=row.version, status=status)


@router.post("/bulk", response_model=BulkRead, responses=problems(ValidationFailed), summary="Update messages in bulk")
async def act_on_many(body: MessageBulk, by: BulkAssigner, database: DatabaseDep) -> BulkRead:
    """Assign, close or mark as spam up to 500 messages. The response gives the result for each message.

    A failure of one message does not affect the others. The messages are processed in batches, each committed
    separately; a call that was interrupted can be repeated and processes the remaining messages.
    """
    return await bulk.act_on_many(database, body, by=by)


@router.post(
    "/{message_id}/triage",
    response_model=MessageRead,
    responses=problems(*CHANGES, AppealKeepsItsClass),
    summary="Triage a message",
)
async def triage_message(
    message_id: UUID, body: MessageTriage, by: Triager, session: SessionDep, match: IfMatchDep
) -> Response:
    """Record the client's need and the decision on competence, class, topic and unit (O-6.2.1, O-6.2.3a)."""
    row = await triage.triage_message(session, message_id, body, match, by=by)
    return await _build_response(session, row, by)


@router.post(
    "/{message_id}/assign",
    response_model=MessageRead,
    responses=problems(*CHANGES, MoveToOtherUnit),
    summary="Assign a message",
)
async def assign_message(
    message_id: UUID, body: MessageAssign, by: Assigner, session: SessionDep, match: IfMatchDep
) -> Response:
    """Assign a message to an employee of the unit or to the caller. A head may move it to another unit."""
    row = await triage.assign_message(session, message_id, body, match, by=by)
    return await _build_response(session, row, by)


@router.post(
    "/{message_id}/redirect",
    response_model=MessageRead,
    responses=problems(*CHANGES, ReplyNotReady),
    summary="Redirect a message",
)
async def redirect_message(
    message_id: UUID, body: MessageRedirect, by: Triager, session: SessionDep, match: IfMatchDep
) -> Response:
    """Redirect a question outside the competence to the competent body and send the client the notice (O-6.2.1)."""
    row = await redirects.redirect_message(session, message_id, body, match, by=by)
    return await _build_response(session, row, by)


@router.post(
    "/{message_id}/extend",
    response_model=MessageRead,
    responses=problems(
        MessageNotFound, ValidationFailed, PreconditionFailed, PreconditionRequired, ExtensionNotPossible, ReplyNotReady
    ),
    summary="Extend the deadline of the final reply",
)
async def extend_message(
    message_id: UUID, body: MessageExtend, by: Extender, session: SessionDep, match: IfMatchDep
) -> Response:
    """Extend the deadline once, within the limit of its policy, and send the client a notice with the reason."""
    row = await extensions.extend_message(session, message_id, body, match, by=by)
    return await _build_response(session, row, by)


@router.post(
    "/{message_id}/register_as_appeal",
    response_model=MessageRead,
    responses=problems(*CHANGES, AppealKeepsItsClass),
    summary="Register a message as an appeal",
)
async def register_as_appeal(
    message_id: UUID, body: AppealRegister, by: Triager, session: SessionDep, match: IfMatchDep
) -> Response:
    """Register a message as an appeal under 59-FZ. The deadlines of the appeal start now."""
    row = await appeals.register_as_appeal(session, message_id, body, match, by=by)
    return await _build_response(session, row, by)


@router.post(
    "/{message_id}/correct_registration",
    response_model=MessageRead,
    responses=problems(MessageNotFound, ValidationFailed, PreconditionFailed, PreconditionRequired, NoAppeal),
    summary="Correct the registration number of an appeal",
)
async def correct_registration(
    message_id: UUID, body: RegistrationCorrect, by: Triager, session: SessionDep, match: IfMatchDep
) -> Response:
    """Correct a registration number. The previous one stays in the history; the deadlines do not change."""
    row = await appeals.correct_registration(session, message_id, body.registration_number, match, by=by)
    return await _build_response(session, row, by)


@router.post(
    "/{message_id}/close",
    response_model=MessageRead,
    responses=problems(*CHANGES, NoAnswerReasonMissing),
    summary="Close a message",
)
async def close_message(
    message_id: UUID, body: MessageClose, by: Triager, session: SessionDep, match: IfMatchDep
) -> Response:
    """Close a message with a reason.

    An appeal that was neither answered nor redirected also needs a reason of 59-FZ, article 11.
    """
    row = await closing.close_message(session, message_id, body.reason, body.no_answer_reason, match, by=by)
    return await _build_response(session, row, by)


@router.post(
    "/{message_id}/reopen",
    response_model=MessageRead,
    responses=problems(*CHANGES),
    summary="Reopen a message",
)
async def reopen_message(
    message_id: UUID, body: MessageReason, by: Triager, session: SessionDep, match: IfMatchDep
) -> Response:
    """Reopen a message that was answered, closed, redirected or marked as spam, or that awaits the client."""
    row = await closing.reopen_message(session, message_id, body.reason, match, by=by)
    return await _build_response(session, row, by)


@router.post(
    "/{message_id}/spam",
    response_model=MessageRead,
    responses=problems(*CHANGES, AppealKeepsItsClass),
    summary="Mark a message as spam",
)
async def mark_spam(
    message_id: UUID, body: MessageSpam, by: Triager, session: SessionDep, match: IfMatchDep
) -> Response:
    """Mark a message as spam. It is not deleted."""
    row = await closing.mark_spam(session, message_id, body.reason, match, by=by)
    return await _build_response(session, row, by)


@router.post(
    "/{message_id}/duplicate",
    response_model=MessageRead,
    responses=problems(*CHANGES, NoAnswerReasonMissing),
    summary="Mark a message as a duplicate",
)
async def mark_duplicate(
    message_id: UUID, body: MessageDuplicate, by: Triager, session: SessionDep, match: IfMatchDep
) -> Response:
    """Close a message as a duplicate of another and link it to that message. It is not deleted."""
    row = await closing.mark_duplicate(session, message_id, body.of, match, by=by)
    return await _build_response(session, row, by)


@router.post(
    "/{message_id}/merge",
    response_model=MessageRead,
    responses=problems(
        MessageNotFound, ValidationFailed, PreconditionFailed, PreconditionRequired, SameThread, DifferentClients
    ),
    summary="Merge two threads of a client",
)
async def merge_messages(
    message_id: UUID, body: MessageMerge, by: Triager, session: SessionDep, match: IfMatchDep
) -> Response:
    """Move the client's messages of this thread into the thread of another message of the same client (O-2.5)."""
    row = await threads.merge_messages(session, message_id, body.into, match, by=by)
    return await _build_response(session, row, by)


@router.post(
    "/{message_id}/revisions",
    status_code=201,
    response_model=MessageRead,
    responses=problems(MessageNotFound, ValidationFailed, IdempotencyKeyReused, IdempotencyKeyMalformed),
    summary="Report an edit or deletion at the source",
)
async def revise_message(
    message_id: UUID, body: RevisionCreate, by: Registrar, session: SessionDep, idempotency: IdempotencyDep
) -> Response:
    """Record that the client edited or deleted the message at its source. The old text is kept as a revision."""

    async def work() -> Response:
        return await _build_response(session, await threads.revise_message(session, message_id, body, by=by), by, 201)

    return await idempotency(session, by, work)


@router.post(
    "/{message_id}/satisfaction",
    response_model=MessageRead,
    responses=problems(MessageNotFound, ValidationFailed, PreconditionFailed, PreconditionRequired, NotAnsweredYet),
    summary="Record the client's rating of the answer",
)
async def rate_answer(
    message_id: UUID, body: MessageSatisfaction, by: Registrar, session: SessionDep, match: IfMatchDep
) -> Response:
    """Record the client's rating of the answer. A later rating replaces an earlier one."""
    row = await closing.rate_answer(session, message_id, body.satisfaction, match, by=by)
    return await _build_response(session, row, by)
