"""HTTP API of units' targets."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlmodel import col

from app.core.deps import SessionDep
from app.core.etags import IfMatchDep, versioned
from app.core.idempotency import idempotent
from app.core.pagination import Page, PageDep, paginate_rows
from app.core.problems import problems
from app.core.security import Principal, requires
from app.core.types import Id
from app.monitoring.commands import NewTarget
from app.monitoring.errors import TargetExists, TargetNotFound
from app.monitoring.models import UnitTarget
from app.monitoring.queries.targets import select_targets
from app.monitoring.router.figures import Reader
from app.monitoring.schemas.targets import TargetCreate, TargetPatch, TargetRead
from app.monitoring.service import targets

Writer = Annotated[Principal, requires("targets:write")]

router = APIRouter(prefix="/monitoring/targets", tags=["monitoring"])


@router.get("", response_model=Page[TargetRead], summary="List targets")
async def list_targets(
    by: Reader,
    session: SessionDep,
    page: PageDep,
    unit_id: Annotated[Id | None, Query()] = None,
    with_closed: Annotated[bool, Query(description="Include targets that are no longer in force.")] = False,
) -> Page[TargetRead]:
    """List the targets of units, newest first, with their figures in the current period (O-10, O-11).

    A head sees their unit's targets, the client-centricity unit all.
    """
    query = select_targets(by, unit_id=unit_id, with_closed=with_closed)
    rows, cursor, count = await paginate_rows(session, query, page, order=(col(UnitTarget.id),))
    return Page(items=await targets.read_targets(session, rows), next_cursor=cursor, count=count)


@router.post(
    "", status_code=201, response_model=TargetRead, responses=problems(TargetExists), summary="Create a target"
)
@idempotent
async def create_target(body: TargetCreate, by: Writer, session: SessionDep) -> Response:
    """Create a target: the share that a unit should reach every month or quarter, and the smallest sample to judge by.

    When the target is not reached, the service creates one control note for the period and notifies the heads of the
    unit.
    """
    row = await targets.create_target(session, body.to_command(NewTarget), by=by)
    return await versioned(session, row, targets.read_target, 201)


@router.get("/{target_id}", response_model=TargetRead, responses=problems(TargetNotFound), summary="Get a target")
async def get_target(target_id: UUID, by: Reader, session: SessionDep) -> Response:
    """Return one target with its current period and the latest 12 periods in which it was not reached.

    The ETag covers the target only.
    """
    return await versioned(session, await targets.get_target(session, target_id, by), targets.read_target)


@router.patch(
    "/{target_id}",
    response_model=TargetRead,
    responses=problems(TargetNotFound, TargetExists),
    summary="Update or close a target",
)
async def update_target(
    target_id: UUID, body: TargetPatch, match: IfMatchDep, by: Writer, session: SessionDep
) -> Response:
    """Change the share or the sample from today on, or close the target by setting its last day."""
    row = await targets.update_target(session, target_id, body.changes(), match, by=by)
    return await versioned(session, row, targets.read_target)
