"""The working calendar of an organization, its corrections, and what their change moves (O-6.2.2)."""

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
from app.messages.queries import load_own_hours
from app.messages.rules.calendar import WORKING_HOURS, DayKind, read_intervals, tell_intervals
from app.messages.schemas.deadlines import CalendarDayCreate, CalendarDayPatch, WorkingHoursPut
from app.messages.service import deadlines
from app.organizations import service as organizations
from app.organizations.models import Organization

LONGEST_ROLL = timedelta(days=40)
"""How far before a corrected day a deadline may stand that had been moved over it."""


async def get_day(session: AsyncSession, day_id: UUID) -> CalendarDay:
    """The correction, or `CalendarDayNotFound`."""
    row = await session.get(CalendarDay, day_id)
    if row is None:
        raise CalendarDayNotFound
    return row


async def create_day(session: AsyncSession, body: CalendarDayCreate, *, by: Principal) -> CalendarDay:
    """Correct a day, and move the deadlines that run over it."""
    hours = _hours(body.kind, body.working_hours)
    if body.organization_id is not None and await session.get(Organization, body.organization_id) is None:
        raise unknown_reference("/organization_id")
    row = CalendarDay.model_validate(body, update={"working_hours": hours, "moved": _nothing()})
    session.add(row)
    audit.record(session, by, "calendar_day.created", "calendar_day", row.id)
    await session.flush()  # the calendar is read anew with it
    row.moved = await _recalculate(session, row.organization_id, [row.day])
    await session.flush()  # the version is counted at the flush
    return row


async def update_day(
    session: AsyncSession, day_id: UUID, body: CalendarDayPatch, match: IfMatch, *, by: Principal
) -> CalendarDay:
    """Change what a day is."""
    row = await get_day(session, day_id)
    sent = body.model_fields_set
    kind = body.kind if "kind" in sent else row.kind
    hours = body.working_hours if "working_hours" in sent else row.working_hours
    hours = _hours(kind, hours if kind is not DayKind.OFF else None)
    match.require(row)
    row.kind, row.working_hours = kind, hours
    if "name" in sent:
        row.name = body.name
    audit.record(session, by, "calendar_day.changed", "calendar_day", row.id, fields=sorted(sent))
    await session.flush()  # the calendar is read anew with it
    row.moved = await _recalculate(session, row.organization_id, [row.day])
    await session.flush()  # the version is counted at the flush
    return row


async def delete_day(session: AsyncSession, day_id: UUID, match: IfMatch, *, by: Principal) -> dict[str, Any]:
    """Take a correction back: the day is again what the decree says; which deadlines moved with it."""
    row = await get_day(session, day_id)
    match.require(row)
    await session.delete(row)
    audit.record(session, by, "calendar_day.deleted", "calendar_day", row.id)
    await session.flush()  # the calendar is read anew without it
    return await _recalculate(session, row.organization_id, [row.day])


async def get_hours(session: AsyncSession, organization_id: UUID) -> WorkingHours:
    """The working hours of an organization: its own, or the ordinary ones as a row that is not stored yet."""
    await organizations.get_organization(session, organization_id)
    row = await load_own_hours(session, organization_id)
    ordinary = tell_intervals(WORKING_HOURS)
    return row or WorkingHours(organization_id=organization_id, working_hours=ordinary, version=0)


async def put_hours(
    session: AsyncSession, organization_id: UUID, body: WorkingHoursPut, match: IfMatch, *, by: Principal
) -> tuple[WorkingHours, dict[str, Any]]:
    """Say the hours of an ordinary working day; every open deadline in hours is reckoned anew."""
    hours = _hours(DayKind.WORKING, body.working_hours)
    # Two who set the first hours at once wait for each other: the later finds them set, and is stale.
    lock = select(Organization.id).where(Organization.id == organization_id)
    await session.exec(lock.with_for_update(key_share=True))
    row = await get_hours(session, organization_id)
    match.require(row)
    if row.version == 0:
        row.version = 1
        session.add(row)
    row.working_hours = hours or []
    audit.record(session, by, "working_hours.changed", "organization", organization_id, fields=["working_hours"])
    await session.flush()  # the calendar is read anew with them
    return row, await _recalculate(session, organization_id, [])


async def _recalculate(session: AsyncSession, organization_id: UUID | None, days: Sequence[date]) -> dict[str, Any]:
    """Reckon the open deadlines that the days touch (none: all of them) anew; which of them moved."""
    touched = [
        (clock.day_starts_at(day) - LONGEST_ROLL, clock.day_ends_before(day) + timedelta(days=1)) for day in days
    ]
    moved: list[dict[str, Any]] = []
    for one in [organization_id] if organization_id else (await session.exec(select(Organization.id))).all():
        moved += await deadlines.recalculate(session, one, touched)
    return {"count": len(moved), "items": moved[: deadlines.SHOWN_MOVES]}


def _nothing() -> dict[str, Any]:
    return {"count": 0, "items": []}


def _hours(kind: DayKind, told: Sequence[Sequence[str]] | None) -> list[list[str]] | None:
    """Working hours as they are stored; a shortened day has some of its own, a day off none."""
    if (kind is DayKind.OFF and told is not None) or (kind is DayKind.SHORTENED and told is None):
        ru = "Для сокращённого дня укажите рабочие часы, для выходного — не указывайте."
        raise ValidationFailed(
            field_errors=[
                FieldError("/working_hours", "working_hours", ru, "A shortened day has hours, a day off none.")
            ]
        )
    if told is None:
        return None
    try:
        return tell_intervals(read_intervals(told))
    except ValueError:
        ru = "Интервалы идут по порядку, не пересекаются и вместе не короче часа."
        en = "Intervals stand in order, do not overlap and are an hour together."
        raise ValidationFailed(field_errors=[FieldError("/working_hours", "working_hours", ru, en)]) from None
