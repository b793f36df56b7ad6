"""HTTP endpoints of the working calendar."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from app.calendar import queries, service
from app.calendar.commands import NewCalendarDay
from app.calendar.errors import CalendarDayExists, CalendarDayNotFound
from app.calendar.models import CalendarDay, WorkingHours
from app.calendar.ports import CalendarListener
from app.calendar.schemas import (
    CalendarDayCreate,
    CalendarDayPatch,
    CalendarDayRead,
    KnownDaysRead,
    MovedDeadlines,
    WorkingHoursPut,
    WorkingHoursRead,
)
from app.core.app_state import get_state
from app.core.deps import SessionDep
from app.core.etags import IfMatchDep, conditional, json_response, versioned
from app.core.idempotency import idempotent
from app.core.pagination import Page, PageDep, paginate
from app.core.problems import problems
from app.core.security import Principal, requires
from app.core.types import Day, Id
from app.organizations.errors import OrganizationNotFound

Reader = Annotated[Principal, requires("policies:read")]
Writer = Annotated[Principal, requires("policies:write")]

router = APIRouter(prefix="/working-calendar", tags=["deadlines"])
NO_DAY, NO_ORGANIZATION = problems(CalendarDayNotFound), problems(OrganizationNotFound)


def get_listener(request: Request) -> CalendarListener:
    """Return the listener of changes of the calendar."""
    return get_state(request).get(CalendarListener)


ListenerDep = Annotated[CalendarListener, Depends(get_listener)]


@router.get("", response_model=Page[CalendarDayRead], summary="List calendar corrections")
async def list_calendar_days(
    by: Reader,
    session: SessionDep,
    page: PageDep,
    organization_id: Annotated[Id | None, Query()] = None,
    year: Annotated[int | None, Query(ge=1900, le=2200)] = None,
) -> Page[CalendarDayRead]:
    """List the corrections of the official calendar: days off, working days and shortened days; newest first."""
    query = queries.select_days(organization_id, year)
    return await paginate(session, query, page, CalendarDayRead.model_validate, order=(col(CalendarDay.id),))


@router.post(
    "",
    status_code=201,
    response_model=CalendarDayRead,
    responses=problems(CalendarDayExists),
    summary="Add a calendar correction",
)
@idempotent
async def create_calendar_day(
    body: CalendarDayCreate, by: Writer, session: SessionDep, listener: ListenerDep
) -> Response:
    """Make a day a day off, a working day or a shortened day.

    Open deadlines are recalculated; the response lists those that moved.
    """
    row = await service.create_day(session, body.to_command(NewCalendarDay), listener, by=by)
    return await versioned(session, row, CalendarDayRead, 201)


@router.get("/days", response_model=KnownDaysRead, responses=NO_ORGANIZATION, summary="List calendar days")
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
    return KnownDaysRead(items=await service.list_days(session, since, until, organization_id, by=by))


@router.get(
    "/hours/{organization_id}",
    response_model=WorkingHoursRead,
    responses=NO_ORGANIZATION,
    summary="Get the working hours of an organization",
)
async def get_working_hours(organization_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Return the hours of an ordinary working day of the organization."""
    return await conditional(request, session, await service.get_hours(session, organization_id), _read_hours)


@router.put(
    "/hours/{organization_id}",
    response_model=WorkingHoursRead,
    responses=NO_ORGANIZATION,
    summary="Set the working hours of an organization",
)
async def put_working_hours(
    organization_id: UUID,
    body: WorkingHoursPut,
    by: Writer,
    session: SessionDep,
    match: IfMatchDep,
    listener: ListenerDep,
) -> Response:
    """Set the hours of an ordinary working day.

    Open deadlines are recalculated; the response lists those that moved.
    """
    row, moved = await service.put_hours(session, organization_id, body.working_hours, match, listener, by=by)
    return json_response(await _read_hours(session, row, moved), version=row.version)


async def _read_hours(
    _session: AsyncSession, row: WorkingHours, moved: MovedDeadlines = service.NO_MOVES
) -> WorkingHoursRead:
    return WorkingHoursRead(organization_id=row.organization_id, working_hours=row.working_hours, moved=moved)


@router.get("/{day_id:uuid}", response_model=CalendarDayRead, responses=NO_DAY, summary="Get a calendar correction")
async def get_calendar_day(day_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Return one correction of the calendar."""
    return await conditional(request, session, await service.get_day(session, day_id), CalendarDayRead)


@router.patch(
    "/{day_id:uuid}", response_model=CalendarDayRead, responses=NO_DAY, summary="Update a calendar correction"
)
async def update_calendar_day(
    day_id: UUID, body: CalendarDayPatch, by: Writer, session: SessionDep, match: IfMatchDep, listener: ListenerDep
) -> Response:
    """Update a correction. Open deadlines are recalculated; the response lists those that moved."""
    row = await service.update_day(session, day_id, body.changes(), match, listener, by=by)
    return await versioned(session, row, CalendarDayRead)


@router.delete(
    "/{day_id:uuid}", response_model=MovedDeadlines, responses=NO_DAY, summary="Delete a calendar correction"
)
async def delete_calendar_day(
    day_id: UUID, by: Writer, session: SessionDep, match: IfMatchDep, listener: ListenerDep
) -> Response:
    """Delete a correction, so that the official calendar applies to the day again.

    Open deadlines are recalculated; the response lists those that moved.
    """
    return json_response(await service.delete_day(session, day_id, match, listener, by=by))
