"""HTTP API of the head's control of a unit."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from sqlmodel import col, select

from app.core.deps import SessionDep
from app.core.etags import json_response
from app.core.idempotency import IdempotencyDep, IdempotencyKeyMalformed, IdempotencyKeyReused
from app.core.pagination import Page, PageDep, paginate_rows
from app.core.problems import ValidationFailed, problems
from app.core.security import Principal, requires
from app.monitoring.errors import MonthSignedOff
from app.monitoring.models import SignOff
from app.monitoring.schemas.control import SignOffCreate, SignOffRead, UnitQueueRead
from app.monitoring.service import units
from app.organizations.errors import UnitNotFound

Head = Annotated[Principal, requires("control:write")]

router = APIRouter(prefix="/monitoring/units", tags=["monitoring"])


@router.get(
    "/{unit_id}",
    response_model=UnitQueueRead,
    responses=problems(UnitNotFound, ValidationFailed),
    summary="Get a unit's queue",
)
async def get_unit_queue(unit_id: UUID, by: Head, session: SessionDep) -> UnitQueueRead:
    """Return the numbers of open, due, overdue, awaiting-approval, returned and unassigned messages (O-10).

    They are those of the head's unit, in total, by employee and by channel.
    """
    units.require_own(unit_id, by)
    return await units.read_queue(session, unit_id)


@router.get(
    "/{unit_id}/sign-offs",
    response_model=Page[SignOffRead],
    responses=problems(UnitNotFound, ValidationFailed),
    summary="List signed-off months",
)
async def list_sign_offs(unit_id: UUID, by: Head, session: SessionDep, page: PageDep) -> Page[SignOffRead]:
    """List the signed-off months, latest first, with their figures as signed off, as they are now and what changed."""
    units.require_own(unit_id, by)
    query = select(SignOff).where(SignOff.unit_id == unit_id)
    rows, cursor, count = await paginate_rows(session, query, page, order=(col(SignOff.month),))
    return Page(items=await units.read_sign_offs(session, rows), next_cursor=cursor, count=count)


@router.post(
    "/{unit_id}/sign-offs",
    status_code=201,
    response_model=SignOffRead,
    responses=problems(UnitNotFound, MonthSignedOff, ValidationFailed, IdempotencyKeyReused, IdempotencyKeyMalformed),
    summary="Sign off a month",
)
async def sign_month_off(
    unit_id: UUID, body: SignOffCreate, by: Head, session: SessionDep, idempotency: IdempotencyDep
) -> Response:
    """Confirm the figures of a month of the head's unit (O-10).

    The confirmed figures are stored; later changes are shown next to them.
    """
    units.require_own(unit_id, by)

    async def work() -> Response:
        return json_response(await units.sign_off(session, unit_id, body, by=by), status=201)

    return await idempotency(session, by, work)
