"""HTTP endpoints of the registry of interaction points."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.deps import DatabaseDep, SessionDep
from app.core.etags import IfMatchDep, conditional_response, json_response
from app.core.idempotency import IdempotencyDep, IdempotencyKeyMalformed, IdempotencyKeyReused, RequiredIdempotencyDep
from app.core.pagination import Page, PageDep, paginate, paginate_rows
from app.core.problems import PreconditionFailed, PreconditionRequired, TransitionNotAllowed, ValidationFailed, problems
from app.core.security import Principal, requires, requires_detached
from app.core.types import ChannelKey, Day, Id, Moment
from app.documents.tables.responses import TABLE_RESPONSES, TableFormat, table_response
from app.imports.schemas import ImportRead
from app.imports.upload import IMPORT_RESPONSES, OptionsDep, Staged, accept_import, import_body, stage_upload
from app.interaction_points import change_history, export, queries, service
from app.interaction_points.errors import ChannelKindExists, PointExists, PointNotFound
from app.interaction_points.importer import POINTS
from app.interaction_points.models import ChannelKind, Point, PointChange, PointState
from app.interaction_points.rules import Audience, PointFormat, PointMove, PointStatus
from app.interaction_points.schemas import (
    ChannelKindCreate,
    ChannelKindRead,
    CoverageRead,
    PointApprove,
    PointChangeRead,
    PointCreate,
    PointEnd,
    PointPatch,
    PointRead,
    PointStateRead,
    RegulationPut,
)

Reader = Annotated[Principal, requires("points:read")]
Writer = Annotated[Principal, requires("points:write")]
CoverageReader = Annotated[Principal, requires("points:coverage")]
Approver = Annotated[Principal, requires("points:approve")]
Importing = Annotated[Principal, requires_detached("points:write", "points:approve")]


async def _stage_upload(
    by: Importing, options: OptionsDep, request: Request, idempotency: RequiredIdempotencyDep
) -> Staged | None:
    return await stage_upload(request, POINTS, by, idempotency, options)


StagedDep = Annotated[Staged | None, Depends(_stage_upload)]

router = APIRouter(prefix="/interaction-points", tags=["interaction points"])
# `:uuid` keeps /public and /channel-kinds from matching `point_id` for methods that they do not support.


class PointSort(StrEnum):
    """Sort order of the registry."""

    NEWEST = "-created_at"
    OLDEST = "created_at"
    BY_NAME = "name"
    BY_NAME_DESCENDING = "-name"


CHANGE_PROBLEMS = (PointNotFound, ValidationFailed, PreconditionFailed, PreconditionRequired)
TRANSITION_PROBLEMS = (*CHANGE_PROBLEMS, TransitionNotAllowed)


async def _to_read(session: AsyncSession, point: Point) -> PointRead:
    return (await queries.read_points(session, [point]))[0]


@router.get("", response_model=Page[PointRead], responses=problems(ValidationFailed), summary="List interaction points")
async def list_points(
    by: Reader,
    session: SessionDep,
    page: PageDep,
    status: Annotated[PointStatus | None, Query()] = None,
    format: Annotated[PointFormat | None, Query()] = None,
    channel: Annotated[ChannelKey | None, Query()] = None,
    audience: Annotated[Audience | None, Query()] = None,
    unit_id: Annotated[Id | None, Query()] = None,
    organization_id: Annotated[Id | None, Query()] = None,
    on_date: Annotated[Day | None, Query(description="Return only points in force on this day (O-3).")] = None,
    updated_after: Annotated[Moment | None, Query(description="Return only points changed after this moment.")] = None,
    sort: Annotated[PointSort, Query()] = PointSort.NEWEST,
) -> Page[PointRead]:
    """List the interaction points of the registry (O-2.7), newest first by default.

    An API client sees only the points it has access to.
    """
    query = queries.select_points(
        by,
        on_date,
        updated_after,
        status=status,
        format=format,
        channel=channel,
        audience=audience,
        unit_id=unit_id,
        organization_id=organization_id,
    )
    by_name = sort in (PointSort.BY_NAME, PointSort.BY_NAME_DESCENDING)
    order = (col(Point.name), col(Point.id)) if by_name else (col(Point.id),)
    descending = sort in (PointSort.NEWEST, PointSort.BY_NAME_DESCENDING)
    rows, cursor, count = await paginate_rows(session, query, page, order=order, descending=descending)
    return Page(items=await queries.read_points(session, rows), next_cursor=cursor, count=count)


@router.get(
    "/export",
    response_class=Response,
    responses=TABLE_RESPONSES | problems(ValidationFailed),
    summary="Export interaction points",
)
async def export_points(
    by: Reader,
    database: DatabaseDep,
    format: Annotated[TableFormat, Query(description="File format.")] = TableFormat.CSV,
    status: Annotated[PointStatus | None, Query()] = None,
    point_format: Annotated[
        PointFormat | None, Query(description="The `format` filter of the list: digital or offline.")
    ] = None,
    channel: Annotated[ChannelKey | None, Query()] = None,
    audience: Annotated[Audience | None, Query()] = None,
    unit_id: Annotated[Id | None, Query()] = None,
    organization_id: Annotated[Id | None, Query()] = None,
    on_date: Annotated[Day | None, Query(description="Return only points in force on this day (O-3).")] = None,
) -> Response:
    """Export the registry as a table (O-2.7), with the same filters as the list.

    Importing an unchanged export changes nothing.
    """
    query = queries.select_points(
        by,
        on_date,
        status=status,
        format=point_format,
        channel=channel,
        audience=audience,
        unit_id=unit_id,
        organization_id=organization_id,
    )
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


@router.get(
    "/as-of",
    response_model=Page[PointRead],
    responses=problems(ValidationFailed),
    summary="List interaction points as of a day",
)
async def list_points_as_of(
    by: Reader,
    session: SessionDep,
    page: PageDep,
    on_date: Annotated[Day, Query(description="Return the values at the end of this day, in Asia/Novosibirsk.")],
) -> Page[PointRead]:
    """List every point that existed at the end of a day, with its values at that time (O-3), newest first."""
    moment = clock.day_ends_before(on_date)
    query = select(Point).where(queries.visible_to(by), col(Point.created_at) < moment)
    rows, cursor, count = await paginate_rows(session, query, page, order=(col(Point.id),))
    past_points = await change_history.load_points_as_of(session, rows, moment)
    return Page(items=await queries.read_points(session, past_points, moment), next_cursor=cursor, count=count)


@router.get(
    "/public",
    response_model=Page[PointRead],
    responses=problems(ValidationFailed),
    summary="List public interaction points",
)
async def list_public_points(
    session: SessionDep,
    page: PageDep,
    channel: Annotated[ChannelKey | None, Query()] = None,
) -> Page[PointRead]:
    """List the points that are in force today and serve external clients (O-2.7). No token is required."""
    query = select(Point).where(
        queries.is_in_force_on(clock.today()), col(Point.audience).in_([Audience.EXTERNAL, Audience.BOTH])
    )
    if channel is not None:
        query = query.where(Point.channel == channel)
    rows, cursor, count = await paginate_rows(session, query, page, order=(col(Point.id),))
    return Page(items=await queries.read_points(session, rows), next_cursor=cursor, count=count)


@router.get(
    "/channel-kinds",
    response_model=Page[ChannelKindRead],
    responses=problems(ValidationFailed),
    summary="List channel kinds",
)
async def list_channel_kinds(by: Reader, session: SessionDep, page: PageDep) -> Page[ChannelKindRead]:
    """List the channel kinds that a point can have, oldest first."""
    order = (col(ChannelKind.id),)
    return await paginate(
        session, select(ChannelKind), page, ChannelKindRead.model_validate, order=order, descending=False
    )


@router.post(
    "/channel-kinds",
    status_code=201,
    response_model=ChannelKindRead,
    responses=problems(ChannelKindExists, ValidationFailed, IdempotencyKeyReused, IdempotencyKeyMalformed),
    summary="Create a channel kind",
)
async def create_channel_kind(
    body: ChannelKindCreate, by: Writer, session: SessionDep, idempotency: IdempotencyDep
) -> Response:
    """Create a channel kind; points can use it at once."""

    async def work() -> Response:
        row = await service.create_channel_kind(session, body, by=by)
        return json_response(ChannelKindRead.model_validate(row), status=201)

    return await idempotency(session, by, work)


@router.get(
    "/coverage",
    response_model=CoverageRead,
    responses=problems(ValidationFailed),
    summary="Get the regulation coverage report",
)
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
    groups = await queries.count_coverage(session, day, **filters)
    return CoverageRead(
        on_date=day,
        in_force=sum(group.in_force for group in groups),
        without_regulation=sum(group.without_regulation for group in groups),
        groups=groups,
        items=await queries.read_points(session, rows),
        next_cursor=cursor,
        count=count,
    )


@router.post(
    "",
    status_code=201,
    response_model=PointRead,
    responses=problems(PointExists, ValidationFailed, IdempotencyKeyReused, IdempotencyKeyMalformed),
    summary="Create an interaction point",
)
async def create_point(body: PointCreate, by: Writer, session: SessionDep, idempotency: IdempotencyDep) -> Response:
    """Create a point as a draft; it can be used only after approval (O-3)."""

    async def work() -> Response:
        point = await service.create_point(session, body, by=by)
        return json_response(await _to_read(session, point), version=point.version, status=201)

    return await idempotency(session, by, work)


@router.get(
    "/{point_id:uuid}",
    response_model=PointRead,
    responses=problems(PointNotFound, ValidationFailed),
    summary="Get an interaction point",
)
async def get_point(point_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Return an interaction point."""
    point = await service.get_point(session, point_id, by)
    return conditional_response(request, await _to_read(session, point), version=point.version)


@router.get(
    "/{point_id:uuid}/history",
    response_model=Page[PointStateRead],
    responses=problems(PointNotFound, ValidationFailed),
    summary="List status changes of an interaction point",
)
async def get_point_history(point_id: UUID, by: Reader, session: SessionDep, page: PageDep) -> Page[PointStateRead]:
    """List the status changes of a point in order of recording: status, effective date, legal act and author (O-3)."""
    point = await service.get_point(session, point_id, by)
    query = select(PointState).where(PointState.point_id == point.id)
    order = (col(PointState.sequence),)
    return await paginate(session, query, page, PointStateRead.model_validate, order=order, descending=False)


@router.get(
    "/{point_id:uuid}/changes",
    response_model=Page[PointChangeRead],
    responses=problems(PointNotFound, ValidationFailed),
    summary="List changes of an interaction point",
)
async def list_point_changes(point_id: UUID, by: Reader, session: SessionDep, page: PageDep) -> Page[PointChangeRead]:
    """List all changes of a point with their author, time, and old and new field values (O-3), newest first."""
    point = await service.get_point(session, point_id, by)
    query = change_history.load_changes(point.id)
    return await paginate(session, query, page, PointChangeRead.model_validate, order=(col(PointChange.id),))


@router.patch(
    "/{point_id:uuid}",
    response_model=PointRead,
    responses=problems(*CHANGE_PROBLEMS, PointExists),
    summary="Update an interaction point",
)
async def update_point(
    point_id: UUID, body: PointPatch, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Update the fields of a point; its status is changed by approve, suspend and withdraw."""
    point = await service.update_point(session, point_id, body, match, by=by)
    return json_response(await _to_read(session, point), version=point.version)


@router.put(
    "/{point_id:uuid}/regulation",
    response_model=PointRead,
    responses=problems(*CHANGE_PROBLEMS),
    summary="Set the regulation of an interaction point",
)
async def regulate_point(
    point_id: UUID, body: RegulationPut, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Set the regulation of a point: a legal act with its clause, or its own text (O-10c)."""
    point = await service.set_regulation(session, point_id, body, match, by=by)
    return json_response(await _to_read(session, point), version=point.version)


@router.post(
    "/{point_id:uuid}/approve",
    response_model=PointRead,
    responses=problems(*TRANSITION_PROBLEMS),
    summary="Approve an interaction point",
)
async def approve_point(
    point_id: UUID, body: PointApprove, by: Approver, session: SessionDep, match: IfMatchDep
) -> Response:
    """Approve a point by a legal act; it accepts messages from `valid_from` on (O-2.7, O-3)."""
    point = await service.approve_point(session, point_id, body, match, by=by)
    return json_response(await _to_read(session, point), version=point.version)


@router.post(
    "/{point_id:uuid}/suspend",
    response_model=PointRead,
    responses=problems(*TRANSITION_PROBLEMS),
    summary="Suspend an interaction point",
)
async def suspend_point(
    point_id: UUID, body: PointEnd, by: Approver, session: SessionDep, match: IfMatchDep
) -> Response:
    """Suspend a point from a given day (today by default); it can be approved again."""
    point = await service.end_point(session, point_id, PointMove.SUSPEND, body, match, by=by)
    return json_response(await _to_read(session, point), version=point.version)


@router.post(
    "/{point_id:uuid}/withdraw",
    response_model=PointRead,
    responses=problems(*TRANSITION_PROBLEMS),
    summary="Withdraw an interaction point",
)
async def withdraw_point(
    point_id: UUID, body: PointEnd, by: Approver, session: SessionDep, match: IfMatchDep
) -> Response:
    """Withdraw a point permanently from a given day (today by default); its history is kept."""
    point = await service.end_point(session, point_id, PointMove.WITHDRAW, body, match, by=by)
    return json_response(await _to_read(session, point), version=point.version)
