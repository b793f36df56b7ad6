"""HTTP of the registry of interaction points."""

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
from app.interaction_points.models import Audience, ChannelKind, Point, PointChange, PointFormat, PointState
from app.interaction_points.rules import PointStatus
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


async def _staged(
    by: Importing, options: OptionsDep, request: Request, idempotency: RequiredIdempotencyDep
) -> Staged | None:
    return await stage_upload(request, POINTS, by, idempotency, options)


StagedDep = Annotated[Staged | None, Depends(_staged)]

router = APIRouter(prefix="/interaction-points", tags=["interaction points"])
# `:uuid` keeps /public and /channel-kinds from being taken for an id by methods that they do not have.


class PointSort(StrEnum):
    """Orders of the registry."""

    NEWEST = "-created_at"
    OLDEST = "created_at"
    BY_NAME = "name"
    BY_NAME_DOWN = "-name"


CHANGES = (PointNotFound, ValidationFailed, PreconditionFailed, PreconditionRequired)
MOVES = (*CHANGES, TransitionNotAllowed)


async def _shown(session: AsyncSession, point: Point) -> PointRead:
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
    on_date: Annotated[Day | None, Query(description="Only the points in force on this day (O-3).")] = None,
    updated_after: Annotated[Moment | None, Query(description="Changed after this moment.")] = None,
    sort: Annotated[PointSort, Query()] = PointSort.NEWEST,
) -> Page[PointRead]:
    """The registry (O-2.7), newest first. An API client sees the points granted to it."""
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
    by_name = sort in (PointSort.BY_NAME, PointSort.BY_NAME_DOWN)
    order = (col(Point.name), col(Point.id)) if by_name else (col(Point.id),)
    descending = sort in (PointSort.NEWEST, PointSort.BY_NAME_DOWN)
    rows, cursor, count = await paginate_rows(session, query, page, order=order, descending=descending)
    return Page(items=await queries.read_points(session, rows), next_cursor=cursor, count=count)


@router.get(
    "/export",
    response_class=Response,
    responses=TABLE_RESPONSES | problems(ValidationFailed),
    summary="Export the registry",
)
async def export_points(
    by: Reader,
    database: DatabaseDep,
    format: Annotated[TableFormat, Query(description="The kind of file.")] = TableFormat.CSV,
    status: Annotated[PointStatus | None, Query()] = None,
    point_format: Annotated[PointFormat | None, Query(description="`format` of the list.")] = None,
    channel: Annotated[ChannelKey | None, Query()] = None,
    audience: Annotated[Audience | None, Query()] = None,
    unit_id: Annotated[Id | None, Query()] = None,
    organization_id: Annotated[Id | None, Query()] = None,
    on_date: Annotated[Day | None, Query(description="Only the points in force on this day (O-3).")] = None,
) -> Response:
    """The registry as a table (O-2.7), with the filters of the list. Imported again it changes nothing."""
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
    summary="Import the registry",
)
async def import_points(
    by: Importing, staged: StagedDep, session: SessionDep, idempotency: RequiredIdempotencyDep
) -> Response:
    """Create and change points by a table with the columns of the export (O-2.7); 202, then see `/imports/{id}`.

    A point is known by `organization` (its key; empty: the ministry) and `name`. `unit` is a name or an id.
    `act_number`, `act_date` and `valid_from` approve it, empty ones leave a draft; `regulation_act_number` and
    `regulation_act_date`, or `regulation_text`, regulate it. What is the same stays untouched; a column left out
    keeps what is there.
    """
    return await accept_import(session, POINTS, staged, idempotency, by=by)


@router.get(
    "/as-of",
    response_model=Page[PointRead],
    responses=problems(ValidationFailed),
    summary="The registry as it stood on a day",
)
async def list_points_as_of(
    by: Reader,
    session: SessionDep,
    page: PageDep,
    on_date: Annotated[Day, Query(description="Values are those at the end of this day, in Asia/Novosibirsk.")],
) -> Page[PointRead]:
    """Every point known by the end of a day, with the values that held then (O-3), newest first."""
    moment = clock.day_ends_before(on_date)
    query = select(Point).where(queries.visible_to(by), col(Point.created_at) < moment)
    rows, cursor, count = await paginate_rows(session, query, page, order=(col(Point.id),))
    stood = await change_history.load_points_as_of(session, rows, moment)
    return Page(items=await queries.read_points(session, stood, moment), next_cursor=cursor, count=count)


@router.get(
    "/public", response_model=Page[PointRead], responses=problems(ValidationFailed), summary="List approved points"
)
async def list_public_points(
    session: SessionDep,
    page: PageDep,
    channel: Annotated[ChannelKey | None, Query()] = None,
) -> Page[PointRead]:
    """The points where clients meet the ministry: in force today and open to external clients (O-2.7). No token."""
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
    summary="List kinds of channels",
)
async def list_channel_kinds(by: Reader, session: SessionDep, page: PageDep) -> Page[ChannelKindRead]:
    """The kinds of channels that a point may have, oldest first; they are data, and more can be added."""
    order = (col(ChannelKind.id),)
    return await paginate(
        session, select(ChannelKind), page, ChannelKindRead.model_validate, order=order, descending=False
    )


@router.post(
    "/channel-kinds",
    status_code=201,
    response_model=ChannelKindRead,
    responses=problems(ChannelKindExists, ValidationFailed, IdempotencyKeyReused, IdempotencyKeyMalformed),
    summary="Add a kind of channel",
)
async def create_channel_kind(
    body: ChannelKindCreate, by: Writer, session: SessionDep, idempotency: IdempotencyDep
) -> Response:
    """Add a kind of channel, which points may then have."""

    async def work() -> Response:
        row = await service.create_channel_kind(session, body, by=by)
        return json_response(ChannelKindRead.model_validate(row), status=201)

    return await idempotency(session, by, work)


@router.get(
    "/coverage", response_model=CoverageRead, responses=problems(ValidationFailed), summary="Points without regulation"
)
async def get_coverage(
    by: CoverageReader,
    session: SessionDep,
    page: PageDep,
    on_date: Annotated[Day | None, Query(description="Today unless given.")] = None,
    organization_id: Annotated[Id | None, Query()] = None,
    channel: Annotated[ChannelKey | None, Query()] = None,
    unit_id: Annotated[Id | None, Query()] = None,
) -> CoverageRead:
    """The points in force that nothing regulates (O-10c), newest first, with counts by organization and channel."""
    day = on_date or clock.today()
    filters = {"organization_id": organization_id, "channel": channel, "unit_id": unit_id}
    query = queries.without_regulation(day, **filters)
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
    summary="Add an interaction point",
)
async def create_point(body: PointCreate, by: Writer, session: SessionDep, idempotency: IdempotencyDep) -> Response:
    """Add a point as a draft; it is used only after its approval (O-3)."""

    async def work() -> Response:
        point = await service.create_point(session, body, by=by)
        return json_response(await _shown(session, point), version=point.version, status=201)

    return await idempotency(session, by, work)


@router.get(
    "/{point_id:uuid}",
    response_model=PointRead,
    responses=problems(PointNotFound, ValidationFailed),
    summary="Get an interaction point",
)
async def get_point(point_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """One interaction point."""
    point = await service.get_point(session, point_id, by)
    return conditional_response(request, await _shown(session, point), version=point.version)


@router.get(
    "/{point_id:uuid}/history",
    response_model=Page[PointStateRead],
    responses=problems(PointNotFound, ValidationFailed),
    summary="Get the history of a point's states",
)
async def get_point_history(point_id: UUID, by: Reader, session: SessionDep, page: PageDep) -> Page[PointStateRead]:
    """Every step of the point's life in the order of recording: status, from when, by which act, who (O-3)."""
    point = await service.get_point(session, point_id, by)
    query = select(PointState).where(PointState.point_id == point.id)
    order = (col(PointState.sequence),)
    return await paginate(session, query, page, PointStateRead.model_validate, order=order, descending=False)


@router.get(
    "/{point_id:uuid}/changes",
    response_model=Page[PointChangeRead],
    responses=problems(PointNotFound, ValidationFailed),
    summary="Get the full history of a point",
)
async def list_point_changes(point_id: UUID, by: Reader, session: SessionDep, page: PageDep) -> Page[PointChangeRead]:
    """Who changed what and when (O-3): every deed with the old and new value of each field, newest first."""
    point = await service.get_point(session, point_id, by)
    query = change_history.load_changes(point.id)
    return await paginate(session, query, page, PointChangeRead.model_validate, order=(col(PointChange.id),))


@router.patch(
    "/{point_id:uuid}",
    response_model=PointRead,
    responses=problems(*CHANGES, PointExists),
    summary="Change an interaction point",
)
async def update_point(
    point_id: UUID, body: PointPatch, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Change a point; its status moves by approve, suspend and withdraw."""
    point = await service.update_point(session, point_id, body, match, by=by)
    return json_response(await _shown(session, point), version=point.version)


@router.put(
    "/{point_id:uuid}/regulation",
    response_model=PointRead,
    responses=problems(*CHANGES),
    summary="Say what regulates a point",
)
async def regulate_point(
    point_id: UUID, body: RegulationPut, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Regulate work at a point by a legal act with its clause, or by an own text (O-10c)."""
    point = await service.set_regulation(session, point_id, body, match, by=by)
    return json_response(await _shown(session, point), version=point.version)


@router.post(
    "/{point_id:uuid}/approve",
    response_model=PointRead,
    responses=problems(*MOVES),
    summary="Approve an interaction point",
)
async def approve_point(
    point_id: UUID, body: PointApprove, by: Approver, session: SessionDep, match: IfMatchDep
) -> Response:
    """Approve a point by a legal act. From `valid_from` on it accepts messages (O-2.7, O-3)."""
    point = await service.approve_point(session, point_id, body, match, by=by)
    return json_response(await _shown(session, point), version=point.version)


@router.post(
    "/{point_id:uuid}/suspend",
    response_model=PointRead,
    responses=problems(*MOVES),
    summary="Suspend an interaction point",
)
async def suspend_point(
    point_id: UUID, body: PointEnd, by: Approver, session: SessionDep, match: IfMatchDep
) -> Response:
    """Suspend a point from a day on; it may be approved again."""
    point = await service.end_point(session, point_id, PointStatus.SUSPENDED, body, match, by=by)
    return json_response(await _shown(session, point), version=point.version)


@router.post(
    "/{point_id:uuid}/withdraw",
    response_model=PointRead,
    responses=problems(*MOVES),
    summary="Withdraw an interaction point",
)
async def withdraw_point(
    point_id: UUID, body: PointEnd, by: Approver, session: SessionDep, match: IfMatchDep
) -> Response:
    """Withdraw a point from a day on, for good; its history stays."""
    point = await service.end_point(session, point_id, PointStatus.WITHDRAWN, body, match, by=by)
    return json_response(await _shown(session, point), version=point.version)
