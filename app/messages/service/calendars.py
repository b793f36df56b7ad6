"""Working calendars of organizations and their corrections (O-6.2.2)."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.etags import IfMatch
from app.core.problems import FieldError, ValidationFailed
from app.core.references import unknown_reference
from app.core.security import Principal
from app.messages.errors import CalendarDayNotFound
from app.messages.models import CalendarDay, WorkingHours
from app.messages.queries.calendar import load_own_hours
from app.messages.rules.calendar import WORKING_HOURS, DayKind, format_intervals, parse_intervals
from app.messages.schemas.deadlines import CalendarDayCreate, CalendarDayPatch, WorkingHoursPut
from app.messages.service import deadlines
from app.organizations import service as organizations
from app.organizations.models import Organization

MAX_ROLL = timedelta(days=40)
"""The maximum distance over which a deadline can be moved across days off."""


async def get_day(session: AsyncSession, day_id: UUID) -> CalendarDay:
    """Return a correction. Raises `CalendarDayNotFound`."""
    row = await session.get(CalendarDay, day_id)
    if row is None:
        raise CalendarDayNotFound
    return row


async def create_day(session: AsyncSession, body: CalendarDayCreate, *, by: Principal) -> CalendarDay:
    """Add a correction of a day and recalculate the open deadlines that it affects."""
    hours = _normalize_hours(body.kind, body.working_hours)
    if body.organization_id is not None and await session.get(Organization, body.organization_id) is None:
        raise unknown_reference("/organization_id")
    row = CalendarDay.model_validate(body, update={"working_hours": hours, "moved": _build_empty_moves()})
    session.add(row)
    audit.record(session, by, "calendar_day.created", "calendar_day", row.id)
    await session.flush()  # the calendar is loaded with the change
    row.moved = await _recalculate(session, row.organization_id, [row.day])
    await session.flush()  # raises the version
    return row


async def update_day(
    session: AsyncSession, day_id: UUID, body: CalendarDayPatch, match: IfMatch, *, by: Principal
) -> CalendarDay:
    """Update a correction and recalculate the open deadlines that it affects."""
    row = await get_day(session, day_id)
    sent = body.model_fields_set
    kind = body.kind if "kind" in sent else row.kind
    hours = body.working_hours if "working_hours" in sent else row.working_hours
    hours = _normalize_hours(kind, hours if kind is not DayKind.OFF else None)
    match.require(row)
    row.kind, row.working_hours = kind, hours
    if "name" in sent:
        row.name = body.name
    audit.record(session, by, "calendar_day.changed", "calendar_day", row.id, fields=sorted(sent))
    await session.flush()  # the calendar is loaded with the change
    row.moved = await _recalculate(session, row.organization_id, [row.day])
    await session.flush()  # raises the version
    return row


async def delete_day(session: AsyncSession, day_id: UUID, match: IfMatch, *, by: Principal) -> dict[str, Any]:
    """Delete a correction and return the deadlines that moved."""
    row = await get_day(session, day_id)
    match.require(row)
    await session.delete(row)
    audit.record(session, by, "calendar_day.deleted", "calendar_day", row.id)
    await session.flush()  # the calendar is loaded without the day
    return await _recalculate(session, row.organization_id, [row.day])


async def get_hours(session: AsyncSession, organization_id: UUID) -> WorkingHours:
    """Return the working hours of an organization; the default ones as a row that is not stored."""
    await organizations.get_organization(session, organization_id)
    row = await load_own_hours(session, organization_id)
    default_hours = format_intervals(WORKING_HOURS)
    return row or WorkingHours(organization_id=organization_id, working_hours=default_hours, version=0)


async def put_hours(
    session: AsyncSession, organization_id: UUID, body: WorkingHoursPut, match: IfMatch, *, by: Principal
) -> tuple[WorkingHours, dict[str, Any]]:
    """Set the hours of an ordinary working day; return them and the open deadlines that moved."""
    hours = _normalize_hours(DayKind.WORKING, body.working_hours)
    # Of two concurrent first changes the second waits for the first and fails with a stale ETag.
    lock = select(Organization.id).where(Organization.id == organization_id)
    await session.exec(lock.with_for_update(key_share=True))
    row = await get_hours(session, organization_id)
    match.require(row)
    if row.version == 0:
        row.version = 1
        session.add(row)
    row.working_hours = hours or []
    audit.record(session, by, "working_hours.changed", "organization", organization_id, fields=["working_hours"])
    await session.flush()  # the calendar is loaded with the change
    return row, await _recalculate(session, organization_id, [])


async def _recalculate(session: AsyncSession, organization_id: UUID | None, days: Sequence[date]) -> dict[str, Any]:
    """Recalculate the open deadlines affected by the days, or all of them without days; return those that moved."""
    periods = [(clock.day_starts_at(day) - MAX_ROLL, clock.day_ends_before(day) + timedelta(days=1)) for day in days]
    moved: list[dict[str, Any]] = []
    for affected_id in [organization_id] if organization_id else (await session.exec(select(Organization.id))).all():
        moved += await deadlines.recalculate(session, affected_id, periods)
    return {"count": len(moved), "items": moved[: deadlines.MAX_LISTED_MOVES]}


def _build_empty_moves() -> dict[str, Any]:
    return {"count": 0, "items": []}


def _normalize_hours(kind: DayKind, hours: Sequence[Sequence[str]] | None) -> list[list[str]] | None:
    """Return working hours as they are stored. A shortened day must have its own hours, a day off must have none."""
    if (kind is DayKind.OFF and hours is not None) or (kind is DayKind.SHORTENED and hours is None):
        ru = "Рабочие часы указываются для сокращённого дня и не указываются для выходного."
        raise ValidationFailed(
            field_errors=[
                FieldError("/working_hours", "working_hours", ru, "A shortened day requires hours; a day off has none.")
            ]
        )
    if hours is None:
        return None
    try:
        return format_intervals(parse_intervals(hours))
    except ValueError:
        ru = "Укажите интервалы по порядку, без пересечений, общей длительностью не менее часа."
        en = "Intervals must be in order, must not overlap and must last at least an hour in total."
        raise ValidationFailed(field_errors=[FieldError("/working_hours", "working_hours", ru, en)]) from None
