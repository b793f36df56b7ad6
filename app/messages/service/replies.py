"""Replies: drafting, checking, approval by another employee, sending (O-6.2.3b, O-10)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.etags import IfMatch
from app.core.outbox import Event, emit
from app.core.problems import FieldError, ValidationFailed
from app.core.security import Principal
from app.messages.commands import NewReply
from app.messages.errors import ReplyNotFound
from app.messages.events import ReplyApproved, ReplyReturned, ReplySubmitted
from app.messages.models import Message, Reply
from app.messages.rules.approval import needs_approval
from app.messages.rules.enums import Competence
from app.messages.rules.states import (
    MESSAGE_TRANSITIONS,
    REPLY_TRANSITIONS,
    MessageMove,
    MessageState,
    ReplyMove,
    ReplyState,
)
from app.messages.rules.text_similarity import compute_changed_share
from app.messages.service import deadlines, offered_points, outgoing, text_checks
from app.messages.service.access import get_message
from app.messages.service.transitions import apply_transition, mark_changed
from app.organizations import service as organizations
from app.reply_templates.errors import FourEyes
from app.reply_templates.search.service.learned_choices import record_choice
from app.reply_templates.service import rendering as template_service
from app.reply_templates.service.rendering import UsableTemplate


async def get_reply(session: AsyncSession, message_id: UUID, reply_id: UUID, by: Principal) -> Reply:
    """Return a reply of a message. Raises `MessageNotFound`, `ReplyNotFound`."""
    return (await get_message_and_reply(session, message_id, reply_id, by))[1]


async def draft_reply(session: AsyncSession, message_id: UUID, draft: NewReply, *, by: Principal) -> Reply:
    """Draft a reply from a text or a published template with values. If both are given, the text is used."""
    template_service.require_known_values(draft.values)
    message = await get_message(session, message_id, by, lock=True)
    text, template = await _resolve_text(session, draft.text, draft.template_id, draft.values, by)
    await offered_points.validate_offered_points(session, draft.kind, draft.offered_point_ids)
    if message.state is MessageState.AWAITING_CLIENT:  # the reply is drafted without waiting for the client
        await deadlines.resume(session, message, clock.now())
    if message.need is None:  # stage 1 precedes stage 2, for an appeal too (O-6.2.3)
        raise MESSAGE_TRANSITIONS.refuse(message.state, MessageMove.DRAFT_REPLY)
    apply_transition(session, message, MessageMove.DRAFT_REPLY, by)
    reply = Reply(
        message_id=message.id,
        kind=draft.kind,
        state=ReplyState.DRAFT,
        text=text,
        template_id=draft.template_id,
        template_version=template.version if template else None,
        template_past_review_since=template.past_review_since if template else None,
        template_values=dict(draft.values),
        offered_point_ids=[str(point_id) for point_id in draft.offered_point_ids],
        is_own_text=draft.text is not None,
        drafted_by=by.id,
        author_ids=[str(by.id)],
        created_at=clock.now(),
    )
    await text_checks.store_findings(session, message, reply)
    session.add(reply)
    if reply.template_id is not None:
        await record_choice(session, reply.template_id, message.text)
    audit.record(session, by, "reply.drafted", "reply", reply.id)
    return reply


async def edit_reply(
    session: AsyncSession,
    message_id: UUID,
    reply_id: UUID,
    changes: Mapping[str, Any],
    match: IfMatch,
    *,
    by: Principal,
) -> Reply:
    """Update a draft or a returned reply."""
    template_service.require_known_values(changes.get("values", {}))
    message, reply = await get_message_and_reply(session, message_id, reply_id, by, lock=True)
    match.require(reply)
    state = REPLY_TRANSITIONS.require(reply.state, ReplyMove.EDIT)
    if "offered_point_ids" in changes:
        await offered_points.validate_offered_points(session, reply.kind, changes["offered_point_ids"])
        reply.offered_point_ids = [str(point_id) for point_id in changes["offered_point_ids"]]
    text = changes.get("text")
    if text is not None and not changes.keys() & {"template_id", "values"}:
        reply.text = text  # the template and version are kept
        reply.is_own_text = True
    elif changes.keys() & {"text", "template_id", "values"}:
        template_id = changes.get("template_id", reply.template_id)
        values = changes.get("values", reply.template_values)
        reply.text, template = await _resolve_text(session, text, template_id, values, by)
        reply.template_version = template.version if template else None
        reply.template_past_review_since = template.past_review_since if template else None
        if template_id is not None and template_id != reply.template_id:
            await record_choice(session, template_id, message.text)
        reply.template_id, reply.template_values = template_id, dict(values)
        reply.is_own_text = text is not None
    reply.state = state
    if str(by.id) not in reply.author_ids:
        reply.author_ids = [*reply.author_ids, str(by.id)]
    await text_checks.store_findings(session, message, reply)
    mark_changed(message)
    audit.record(session, by, "reply.edited", "reply", reply.id, fields=sorted(changes))
    return reply


async def check_reply(session: AsyncSession, message_id: UUID, reply_id: UUID, by: Principal) -> Reply:
    """Check a reply by the current rules. A sent reply keeps the findings with which it was sent."""
    message, reply = await get_message_and_reply(session, message_id, reply_id, by, lock=True)
    if reply.state in text_checks.FINAL_STATES:
        return reply
    before = reply.findings
    await text_checks.store_findings(session, message, reply)
    if reply.findings != before:
        mark_changed(message)
    return reply


async def submit_reply(
    session: AsyncSession, message_id: UUID, reply_id: UUID, match: IfMatch, *, by: Principal
) -> Reply:
    """Submit a reply for approval, or approve it at once if the rule of the unit allows. Raises `ReplyNotReady`."""
    message, reply = await get_message_and_reply(session, message_id, reply_id, by, lock=True)
    match.require(reply)
    state = REPLY_TRANSITIONS.require(reply.state, ReplyMove.SUBMIT)
    await text_checks.require_ready(session, message, reply)
    unit = await organizations.get_unit(session, message.unit_id)
    apply_transition(session, message, MessageMove.SUBMIT_REPLY, by)
    reply.submitted_at, reply.returned_reason = clock.now(), None
    if not needs_approval(unit.approval_rule, has_template=reply.template_id is not None and not reply.is_own_text):
        reply.approved_at = reply.submitted_at
        event = ReplyApproved(message_id=message.id, reply_id=reply.id)
        return await _finish(session, reply, REPLY_TRANSITIONS.require(state, ReplyMove.APPROVE), by, event)
    submitted = ReplySubmitted(message_id=message.id, reply_id=reply.id, reply_version=reply.version)
    return await _finish(session, reply, state, by, submitted)


async def approve_reply(
    session: AsyncSession, message_id: UUID, reply_id: UUID, match: IfMatch, *, by: Principal
) -> Reply:
    """Approve a reply. Raises `FourEyes` for an author of its text."""
    message, reply = await get_message_and_reply(session, message_id, reply_id, by, lock=True)
    match.require(reply)
    state = REPLY_TRANSITIONS.require(reply.state, ReplyMove.APPROVE)
    if str(by.id) in reply.author_ids:
        raise FourEyes
    await text_checks.require_ready(session, message, reply)
    reply.approved_by, reply.approved_at = by.id, clock.now()
    mark_changed(message)
    return await _finish(session, reply, state, by, ReplyApproved(message_id=message.id, reply_id=reply.id))


async def return_reply(
    session: AsyncSession, message_id: UUID, reply_id: UUID, reason: str, match: IfMatch, *, by: Principal
) -> Reply:
    """Return a reply to its author with a reason."""
    message, reply = await get_message_and_reply(session, message_id, reply_id, by, lock=True)
    match.require(reply)
    state = REPLY_TRANSITIONS.require(reply.state, ReplyMove.RETURN)
    is_outside = message.competence is Competence.OUTSIDE
    apply_transition(
        session, message, MessageMove.RETURN_OUTSIDE_REPLY if is_outside else MessageMove.RETURN_REPLY, by, reason
    )
    reply.returned_reason, reply.approved_by, reply.approved_at = reason, None, None
    event = ReplyReturned(message_id=message.id, reply_id=reply.id, reply_version=reply.version)
    return await _finish(session, reply, state, by, event)


async def send_reply(
    session: AsyncSession, message_id: UUID, reply_id: UUID, match: IfMatch, *, by: Principal
) -> Reply:
    """Queue an approved, failed or uncertain reply for delivery by the worker."""
    message, reply = await get_message_and_reply(session, message_id, reply_id, by, lock=True)
    match.require(reply)
    state = REPLY_TRANSITIONS.require(reply.state, ReplyMove.SEND)
    await text_checks.require_ready(session, message, reply)
    apply_transition(session, message, MessageMove.SEND_REPLY, by)
    reply.changed_share = await _compute_changed_share(session, reply)
    await outgoing.queue_reply(session, message, reply)
    return await _finish(session, reply, state, by, None)


async def _compute_changed_share(session: AsyncSession, reply: Reply) -> float | None:
    """Return the share of the text that differs from the template; None without a template (O-6.2.6)."""
    if reply.template_id is None or reply.template_version is None:
        return None
    number, values = reply.template_version, reply.template_values
    return compute_changed_share(
        await template_service.render_text(session, reply.template_id, number, values), reply.text
    )


async def get_message_and_reply(
    session: AsyncSession, message_id: UUID, reply_id: UUID, by: Principal, *, lock: bool = False
) -> tuple[Message, Reply]:
    """Return a message and its reply if the caller may see them. Raises `MessageNotFound`, `ReplyNotFound`.

    With `lock` the message is locked until the transaction ends, which protects its replies too.
    """
    message = await get_message(session, message_id, by, lock=lock)
    reply = (await session.exec(select(Reply).where(Reply.id == reply_id, Reply.message_id == message.id))).first()
    if reply is None or (by.kind == "client" and reply.state is not ReplyState.SENT):
        raise ReplyNotFound
    return message, reply


async def _finish(session: AsyncSession, reply: Reply, state: ReplyState, by: Principal, event: Event | None) -> Reply:
    reply.state = state
    audit.record(session, by, f"reply.{state.value}", "reply", reply.id, fields=["state"])
    if event is not None:
        emit(session, event)
    return reply


async def _resolve_text(
    session: AsyncSession, text: str | None, template_id: UUID | None, values: Mapping[str, str], by: Principal
) -> tuple[str, UsableTemplate | None]:
    """Return the text of the reply and the template used. A given text takes precedence over the template."""
    if template_id is None:
        if text is None:
            ru, en = "Напишите текст или выберите шаблон.", "Specify a text or a template."
            raise ValidationFailed(field_errors=[FieldError("/text", "missing", ru, en)])
        return text, None
    template = await template_service.use_template(session, template_id, by)
    return text if text is not None else template.filled(values), template
