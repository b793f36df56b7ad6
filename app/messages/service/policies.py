"""Deadline policies as data, and what they would say of any start."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit
from app.core.etags import IfMatch
from app.core.problems import FieldError, ValidationFailed
from app.core.references import unknown_reference
from app.core.schemas import apply_changes
from app.core.security import Principal
from app.interaction_points import service as points
from app.legal_acts import service as legal_acts
from app.messages.errors import DeadlinePolicyNotFound
from app.messages.models import DeadlinePolicy
from app.messages.queries import load_calendar
from app.messages.rules import deadlines as rules
from app.messages.rules.calendar import WorkingCalendar, read_intervals
from app.messages.rules.deadlines import Due, Pause, Stage, Term
from app.messages.schemas.deadlines import DeadlinePolicyCreate, DeadlinePolicyPatch, DeadlinePreview
from app.organizations import service as organizations
from app.organizations.models import Organization


async def get_policy(session: AsyncSession, policy_id: UUID) -> DeadlinePolicy:
    """The policy, or `DeadlinePolicyNotFound`."""
    row = await session.get(DeadlinePolicy, policy_id)
    if row is None:
        raise DeadlinePolicyNotFound
    return row


async def create_policy(session: AsyncSession, body: DeadlinePolicyCreate, *, by: Principal) -> DeadlinePolicy:
    """Add a policy; it judges the cases that begin while it is in force."""
    _require_sound(body.is_target, body.legal_act_id, body.valid_from, body.valid_to)
    await _require_references(session, body)
    told = body.model_dump(exclude={"interaction_point_id"})
    row = DeadlinePolicy.model_validate(told, update={"point_id": body.interaction_point_id})
    session.add(row)
    audit.record(session, by, "deadline_policy.created", "deadline_policy", row.id)
    await session.flush()  # the answer tells of a taken key
    return row


async def update_policy(
    session: AsyncSession, policy_id: UUID, body: DeadlinePolicyPatch, match: IfMatch, *, by: Principal
) -> DeadlinePolicy:
    """Change a policy for the cases to come; those that have begun keep the policy of their day."""
    row = await get_policy(session, policy_id)
    sent = {name: getattr(body, name) for name in body.model_fields_set}
    told = {name: sent.get(name, getattr(row, name)) for name in ("legal_act_id", "valid_from", "valid_to")}
    _require_sound(row.is_target, **told)
    if body.legal_act_id is not None:
        await legal_acts.get_referenced_act(session, body.legal_act_id, "/legal_act_id")
    match.require(row)
    changed = apply_changes(row, body)
    audit.record(session, by, "deadline_policy.changed", "deadline_policy", row.id, fields=changed)
    await session.flush()  # the version is counted at the flush
    return row


async def preview(session: AsyncSession, body: DeadlinePreview, *, by: Principal) -> tuple[Stage, Due]:
    """When the stage of a policy would be due that started then, by the organization's calendar."""
    if (body.policy_id is None) == (body.policy is None):
        ru, en = "Укажите либо policy_id, либо policy.", "Give either policy_id or policy."
        raise ValidationFailed(field_errors=[FieldError("/policy", "one_of", ru, en)])
    calendar = await _calendar(session, body, by)
    stage, term = await _tried(session, body)
    pauses = [Pause(pause.since, pause.until) for pause in body.pauses]
    try:
        return stage, rules.compute_due(term, body.started_at, calendar, pauses)
    except rules.NoWorkingDay:
        ru, en = "В календаре не хватает рабочих дней.", "The calendar has not working days enough."
        raise ValidationFailed(field_errors=[FieldError("/started_at", "no_working_day", ru, en)]) from None


async def _tried(session: AsyncSession, body: DeadlinePreview) -> tuple[Stage, Term]:
    inline = body.policy
    if inline is not None:
        return inline.stage, Term(inline.unit, inline.amount, inline.roll)
    row = await session.get(DeadlinePolicy, body.policy_id)
    if row is None:
        raise unknown_reference("/policy_id")
    return row.stage, Term(row.unit, row.amount, row.roll)


async def _calendar(session: AsyncSession, body: DeadlinePreview, by: Principal) -> WorkingCalendar:
    organization_id = body.organization_id or by.organization_id
    if organization_id is None:
        organization_id = (await organizations.get_ministry(session)).id
    if await session.get(Organization, organization_id) is None:
        raise unknown_reference("/organization_id")
    calendar = await load_calendar(session, organization_id)
    if body.policy is None or body.policy.working_hours is None:
        return calendar
    try:
        intervals = read_intervals(body.policy.working_hours)
    except ValueError:
        ru = "Интервалы идут по порядку, не пересекаются и вместе не короче часа."
        en = "Intervals stand in order, do not overlap and are an hour together."
        raise ValidationFailed(field_errors=[FieldError("/policy/working_hours", "working_hours", ru, en)]) from None
    return WorkingCalendar(calendar.zone, intervals, calendar.overrides)


def _require_sound(is_target: bool, legal_act_id: Any, valid_from: date | None, valid_to: date | None) -> None:
    if is_target and legal_act_id is not None:
        ru, en = "Цель не имеет правового акта.", "A target has no legal act."
        raise ValidationFailed(field_errors=[FieldError("/legal_act_id", "target_without_act", ru, en)])
    if valid_from is not None and valid_to is not None and valid_to < valid_from:
        ru, en = "Дата окончания раньше даты начала.", "The end is before the start."
        raise ValidationFailed(field_errors=[FieldError("/valid_to", "dates_reversed", ru, en)])


async def _require_references(session: AsyncSession, body: DeadlinePolicyCreate) -> None:
    if body.legal_act_id is not None:
        await legal_acts.get_referenced_act(session, body.legal_act_id, "/legal_act_id")
    if body.organization_id is not None and await session.get(Organization, body.organization_id) is None:
        raise unknown_reference("/organization_id")
    await points.require_known(session, body.interaction_point_id, body.channel)
