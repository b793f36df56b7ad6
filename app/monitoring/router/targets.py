"""HTTP API of units' targets."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.deps import SessionDep
from app.core.etags import IfMatchDep, json_response
from app.core.idempotency import IdempotencyDep, IdempotencyKeyMalformed, IdempotencyKeyReused
from app.core.pagination import Page, PageDep, paginate_rows
from app.core.problems import PreconditionFailed, PreconditionRequired, ValidationFailed, problems
from app.core.security import Principal, requires
from app.core.types import Id
from app.core.validity import Validity
from app.monitoring.errors import TargetExists, TargetNotFound
from app.monitoring.models import UnitTarget
from app.monitoring.schemas.targets import TargetCreate, TargetPatch, TargetRead
from app.monitoring.service import targets

Reader = Annotated[Principal, requires("monitoring:read")]
Writer = Annotated[Principal, requires("targets:write")]

router = APIRouter(prefix="/monitoring/targets", tags=["monitoring"])


async def _read_target(session: AsyncSession, row: UnitTarget) -> TargetRead:
    return (await targets.read_targets(session, [row]))[0]


@router.get("", response_model=Page[TargetRead], responses=problems(ValidationFailed), summary="List targets")
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
    query = select(UnitTarget).where(targets.visible_to(by))
    if unit_id is not None:
        query = query.where(UnitTarget.unit_id == unit_id)
    if not with_closed:
        closed_on = col(UnitTarget.closed_on)
        query = query.where(Validity.condition(clock.today(), last=closed_on))
    rows, cursor, count = await paginate_rows(session, query, page, order=(col(UnitTarget.id),))
    return Page(items=await targets.read_targets(session, rows), next_cursor=cursor, count=count)


@router.post(
    "",
    status_code=201,
    response_model=TargetRead,
    responses=problems(TargetExists, ValidationFailed, IdempotencyKeyReused, IdempotencyKeyMalformed),
    summary="Create a target",
)
async def create_target(body: TargetCreate, by: Writer, session: SessionDep, idempotency: IdempotencyDep) -> Response:
    """Create a target: the share that a unit should reach every month or quarter, and the smallest sample to judge by.

    When the target is not reached, the service creates one control note for the period and notifies the heads of the
    unit.
    """

    async def work() -> Response:
        row = await targets.create_target(session, body, by=by)
        return json_response(await _read_target(session, row), version=row.version, status=201)

    return await idempotency(session, by, work)


@router.get(
    "/{target_id}",
    response_model=TargetRead,
    responses=problems(TargetNotFound, ValidationFailed),
    summary="Get a target",
)
async def get_target(target_id: UUID, by: Reader, session: SessionDep) -> Response:
    """Return one target with its current period and the latest 12 periods in which it was not reached.

    The ETag covers the target only.
    """
    row = await targets.get_target(session, target_id, by)
    return json_response(await _read_target(session, row), version=row.version)


@router.patch(
    "/{target_id}",
    response_model=TargetRead,
    responses=problems(TargetNotFound, TargetExists, ValidationFailed, PreconditionFailed, PreconditionRequired),
    summary="Update or close a target",
)
async def update_target(
    target_id: UUID, body: TargetPatch, match: IfMatchDep, by: Writer, session: SessionDep
) -> Response:
    """Change the share or the sample from today on, or close the target by setting its last day."""
    row = await targets.update_target(session, target_id, body, match, by=by)
    return json_response(await _read_target(session, row), version=row.version)
