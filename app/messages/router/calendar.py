"""HTTP endpoints of the working calendar."""

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import col, select

from app.core.deps import SessionDep
from app.core.etags import IfMatchDep, conditional_response, json_response
from app.core.idempotency import IdempotencyDep, IdempotencyKeyMalformed, IdempotencyKeyReused
from app.core.pagination import Page, PageDep, paginate
from app.core.problems import FieldError, PreconditionFailed, PreconditionRequired, ValidationFailed, problems
from app.core.security import Principal, requires
from app.core.types import Day, Id
from app.messages.errors import CalendarDayExists, CalendarDayNotFound
from app.messages.models import CalendarDay
from app.messages.queries.calendar import load_calendar
from app.messages.rules.calendar import format_intervals
from app.messages.schemas.deadlines import (
    CalendarDayCreate,
    CalendarDayPatch,
    CalendarDayRead,
    KnownDayRead,
    KnownDaysRead,
    MovedDeadlines,
    WorkingHoursPut,
    WorkingHoursRead,
)
from app.messages.service import calendars
from app.organizations import service as organizations
from app.organizations.errors import OrganizationNotFound

Reader = Annotated[Principal, requires("policies:read")]
Writer = Annotated[Principal, requires("policies:write")]

router = APIRouter(prefix="/working-calendar", tags=["deadlines"])

MAX_PERIOD_DAYS = 400
CHANGES = (CalendarDayNotFound, ValidationFailed, PreconditionFailed, PreconditionRequired)


@router.get(
    "", response_model=Page[CalendarDayRead], responses=problems(ValidationFailed), summary="List calendar corrections"
)
async def list_calendar_days(
    by: Reader,
    session: SessionDep,
    page: PageDep,
    organization_id: Annotated[Id | None, Query()] = None,
    year: Annotated[int | None, Query(ge=1900, le=2200)] = None,
) -> Page[CalendarDayRead]:
    """List the corrections of the official calendar: days off, working days and shortened days; newest first."""
    query = select(CalendarDay)
    if organization_id is not None:
        query = query.where(CalendarDay.organization_id == organization_id)
    if year is not None:
        query = query.where(col(CalendarDay.day).between(date(year, 1, 1), date(year, 12, 31)))
    return await paginate(session, query, page, CalendarDayRead.model_validate, order=(col(CalendarDay.id),))


@router.post(
    "",
    status_code=201,
    response_model=CalendarDayRead,
    responses=problems(CalendarDayExists, ValidationFailed, IdempotencyKeyReused, IdempotencyKeyMalformed),
    summary="Add a calendar correction",
)
async def create_calendar_day(
    body: CalendarDayCreate, by: Writer, session: SessionDep, idempotency: IdempotencyDep
) -> Response:
    """Make a day a day off, a working day or a shortened day.

    Open deadlines are recalculated; the response lists those that moved.
    """

    async def work() -> Response:
        row = await calendars.create_day(session, body, by=by)
        return json_response(CalendarDayRead.model_validate(row), version=row.version, status=201)

    return await idempotency(session, by, work)


@router.get(
    "/days",
    response_model=KnownDaysRead,
    responses=problems(OrganizationNotFound, ValidationFailed),
    summary="List calendar days",
)
async def list_days(
    by: Reader,
    session: SessionDep,
    since: Annotated[Day, Query(alias="from")],
    until: Annotated[Day, Query(alias="to")],
    organization_id: Annotated[
        Id | None, Query(description="Default: the caller's organization, or the ministry.")
    ] = None,
) -> KnownDaysRead:
    """List the days of a period of at most 400 days with their working hours, corrections included."""
    if not 0 <= (until - since).days < MAX_PERIOD_DAYS:
        ru, en = "Период должен составлять от 1 до 400 дней.", "The period must have 1 to 400 days."
        raise ValidationFailed(field_errors=[FieldError("/to", "stretch_length", ru, en, "query")])
    chosen_id = organization_id or by.organization_id or (await organizations.get_ministry(session)).id
    await organizations.get_organization(session, chosen_id)
    calendar = await load_calendar(session, chosen_id)
    days = [since + timedelta(days=offset) for offset in range((until - since).days + 1)]
    return KnownDaysRead(
        items=[
            KnownDayRead(
                day=day,
                is_working=calendar.is_working(day),
                name=None if calendar.is_working(day) else calendar.name(day),
                working_hours=format_intervals(calendar.hours(day)),
                provisional=not calendar.is_known(day),
            )
            for day in days
        ]
    )


@router.get(
    "/hours/{organization_id}",
    response_model=WorkingHoursRead,
    responses=problems(OrganizationNotFound, ValidationFailed),
    summary="Get the working hours of an organization",
)
async def get_working_hours(organization_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Return the hours of an ordinary working day of the organization."""
    row = await calendars.get_hours(session, organization_id)
    moved = MovedDeadlines(count=0, items=[])
    hours = WorkingHoursRead(organization_id=organization_id, working_hours=row.working_hours, moved=moved)
    return conditional_response(request, hours, version=row.version)


@router.put(
    "/hours/{organization_id}",
    response_model=WorkingHoursRead,
    responses=problems(OrganizationNotFound, ValidationFailed, PreconditionFailed, PreconditionRequired),
    summary="Set the working hours of an organization",
)
async def put_working_hours(
    organization_id: UUID, body: WorkingHoursPut, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Set the hours of an ordinary working day.

    Open deadlines are recalculated; the response lists those that moved.
    """
    row, moved = await calendars.put_hours(session, organization_id, body, match, by=by)
    values = {"organization_id": organization_id, "working_hours": row.working_hours, "moved": moved}
    return json_response(WorkingHoursRead.model_validate(values), version=row.version)


@router.get(
    "/{day_id:uuid}",
    response_model=CalendarDayRead,
    responses=problems(CalendarDayNotFound, ValidationFailed),
    summary="Get a calendar correction",
)
async def get_calendar_day(day_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Return one correction of the calendar."""
    row = await calendars.get_day(session, day_id)
    return conditional_response(request, CalendarDayRead.model_validate(row), version=row.version)


@router.patch(
    "/{day_id:uuid}",
    response_model=CalendarDayRead,
    responses=problems(*CHANGES),
    summary="Update a calendar correction",
)
async def update_calendar_day(
    day_id: UUID, body: CalendarDayPatch, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Update a correction. Open deadlines are recalculated; the response lists those that moved."""
    row = await calendars.update_day(session, day_id, body, match, by=by)
    return json_response(CalendarDayRead.model_validate(row), version=row.version)


@router.delete(
    "/{day_id:uuid}",
    response_model=MovedDeadlines,
    responses=problems(*CHANGES),
    summary="Delete a calendar correction",
)
async def delete_calendar_day(day_id: UUID, by: Writer, session: SessionDep, match: IfMatchDep) -> Response:
    """Delete a correction, so that the official calendar applies to the day again.

    Open deadlines are recalculated; the response lists those that moved.
    """
    return json_response(MovedDeadlines.model_validate(await calendars.delete_day(session, day_id, match, by=by)))
