"""Use cases of the working calendar (O-6.2.2)."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from app.calendar import queries
from app.calendar.commands import NewCalendarDay
from app.calendar.errors import CalendarDayNotFound
from app.calendar.models import CalendarDay, WorkingHours
from app.calendar.ports import CalendarListener
from app.calendar.rules.working_days import (
    WORKING_HOURS,
    DayKind,
    DayOverride,
    Interval,
    WorkingCalendar,
    format_intervals,
    parse_intervals,
)
from app.calendar.schemas import KnownDayRead, MovedDeadline, MovedDeadlines
from app.core import audit
from app.core.etags import IfMatch
from app.core.problems import FieldError, ValidationFailed
from app.core.schemas import apply_changes
from app.core.security import Principal
from app.organizations import service as organizations

MAX_PERIOD_DAYS = 400
MAX_LISTED_MOVES = 100
NO_MOVES = MovedDeadlines(count=0, items=[])


async def load_calendar(session: AsyncSession, organization_id: UUID) -> WorkingCalendar:
    """Return the working calendar of an organization. Its own corrections override the general ones."""
    organization = await organizations.get_organization(session, organization_id)
    hours = await queries.load_hours(session, organization_id)
    overrides = {
        row.day: DayOverride(row.kind, row.name, parse_intervals(row.working_hours) if row.working_hours else ())
        for row in await queries.load_days(session, organization_id)
    }
    intervals = parse_intervals(hours.working_hours) if hours else WORKING_HOURS
    return WorkingCalendar(ZoneInfo(organization.zone), intervals, overrides)


async def list_days(
    session: AsyncSession, since: date, until: date, organization_id: UUID | None, *, by: Principal
) -> list[KnownDayRead]:
    """Return the days of a period by the calendar of the organization, the caller's or the ministry's by default."""
    if not 0 <= (until - since).days < MAX_PERIOD_DAYS:
        ru, en = "Период должен составлять от 1 до 400 дней.", "The period must have 1 to 400 days."
        raise ValidationFailed(field_errors=[FieldError("/to", "stretch_length", ru, en, "query")])
    chosen_id = organization_id or by.organization_id or (await organizations.get_ministry(session)).id
    calendar = await load_calendar(session, chosen_id)
    return [
        KnownDayRead(
            day=day,
            is_working=calendar.is_working(day),
            name=None if calendar.is_working(day) else calendar.name(day),
            working_hours=format_intervals(calendar.hours(day)),
            provisional=not calendar.is_known(day),
        )
        for day in (since + timedelta(days=offset) for offset in range((until - since).days + 1))
    ]


async def get_day(session: AsyncSession, day_id: UUID) -> CalendarDay:
    """Return a correction. Raises `CalendarDayNotFound`."""
    row = await session.get(CalendarDay, day_id)
    if row is None:
        raise CalendarDayNotFound
    return row


async def create_day(
    session: AsyncSession, new: NewCalendarDay, listener: CalendarListener, *, by: Principal
) -> CalendarDay:
    """Add a correction of a day and recalculate the open deadlines that it affects."""
    hours = _normalize_hours(new.kind, new.working_hours)
    if new.organization_id is not None:
        await organizations.get_referenced_organization(session, new.organization_id)
    row = CalendarDay.model_validate(new, update={"working_hours": hours, "moved": NO_MOVES.model_dump()})
    session.add(row)
    audit.record(session, by, "calendar_day.created", "calendar_day", row.id)
    await _recalculate_day(session, row, listener)
    return row


async def update_day(
    session: AsyncSession,
    day_id: UUID,
    changes: Mapping[str, Any],
    match: IfMatch,
    listener: CalendarListener,
    *,
    by: Principal,
) -> CalendarDay:
    """Update a correction and recalculate the open deadlines that it affects."""
    row = await get_day(session, day_id)
    kind = changes.get("kind", row.kind)
    hours = changes.get("working_hours", row.working_hours) if kind is not DayKind.OFF else None
    hours = _normalize_hours(kind, hours)
    match.require(row)
    apply_changes(row, {**changes, "working_hours": hours})
    audit.record(session, by, "calendar_day.changed", "calendar_day", row.id, fields=sorted(changes))
    await _recalculate_day(session, row, listener)
    return row


async def delete_day(
    session: AsyncSession, day_id: UUID, match: IfMatch, listener: CalendarListener, *, by: Principal
) -> MovedDeadlines:
    """Delete a correction and return the deadlines that moved."""
    row = await get_day(session, day_id)
    match.require(row)
    await session.delete(row)
    audit.record(session, by, "calendar_day.deleted", "calendar_day", row.id)
    await session.flush()  # the calendar is loaded without the day
    return await _recalculate(session, row.organization_id, row.day, listener)


async def get_hours(session: AsyncSession, organization_id: UUID) -> WorkingHours:
    """Return the working hours of an organization; the default ones as a row that is not stored."""
    await organizations.get_organization(session, organization_id)
    row = await queries.load_hours(session, organization_id)
    default_hours = format_intervals(WORKING_HOURS)
    return row or WorkingHours(organization_id=organization_id, working_hours=default_hours, version=0)


async def put_hours(
    session: AsyncSession,
    organization_id: UUID,
    hours: Sequence[Sequence[str]],
    match: IfMatch,
    listener: CalendarListener,
    *,
    by: Principal,
) -> tuple[WorkingHours, MovedDeadlines]:
    """Set the hours of an ordinary working day; return them and the open deadlines that moved."""
    intervals = parse_hours(hours, "/working_hours")
    # Of two concurrent first changes the second waits for the first and fails with a stale ETag.
    await organizations.lock_organization(session, organization_id)
    row = await get_hours(session, organization_id)
    match.require(row)
    if row.version == 0:
        row.version = 1
        session.add(row)
    row.working_hours = format_intervals(intervals)
    audit.record(session, by, "working_hours.changed", "organization", organization_id, fields=["working_hours"])
    await session.flush()  # the calendar is loaded with the change
    return row, await _recalculate(session, organization_id, None, listener)


def parse_hours(hours: Sequence[Sequence[str]], pointer: str) -> tuple[Interval, ...]:
    """Parse working hours of a body. Raises 422 with the pointer if the intervals are not valid."""
    try:
        return parse_intervals(hours)
    except ValueError:
        ru = "Укажите интервалы по порядку, без пересечений, общей длительностью не менее часа."
        en = "Intervals must be in order, must not overlap and must last at least an hour in total."
        raise ValidationFailed(field_errors=[FieldError(pointer, "working_hours", ru, en)]) from None


def _normalize_hours(kind: DayKind, hours: Sequence[Sequence[str]] | None) -> list[list[str]] | None:
    """Return working hours as they are stored. A shortened day must have its own hours, a day off must have none."""
    if (kind is DayKind.OFF and hours is not None) or (kind is DayKind.SHORTENED and hours is None):
        ru = "Рабочие часы указываются для сокращённого дня и не указываются для выходного."
        en = "A shortened day requires hours; a day off has none."
        raise ValidationFailed(field_errors=[FieldError("/working_hours", "working_hours", ru, en)])
    return None if hours is None else format_intervals(parse_hours(hours, "/working_hours"))


async def _recalculate_day(session: AsyncSession, row: CalendarDay, listener: CalendarListener) -> None:
    await session.flush()  # the calendar is loaded with the change
    moved = await _recalculate(session, row.organization_id, row.day, listener)
    row.moved = moved.model_dump(mode="json", by_alias=True)


async def _recalculate(
    session: AsyncSession, organization_id: UUID | None, day: date | None, listener: CalendarListener
) -> MovedDeadlines:
    """Recalculate the open deadlines affected by the day, or all of them without a day; return those that moved."""
    ids = [organization_id] if organization_id else [row.id for row in await organizations.list_organizations(session)]
    moves = [move for one in ids for move in await listener.recalculate(session, one, day)]
    listed = [MovedDeadline.model_validate(move) for move in moves[:MAX_LISTED_MOVES]]
    return MovedDeadlines(count=len(moves), items=listed)
