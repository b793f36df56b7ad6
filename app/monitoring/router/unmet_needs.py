"""HTTP of what respondents could not find, in groups, and of what is done about it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.deps import SessionDep
from app.core.etags import IfMatchDep, conditional_response, json_response
from app.core.problems import PreconditionFailed, PreconditionRequired, TransitionNotAllowed, ValidationFailed, problems
from app.core.security import Principal, requires
from app.core.types import Id
from app.monitoring.errors import UnmetNeedNotFound
from app.monitoring.models import UnmetNeed
from app.monitoring.router.figures import CutDep
from app.monitoring.rules import UnmetNeedMove, UnmetNeedState
from app.monitoring.schemas.unmet_needs import (
    UnmetNeedListRead,
    UnmetNeedNote,
    UnmetNeedPatch,
    UnmetNeedRead,
    UnmetNeedStart,
)
from app.monitoring.service import unmet_needs

Reader = Annotated[Principal, requires("monitoring:read")]
Doer = Annotated[Principal, requires("monitoring:follow_up")]
CHANGES = (UnmetNeedNotFound, ValidationFailed, PreconditionFailed, PreconditionRequired)

router = APIRouter(prefix="/monitoring/unmet-needs", tags=["monitoring"])


async def _answer(session: AsyncSession, row: UnmetNeed) -> Response:
    return json_response(await unmet_needs.read_group(session, row), version=row.version)


@router.get(
    "", response_model=UnmetNeedListRead, responses=problems(ValidationFailed), summary="What was not found, in groups"
)
async def list_unmet_needs(
    by: Reader,
    session: SessionDep,
    cut: CutDep,
    state: Annotated[UnmetNeedState | None, Query()] = None,
    unit_id: Annotated[Id | None, Query()] = None,
    template_id: Annotated[Id | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="How many groups at most.")] = 50,
) -> UnmetNeedListRead:
    """What respondents could not find, texts of the same thing together, the largest group first (A-1.23x, O-11).

    Each names the reply template that should answer it, where one fits. A head sees what their unit should answer, and
    what nobody has yet; the client-centricity unit all. Texts are here some seconds after their submission.
    """
    given = {"state": state, "unit_id": unit_id, "template_id": template_id}
    n, groups, items = await unmet_needs.list_groups(session, cut, limit, by=by, **given)
    period = {"from": cut.period.since, "to": cut.period.until}
    return UnmetNeedListRead.model_validate(period | {"n": n, "groups": groups, "items": items})


@router.get(
    "/{group_id}",
    response_model=UnmetNeedRead,
    responses=problems(UnmetNeedNotFound, ValidationFailed),
    summary="Get a group of what was not found",
)
async def get_unmet_need(group_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """One group with all its texts counted, and its history."""
    row = await unmet_needs.get_group(session, group_id, by)
    return conditional_response(request, await unmet_needs.read_group(session, row), version=row.version)


@router.patch(
    "/{group_id}",
    response_model=UnmetNeedRead,
    responses=problems(*CHANGES),
    summary="Say what should answer it",
)
async def update_unmet_need(
    group_id: UUID, body: UnmetNeedPatch, match: IfMatchDep, by: Doer, session: SessionDep
) -> Response:
    """Name the reply template that should answer a group, or the unit whose affair it is; null takes it away."""
    return await _answer(session, await unmet_needs.update_group(session, group_id, body, match, by=by))


@router.post(
    "/{group_id}/start",
    response_model=UnmetNeedRead,
    responses=problems(*CHANGES, TransitionNotAllowed),
    summary="Take it up",
)
async def start_unmet_need(
    group_id: UUID, body: UnmetNeedStart, match: IfMatchDep, by: Doer, session: SessionDep
) -> Response:
    """Somebody sees to it. What nobody had is the caller's unit's from now on."""
    move = UnmetNeedMove.START
    return await _answer(session, await unmet_needs.move_group(session, group_id, move, body.note, match, by=by))


@router.post(
    "/{group_id}/resolve",
    response_model=UnmetNeedRead,
    responses=problems(*CHANGES, TransitionNotAllowed),
    summary="Resolve it",
)
async def resolve_unmet_need(
    group_id: UUID, body: UnmetNeedNote, match: IfMatchDep, by: Doer, session: SessionDep
) -> Response:
    """Say what was done, so that it is found from now on. A new text of the group opens it again."""
    move = UnmetNeedMove.RESOLVE
    return await _answer(session, await unmet_needs.move_group(session, group_id, move, body.note, match, by=by))


@router.post(
    "/{group_id}/reopen",
    response_model=UnmetNeedRead,
    responses=problems(*CHANGES, TransitionNotAllowed),
    summary="Open it again",
)
async def reopen_unmet_need(
    group_id: UUID, body: UnmetNeedNote, match: IfMatchDep, by: Doer, session: SessionDep
) -> Response:
    """Give back what was taken up, or open again what is not resolved after all."""
    move = UnmetNeedMove.REOPEN
    return await _answer(session, await unmet_needs.move_group(session, group_id, move, body.note, match, by=by))
