"""HTTP API of the head's control of a unit."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from sqlmodel import col

from app.core.deps import SessionDep
from app.core.etags import json_response
from app.core.idempotency import idempotent
from app.core.pagination import Page, PageDep, paginate_rows
from app.core.problems import problems
from app.core.security import Principal, requires
from app.monitoring.errors import MonthSignedOff
from app.monitoring.models import SignOff
from app.monitoring.queries.sign_offs import select_sign_offs
from app.monitoring.schemas.control import SignOffCreate, SignOffRead, UnitQueueRead
from app.monitoring.service import units
from app.organizations.errors import UnitNotFound

Head = Annotated[Principal, requires("control:write")]
FOUND = problems(UnitNotFound)

router = APIRouter(prefix="/monitoring/units", tags=["monitoring"])


@router.get("/{unit_id}", response_model=UnitQueueRead, responses=FOUND, summary="Get a unit's queue")
async def get_unit_queue(unit_id: UUID, by: Head, session: SessionDep) -> UnitQueueRead:
    """Return the numbers of open, due, overdue, awaiting-approval, returned and unassigned messages (O-10).

    They are those of the head's unit, in total, by employee and by channel.
    """
    units.require_own(unit_id, by)
    return await units.read_queue(session, unit_id)


@router.get("/{unit_id}/sign-offs", response_model=Page[SignOffRead], responses=FOUND, summary="List signed-off months")
async def list_sign_offs(unit_id: UUID, by: Head, session: SessionDep, page: PageDep) -> Page[SignOffRead]:
    """List the signed-off months, latest first, with their figures as signed off, as they are now and what changed."""
    units.require_own(unit_id, by)
    rows, cursor, count = await paginate_rows(session, select_sign_offs(unit_id), page, order=(col(SignOff.month),))
    return Page(items=await units.read_sign_offs(session, unit_id, rows), next_cursor=cursor, count=count)


@router.post(
    "/{unit_id}/sign-offs",
    status_code=201,
    response_model=SignOffRead,
    responses=problems(UnitNotFound, MonthSignedOff),
    summary="Sign off a month",
)
@idempotent
async def sign_month_off(unit_id: UUID, body: SignOffCreate, by: Head, session: SessionDep) -> Response:
    """Confirm the figures of a month of the head's unit (O-10).

    The confirmed figures are stored; later changes are shown next to them.
    """
    units.require_own(unit_id, by)
    return json_response(await units.sign_off(session, unit_id, body.first_day, by=by), status=201)
