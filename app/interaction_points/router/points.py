"""HTTP endpoints of one interaction point: its fields, status, regulation and history."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlmodel import col

from app.core.deps import SessionDep
from app.core.etags import IfMatchDep, conditional, versioned
from app.core.idempotency import idempotent
from app.core.pagination import Page, PageDep, paginate
from app.core.problems import TransitionNotAllowed, problems
from app.core.security import Principal, requires
from app.interaction_points import change_history, queries, service
from app.interaction_points.commands import Approval, NewPoint, Regulation
from app.interaction_points.errors import PointExists, PointNotFound
from app.interaction_points.models import PointChange, PointState
from app.interaction_points.queries import read_point
from app.interaction_points.rules import PointMove
from app.interaction_points.schemas import (
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
Approver = Annotated[Principal, requires("points:approve")]

router = APIRouter(prefix="/interaction-points", tags=["interaction points"])
# `:uuid` keeps /public and /channel-kinds from matching `point_id` for methods that they do not support.

NOT_FOUND = problems(PointNotFound)
TRANSITION_PROBLEMS = problems(PointNotFound, TransitionNotAllowed)


@router.post(
    "",
    status_code=201,
    response_model=PointRead,
    responses=problems(PointExists),
    summary="Create an interaction point",
)
@idempotent
async def create_point(body: PointCreate, by: Writer, session: SessionDep) -> Response:
    """Create a point as a draft; it can be used only after approval (O-3)."""
    point = await service.create_point(session, body.to_command(NewPoint), by=by)
    return await versioned(session, point, read_point, 201)


@router.get("/{point_id:uuid}", response_model=PointRead, responses=NOT_FOUND, summary="Get an interaction point")
async def get_point(point_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Return an interaction point."""
    return await conditional(request, session, await service.get_point(session, point_id, by), read_point)


@router.get(
    "/{point_id:uuid}/history",
    response_model=Page[PointStateRead],
    responses=NOT_FOUND,
    summary="List status changes of an interaction point",
)
async def get_point_history(point_id: UUID, by: Reader, session: SessionDep, page: PageDep) -> Page[PointStateRead]:
    """List the status changes of a point in order of recording: status, effective date, legal act and author (O-3)."""
    point = await service.get_point(session, point_id, by)
    query, order = queries.select_states(point.id), (col(PointState.sequence),)
    return await paginate(session, query, page, PointStateRead.model_validate, order=order, descending=False)


@router.get(
    "/{point_id:uuid}/changes",
    response_model=Page[PointChangeRead],
    responses=NOT_FOUND,
    summary="List changes of an interaction point",
)
async def list_point_changes(point_id: UUID, by: Reader, session: SessionDep, page: PageDep) -> Page[PointChangeRead]:
    """List all changes of a point with their author, time, and old and new field values (O-3), newest first."""
    point = await service.get_point(session, point_id, by)
    query = change_history.select_changes(point.id)
    return await paginate(session, query, page, PointChangeRead.model_validate, order=(col(PointChange.id),))


@router.patch(
    "/{point_id:uuid}",
    response_model=PointRead,
    responses=problems(PointNotFound, PointExists),
    summary="Update an interaction point",
)
async def update_point(
    point_id: UUID, body: PointPatch, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Update the fields of a point; its status is changed by approve, suspend and withdraw."""
    point = await service.update_point(session, point_id, body.changes(), match, by=by)
    return await versioned(session, point, read_point)


@router.put(
    "/{point_id:uuid}/regulation",
    response_model=PointRead,
    responses=NOT_FOUND,
    summary="Set the regulation of an interaction point",
)
async def regulate_point(
    point_id: UUID, body: RegulationPut, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Set the regulation of a point: a legal act with its clause, or its own text (O-10c)."""
    point = await service.set_regulation(session, point_id, body.to_command(Regulation), match, by=by)
    return await versioned(session, point, read_point)


@router.post(
    "/{point_id:uuid}/approve",
    response_model=PointRead,
    responses=TRANSITION_PROBLEMS,
    summary="Approve an interaction point",
)
async def approve_point(
    point_id: UUID, body: PointApprove, by: Approver, session: SessionDep, match: IfMatchDep
) -> Response:
    """Approve a point by a legal act; it accepts messages from `valid_from` on (O-2.7, O-3)."""
    point = await service.approve_point(session, point_id, body.to_command(Approval), match, by=by)
    return await versioned(session, point, read_point)


@router.post(
    "/{point_id:uuid}/suspend",
    response_model=PointRead,
    responses=TRANSITION_PROBLEMS,
    summary="Suspend an interaction point",
)
async def suspend_point(
    point_id: UUID, body: PointEnd, by: Approver, session: SessionDep, match: IfMatchDep
) -> Response:
    """Suspend a point from a given day (today by default); it can be approved again."""
    move = PointMove.SUSPEND
    point = await service.end_point(session, point_id, move, match, reason=body.reason, on=body.on, by=by)
    return await versioned(session, point, read_point)


@router.post(
    "/{point_id:uuid}/withdraw",
    response_model=PointRead,
    responses=TRANSITION_PROBLEMS,
    summary="Withdraw an interaction point",
)
async def withdraw_point(
    point_id: UUID, body: PointEnd, by: Approver, session: SessionDep, match: IfMatchDep
) -> Response:
    """Withdraw a point permanently from a given day (today by default); its history is kept."""
    move = PointMove.WITHDRAW
    point = await service.end_point(session, point_id, move, match, reason=body.reason, on=body.on, by=by)
    return await versioned(session, point, read_point)
