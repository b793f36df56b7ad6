"""Deadline policies and their preview."""

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
from app.messages.queries.calendar import load_calendar
from app.messages.rules import deadlines as rules
from app.messages.rules.calendar import WorkingCalendar, parse_intervals
from app.messages.rules.deadlines import Due, Pause, Stage, Term
from app.messages.schemas.deadlines import DeadlinePolicyCreate, DeadlinePolicyPatch, DeadlinePreview
from app.organizations import service as organizations
from app.organizations.models import Organization


async def get_policy(session: AsyncSession, policy_id: UUID) -> DeadlinePolicy:
    """Return a policy. Raises `DeadlinePolicyNotFound`."""
    row = await session.get(DeadlinePolicy, policy_id)
    if row is None:
        raise DeadlinePolicyNotFound
    return row


async def create_policy(session: AsyncSession, body: DeadlinePolicyCreate, *, by: Principal) -> DeadlinePolicy:
    """Add a policy for deadlines that start while it is in force."""
    _validate(body.is_target, body.legal_act_id, body.valid_from, body.valid_to)
    await _require_references(session, body)
    values = body.model_dump(exclude={"interaction_point_id"})
    row = DeadlinePolicy.model_validate(values, update={"point_id": body.interaction_point_id})
    session.add(row)
    audit.record(session, by, "deadline_policy.created", "deadline_policy", row.id)
    await session.flush()  # reports a key that is taken
    return row


async def update_policy(
    session: AsyncSession, policy_id: UUID, body: DeadlinePolicyPatch, match: IfMatch, *, by: Principal
) -> DeadlinePolicy:
    """Update a policy. Deadlines that have started keep the policy as it was at their start."""
    row = await get_policy(session, policy_id)
    sent = {name: getattr(body, name) for name in body.model_fields_set}
    values = {name: sent.get(name, getattr(row, name)) for name in ("legal_act_id", "valid_from", "valid_to")}
    _validate(row.is_target, **values)
    if body.legal_act_id is not None:
        await legal_acts.get_referenced_act(session, body.legal_act_id, "/legal_act_id")
    match.require(row)
    changed = apply_changes(row, body)
    audit.record(session, by, "deadline_policy.changed", "deadline_policy", row.id, fields=changed)
    await session.flush()  # raises the version
    return row


async def preview(session: AsyncSession, body: DeadlinePreview, *, by: Principal) -> tuple[Stage, Due]:
    """Compute when a stage that started then would be due, by the calendar of the organization."""
    if (body.policy_id is None) == (body.policy is None):
        ru, en = "Укажите либо готовое правило, либо его параметры.", "Specify either policy_id or policy."
        raise ValidationFailed(field_errors=[FieldError("/policy", "one_of", ru, en)])
    calendar = await _load_calendar(session, body, by)
    stage, term = await _resolve_term(session, body)
    pauses = [Pause(pause.since, pause.until) for pause in body.pauses]
    try:
        return stage, rules.compute_due(term, body.started_at, calendar, pauses)
    except rules.NoWorkingDay:
        ru, en = "В календаре не хватает рабочих дней.", "The calendar does not have enough working days."
        raise ValidationFailed(field_errors=[FieldError("/started_at", "no_working_day", ru, en)]) from None


async def _resolve_term(session: AsyncSession, body: DeadlinePreview) -> tuple[Stage, Term]:
    inline = body.policy
    if inline is not None:
        return inline.stage, Term(inline.unit, inline.amount, inline.roll)
    row = await session.get(DeadlinePolicy, body.policy_id)
    if row is None:
        raise unknown_reference("/policy_id")
    return row.stage, Term(row.unit, row.amount, row.roll)


async def _load_calendar(session: AsyncSession, body: DeadlinePreview, by: Principal) -> WorkingCalendar:
    organization_id = body.organization_id or by.organization_id
    if organization_id is None:
        organization_id = (await organizations.get_ministry(session)).id
    if await session.get(Organization, organization_id) is None:
        raise unknown_reference("/organization_id")
    calendar = await load_calendar(session, organization_id)
    if body.policy is None or body.policy.working_hours is None:
        return calendar
    try:
        intervals = parse_intervals(body.policy.working_hours)
    except ValueError:
        ru = "Укажите интервалы по порядку, без пересечений, общей длительностью не менее часа."
        en = "Intervals must be in order, must not overlap and must last at least an hour in total."
        raise ValidationFailed(field_errors=[FieldError("/policy/working_hours", "working_hours", ru, en)]) from None
    return WorkingCalendar(calendar.zone, intervals, calendar.overrides)


def _validate(is_target: bool, legal_act_id: Any, valid_from: date | None, valid_to: date | None) -> None:
    if is_target and legal_act_id is not None:
        ru, en = "Для целевого срока правовой акт не указывается.", "A target cannot have a legal act."
        raise ValidationFailed(field_errors=[FieldError("/legal_act_id", "target_without_act", ru, en)])
    if valid_from is not None and valid_to is not None and valid_to < valid_from:
        ru, en = "Дата окончания раньше даты начала.", "The end date is before the start date."
        raise ValidationFailed(field_errors=[FieldError("/valid_to", "dates_reversed", ru, en)])


async def _require_references(session: AsyncSession, body: DeadlinePolicyCreate) -> None:
    if body.legal_act_id is not None:
        await legal_acts.get_referenced_act(session, body.legal_act_id, "/legal_act_id")
    if body.organization_id is not None and await session.get(Organization, body.organization_id) is None:
        raise unknown_reference("/organization_id")
    await points.require_known(session, body.interaction_point_id, body.channel)
