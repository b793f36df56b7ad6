"""HTTP endpoints of the actions on a message, such as triage, assignment and closing."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from app.core.deps import SessionDep
from app.core.etags import IfMatchDep
from app.core.idempotency import idempotent
from app.core.problems import TransitionNotAllowed, problems
from app.core.security import Principal, requires
from app.messages.commands import TriageDecision
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
from app.messages.router.responses import message_response
from app.messages.schemas.actions import (
    AppealRegister,
    MessageAssign,
    MessageClose,
    MessageDuplicate,
    MessageExtend,
    MessageMerge,
    MessageReason,
    MessageRedirect,
    MessageSpam,
    MessageTriage,
    RegistrationCorrect,
)
from app.messages.schemas.messages import MessageRead
from app.messages.schemas.registration import MessageSatisfaction, RevisionCreate
from app.messages.service import appeals, closing, extensions, redirects, threads, triage

Registrar = Annotated[Principal, requires("messages:register")]
Triager = Annotated[Principal, requires("messages:triage")]
Assigner = Annotated[Principal, requires("messages:assign")]
Extender = Annotated[Principal, requires("messages:extend")]

router = APIRouter(prefix="/messages/{message_id}", tags=["messages"], responses=problems(MessageNotFound))
action = partial(router.post, response_model=MessageRead)


@action("/triage", responses=problems(TransitionNotAllowed, AppealKeepsItsClass), summary="Triage a message")
async def triage_message(
    message_id: UUID, body: MessageTriage, by: Triager, session: SessionDep, match: IfMatchDep
) -> Response:
    """Record the client's need and the decision on competence, class, topic and unit (O-6.2.1, O-6.2.3a)."""
    decision = body.to_command(TriageDecision, need=body.need.summary)
    return await message_response(session, await triage.triage_message(session, message_id, decision, match, by=by), by)


@action("/assign", responses=problems(TransitionNotAllowed, MoveToOtherUnit), summary="Assign a message")
async def assign_message(
    message_id: UUID, body: MessageAssign, by: Assigner, session: SessionDep, match: IfMatchDep
) -> Response:
    """Assign a message to an employee of the unit or to the caller. A head may move it to another unit."""
    row = await triage.assign_message(
        session, message_id, match, assignee_id=body.assignee_id, unit_id=body.unit_id, by=by
    )
    return await message_response(session, row, by)


@action("/redirect", responses=problems(TransitionNotAllowed, ReplyNotReady), summary="Redirect a message")
async def redirect_message(
    message_id: UUID, body: MessageRedirect, by: Triager, session: SessionDep, match: IfMatchDep
) -> Response:
    """Redirect a question outside the competence to the competent body and send the client the notice (O-6.2.1)."""
    row = await redirects.redirect_message(
        session, message_id, match, to=body.to, legal_act_id=body.legal_act_id, text=body.text, by=by
    )
    return await message_response(session, row, by)


@action(
    "/extend",
    responses=problems(ExtensionNotPossible, ReplyNotReady),
    summary="Extend the deadline of the final reply",
)
async def extend_message(
    message_id: UUID, body: MessageExtend, by: Extender, session: SessionDep, match: IfMatchDep
) -> Response:
    """Extend the deadline once, within the limit of its policy, and send the client a notice with the reason."""
    row = await extensions.extend_message(session, message_id, match, reason=body.reason, days=body.days, by=by)
    return await message_response(session, row, by)


@action(
    "/register_as_appeal",
    responses=problems(TransitionNotAllowed, AppealKeepsItsClass),
    summary="Register a message as an appeal",
)
async def register_as_appeal(
    message_id: UUID, body: AppealRegister, by: Triager, session: SessionDep, match: IfMatchDep
) -> Response:
    """Register a message as an appeal under 59-FZ. The deadlines of the appeal start now."""
    row = await appeals.register_as_appeal(
        session, message_id, match, came_by=body.came_by, registration_number=body.registration_number, by=by
    )
    return await message_response(session, row, by)


@action(
    "/correct_registration",
    responses=problems(NoAppeal),
    summary="Correct the registration number of an appeal",
)
async def correct_registration(
    message_id: UUID, body: RegistrationCorrect, by: Triager, session: SessionDep, match: IfMatchDep
) -> Response:
    """Correct a registration number. The previous one stays in the history; the deadlines do not change."""
    row = await appeals.correct_registration(session, message_id, body.registration_number, match, by=by)
    return await message_response(session, row, by)


@action("/close", responses=problems(TransitionNotAllowed, NoAnswerReasonMissing), summary="Close a message")
async def close_message(
    message_id: UUID, body: MessageClose, by: Triager, session: SessionDep, match: IfMatchDep
) -> Response:
    """Close a message with a reason.

    An appeal that was neither answered nor redirected also needs a reason of 59-FZ, article 11.
    """
    row = await closing.close_message(session, message_id, body.reason, body.no_answer_reason, match, by=by)
    return await message_response(session, row, by)


@action("/reopen", responses=problems(TransitionNotAllowed), summary="Reopen a message")
async def reopen_message(
    message_id: UUID, body: MessageReason, by: Triager, session: SessionDep, match: IfMatchDep
) -> Response:
    """Reopen a message that was answered, closed, redirected or marked as spam, or that awaits the client."""
    return await message_response(
        session, await closing.reopen_message(session, message_id, body.reason, match, by=by), by
    )


@action("/spam", responses=problems(TransitionNotAllowed, AppealKeepsItsClass), summary="Mark a message as spam")
async def mark_spam(
    message_id: UUID, body: MessageSpam, by: Triager, session: SessionDep, match: IfMatchDep
) -> Response:
    """Mark a message as spam. It is not deleted."""
    return await message_response(session, await closing.mark_spam(session, message_id, body.reason, match, by=by), by)


@action(
    "/duplicate",
    responses=problems(TransitionNotAllowed, NoAnswerReasonMissing),
    summary="Mark a message as a duplicate",
)
async def mark_duplicate(
    message_id: UUID, body: MessageDuplicate, by: Triager, session: SessionDep, match: IfMatchDep
) -> Response:
    """Close a message as a duplicate of another and link it to that message. It is not deleted."""
    return await message_response(session, await closing.mark_duplicate(session, message_id, body.of, match, by=by), by)


@action("/merge", responses=problems(SameThread, DifferentClients), summary="Merge two threads of a client")
async def merge_messages(
    message_id: UUID, body: MessageMerge, by: Triager, session: SessionDep, match: IfMatchDep
) -> Response:
    """Move the client's messages of this thread into the thread of another message of the same client (O-2.5)."""
    return await message_response(
        session, await threads.merge_messages(session, message_id, body.into, match, by=by), by
    )


@action("/revisions", status_code=201, summary="Report an edit or deletion at the source")
@idempotent
async def revise_message(message_id: UUID, body: RevisionCreate, by: Registrar, session: SessionDep) -> Response:
    """Record that the client edited or deleted the message at its source. The old text is kept as a revision."""
    row = await threads.revise_message(
        session, message_id, text=body.text, is_deleted=body.is_deleted, changed_at=body.changed_at, by=by
    )
    return await message_response(session, row, by, 201)


@action("/satisfaction", responses=problems(NotAnsweredYet), summary="Record the client's rating of the answer")
async def rate_answer(
    message_id: UUID, body: MessageSatisfaction, by: Registrar, session: SessionDep, match: IfMatchDep
) -> Response:
    """Record the client's rating of the answer. A later rating replaces an earlier one."""
    row = await closing.rate_answer(session, message_id, body.satisfaction, match, by=by)
    return await message_response(session, row, by)
