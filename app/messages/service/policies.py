"""Deadline policies and their preview."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.calendar.rules.terms import Due, NoWorkingDay, Term, compute_due
from app.calendar.rules.working_days import WorkingCalendar
from app.calendar.service import load_calendar, parse_hours
from app.core import audit
from app.core.etags import IfMatch
from app.core.problems import FieldError, ValidationFailed
from app.core.references import unknown_reference
from app.core.schemas import apply_changes
from app.core.security import Principal
from app.interaction_points import service as points
from app.legal_acts import service as legal_acts
from app.messages.commands import NewPolicy, PolicyPreview, PreviewTerm
from app.messages.errors import DeadlinePolicyNotFound
from app.messages.models import DeadlinePolicy
from app.messages.rules.deadlines import Stage
from app.organizations import service as organizations


async def get_policy(session: AsyncSession, policy_id: UUID) -> DeadlinePolicy:
    """Return a policy. Raises `DeadlinePolicyNotFound`."""
    row = await session.get(DeadlinePolicy, policy_id)
    if row is None:
        raise DeadlinePolicyNotFound
    return row


async def create_policy(session: AsyncSession, new: NewPolicy, *, by: Principal) -> DeadlinePolicy:
    """Add a policy for deadlines that start while it is in force."""
    _validate(new.is_target, new.legal_act_id, new.valid_from, new.valid_to)
    if new.legal_act_id is not None:
        await legal_acts.get_referenced_act(session, new.legal_act_id, "/legal_act_id")
    if new.organization_id is not None:
        await organizations.get_referenced_organization(session, new.organization_id)
    await points.require_known(session, new.point_id, new.channel)
    row = DeadlinePolicy.model_validate(new)
    session.add(row)
    audit.record(session, by, "deadline_policy.created", "deadline_policy", row.id)
    return row


async def update_policy(
    session: AsyncSession, policy_id: UUID, changes: Mapping[str, Any], match: IfMatch, *, by: Principal
) -> DeadlinePolicy:
    """Update a policy. Deadlines that have started keep the policy as it was at their start."""
    row = await get_policy(session, policy_id)
    values = {name: changes.get(name, getattr(row, name)) for name in ("legal_act_id", "valid_from", "valid_to")}
    _validate(row.is_target, **values)
    if changes.get("legal_act_id") is not None:
        await legal_acts.get_referenced_act(session, changes["legal_act_id"], "/legal_act_id")
    match.require(row)
    changed = apply_changes(row, changes)
    audit.record(session, by, "deadline_policy.changed", "deadline_policy", row.id, fields=changed)
    return row


async def preview(session: AsyncSession, given: PolicyPreview, *, by: Principal) -> tuple[Stage, Due]:
    """Compute when a stage that started then would be due, by the calendar of the organization."""
    if (given.policy_id is None) == (given.policy is None):
        ru, en = "Укажите либо готовое правило, либо его параметры.", "Specify either policy_id or policy."
        raise ValidationFailed(field_errors=[FieldError("/policy", "one_of", ru, en)])
    calendar = await _load_calendar(session, given, by)
    stage, term = await _find_term(session, given)
    try:
        return stage, compute_due(term, given.started_at, calendar, given.pauses)
    except NoWorkingDay:
        ru, en = "В календаре не хватает рабочих дней.", "The calendar does not have enough working days."
        raise ValidationFailed(field_errors=[FieldError("/started_at", "no_working_day", ru, en)]) from None


async def _find_term(session: AsyncSession, given: PolicyPreview) -> tuple[Stage, Term]:
    policy: PreviewTerm | DeadlinePolicy | None = given.policy
    if policy is None:
        policy = await session.get(DeadlinePolicy, given.policy_id)
    if policy is None:
        raise unknown_reference("/policy_id")
    return policy.stage, Term(policy.unit, policy.amount, policy.roll)


async def _load_calendar(session: AsyncSession, given: PolicyPreview, by: Principal) -> WorkingCalendar:
    organization_id = given.organization_id or by.organization_id
    if organization_id is None:
        organization_id = (await organizations.get_ministry(session)).id
    await organizations.get_referenced_organization(session, organization_id)
    calendar = await load_calendar(session, organization_id)
    if given.policy is None or given.policy.working_hours is None:
        return calendar
    return replace(calendar, intervals=parse_hours(given.policy.working_hours, "/policy/working_hours"))


def _validate(is_target: bool, legal_act_id: UUID | None, valid_from: date | None, valid_to: date | None) -> None:
    if is_target and legal_act_id is not None:
        ru, en = "Для целевого срока правовой акт не указывается.", "A target cannot have a legal act."
        raise ValidationFailed(field_errors=[FieldError("/legal_act_id", "target_without_act", ru, en)])
    if valid_from is not None and valid_to is not None and valid_to < valid_from:
        ru, en = "Дата окончания раньше даты начала.", "The end date is before the start date."
        raise ValidationFailed(field_errors=[FieldError("/valid_to", "dates_reversed", ru, en)])
