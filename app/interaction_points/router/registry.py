"""HTTP endpoints of the registry of interaction points: lists, coverage report, export and import."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import col

from app.core import clock
from app.core.deps import DatabaseDep, SessionDep
from app.core.idempotency import RequiredIdempotencyDep
from app.core.pagination import Page, PageDep, paginate_rows
from app.core.security import Principal, requires, requires_detached
from app.core.types import ChannelKey, Day, Id, Moment
from app.documents.tables.responses import TABLE_RESPONSES, TableFormat, table_response
from app.imports.schemas import ImportRead
from app.imports.upload import IMPORT_RESPONSES, OptionsDep, Staged, accept_import, import_body, stage_upload
from app.interaction_points import change_history, export, queries
from app.interaction_points.importer import POINTS
from app.interaction_points.models import Point
from app.interaction_points.router.points import Reader
from app.interaction_points.rules import Audience, PointFormat, PointStatus
from app.interaction_points.schemas import CoverageRead, PointRead

CoverageReader = Annotated[Principal, requires("points:coverage")]
Importing = Annotated[Principal, requires_detached("points:write", "points:approve")]


async def _stage_upload(
    by: Importing, options: OptionsDep, request: Request, idempotency: RequiredIdempotencyDep
) -> Staged | None:
    return await stage_upload(request, POINTS, by, idempotency, options)


StagedDep = Annotated[Staged | None, Depends(_stage_upload)]

router = APIRouter(prefix="/interaction-points", tags=["interaction points"])


class PointSort(StrEnum):
    """Sort order of the registry."""

    NEWEST = "-created_at"
    OLDEST = "created_at"
    BY_NAME = "name"
    BY_NAME_DESCENDING = "-name"


@dataclass(frozen=True, slots=True)
class PointFilters:
    """The filters that the list and the export share."""

    status: Annotated[PointStatus | None, Query()] = None
    channel: Annotated[ChannelKey | None, Query()] = None
    audience: Annotated[Audience | None, Query()] = None
    unit_id: Annotated[Id | None, Query()] = None
    organization_id: Annotated[Id | None, Query()] = None
    on_date: Annotated[Day | None, Query(description="Return only points in force on this day (O-3).")] = None


FiltersDep = Annotated[PointFilters, Depends()]


@router.get("", response_model=Page[PointRead], summary="List interaction points")
async def list_points(
    by: Reader,
    session: SessionDep,
    page: PageDep,
    filters: FiltersDep,
    format: Annotated[PointFormat | None, Query()] = None,
    updated_after: Annotated[Moment | None, Query(description="Return only points changed after this moment.")] = None,
    sort: Annotated[PointSort, Query()] = PointSort.NEWEST,
) -> Page[PointRead]:
    """List the interaction points of the registry (O-2.7), newest first by default.

    An API client sees only the points it has access to.
    """
    query = queries.select_points(by, updated_after=updated_after, format=format, **asdict(filters))
    by_name = sort in (PointSort.BY_NAME, PointSort.BY_NAME_DESCENDING)
    order = (col(Point.name), col(Point.id)) if by_name else (col(Point.id),)
    descending = sort in (PointSort.NEWEST, PointSort.BY_NAME_DESCENDING)
    rows, cursor, count = await paginate_rows(session, query, page, order=order, descending=descending)
    return Page(items=await queries.read_points(session, rows), next_cursor=cursor, count=count)


@router.get("/export", response_class=Response, responses=TABLE_RESPONSES, summary="Export interaction points")
async def export_points(
    by: Reader,
    database: DatabaseDep,
    filters: FiltersDep,
    format: Annotated[TableFormat, Query(description="File format.")] = TableFormat.CSV,
    point_format: Annotated[
        PointFormat | None, Query(description="The `format` filter of the list: digital or offline.")
    ] = None,
) -> Response:
    """Export the registry as a table (O-2.7), with the same filters as the list.

    Importing an unchanged export changes nothing.
    """
    query = queries.select_points(by, format=point_format, **asdict(filters))
    return await table_response(format, "interaction-points", export.COLUMNS, export.export_pages(database, query))


@router.post(
    "/import",
    status_code=202,
    response_model=ImportRead,
    responses=IMPORT_RESPONSES,
    openapi_extra=import_body(export.EXAMPLE),
    summary="Import interaction points",
)
async def import_points(
    by: Importing, staged: StagedDep, session: SessionDep, idempotency: RequiredIdempotencyDep
) -> Response:
    """Create and update points from a table with the columns of the export (O-2.7).

    Returns 202; the result is at `/imports/{id}`. A point is identified by `organization` (its key; empty means the
    ministry) and `name`. `unit` is a name or an id. `act_number`, `act_date` and `valid_from` approve the point; when
    they are empty, a new point remains a draft. `regulation_act_number` and `regulation_act_date`, or
    `regulation_text`, set its regulation. A column that is left out keeps the current value.
    """
    return await accept_import(session, POINTS, staged, idempotency, by=by)


@router.get("/as-of", response_model=Page[PointRead], summary="List interaction points as of a day")
async def list_points_as_of(
    by: Reader,
    session: SessionDep,
    page: PageDep,
    on_date: Annotated[Day, Query(description="Return the values at the end of this day, in Asia/Novosibirsk.")],
) -> Page[PointRead]:
    """List every point that existed at the end of a day, with its values at that time (O-3), newest first."""
    moment = clock.day_ends_before(on_date)
    query = queries.select_points_created_before(by, moment)
    rows, cursor, count = await paginate_rows(session, query, page, order=(col(Point.id),))
    past_points = await change_history.load_points_as_of(session, rows, moment)
    return Page(items=await queries.read_points(session, past_points, moment), next_cursor=cursor, count=count)


@router.get("/public", response_model=Page[PointRead], summary="List public interaction points")
async def list_public_points(
    session: SessionDep, page: PageDep, channel: Annotated[ChannelKey | None, Query()] = None
) -> Page[PointRead]:
    """List the points that are in force today and serve external clients (O-2.7). No token is required."""
    query = queries.select_public_points(channel)
    rows, cursor, count = await paginate_rows(session, query, page, order=(col(Point.id),))
    return Page(items=await queries.read_points(session, rows), next_cursor=cursor, count=count)


@router.get("/coverage", response_model=CoverageRead, summary="Get the regulation coverage report")
async def get_coverage(
    by: CoverageReader,
    session: SessionDep,
    page: PageDep,
    on_date: Annotated[Day | None, Query(description="Day of the report; today by default.")] = None,
    organization_id: Annotated[Id | None, Query()] = None,
    channel: Annotated[ChannelKey | None, Query()] = None,
    unit_id: Annotated[Id | None, Query()] = None,
) -> CoverageRead:
    """Return the points in force without regulation (O-10c), newest first, with counts by organization and channel."""
    day = on_date or clock.today()
    filters = {"organization_id": organization_id, "channel": channel, "unit_id": unit_id}
    query = queries.select_points_without_regulation(day, **filters)
    rows, cursor, count = await paginate_rows(session, query, page, order=(col(Point.id),))
    items = await queries.read_points(session, rows)
    return await queries.read_coverage(session, day, items, cursor, count, **filters)
