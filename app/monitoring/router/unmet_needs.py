"""HTTP API of unmet needs: what respondents could not find."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from app.core.deps import SessionDep
from app.core.etags import IfMatchDep, conditional, versioned
from app.core.problems import TransitionNotAllowed, problems
from app.core.security import Principal, requires
from app.core.types import Id
from app.monitoring.errors import UnmetNeedNotFound
from app.monitoring.router.figures import CutDep, Reader
from app.monitoring.rules import UnmetNeedMove, UnmetNeedState
from app.monitoring.schemas.unmet_needs import (
    UnmetNeedListRead,
    UnmetNeedNote,
    UnmetNeedPatch,
    UnmetNeedRead,
    UnmetNeedStart,
)
from app.monitoring.service import unmet_needs
from app.monitoring.service.unmet_needs import move_group, read_group

Doer = Annotated[Principal, requires("monitoring:follow_up")]
FOUND = problems(UnmetNeedNotFound)
MOVED = problems(UnmetNeedNotFound, TransitionNotAllowed)

router = APIRouter(prefix="/monitoring/unmet-needs", tags=["monitoring"])


@router.get("", response_model=UnmetNeedListRead, summary="List unmet needs")
async def list_unmet_needs(
    by: Reader,
    session: SessionDep,
    cut: CutDep,
    state: Annotated[UnmetNeedState | None, Query()] = None,
    unit_id: Annotated[Id | None, Query()] = None,
    template_id: Annotated[Id | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Maximum number of unmet needs.")] = 50,
) -> UnmetNeedListRead:
    """List what respondents could not find: groups of similar comments, the largest first (A-1.23x, O-11).

    Each has the reply template that should answer it, if one fits. A head sees the unmet needs of their unit and the
    unassigned ones of their organization; the client-centricity unit sees all. Comments appear a few seconds after
    their submission.
    """
    return await unmet_needs.list_groups(
        session, cut, limit, by=by, state=state, unit_id=unit_id, template_id=template_id
    )


@router.get("/{group_id}", response_model=UnmetNeedRead, responses=FOUND, summary="Get an unmet need")
async def get_unmet_need(group_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Return one unmet need with the figures of all its comments and its history."""
    return await conditional(request, session, await unmet_needs.get_group(session, group_id, by), read_group)


@router.patch("/{group_id}", response_model=UnmetNeedRead, responses=FOUND, summary="Update an unmet need")
async def update_unmet_need(
    group_id: UUID, body: UnmetNeedPatch, match: IfMatchDep, by: Doer, session: SessionDep
) -> Response:
    """Set the reply template that should answer the unmet need or the unit responsible for it; null removes it."""
    row = await unmet_needs.update_group(session, group_id, body.changes(), match, by=by)
    return await versioned(session, row, read_group)


@router.post("/{group_id}/start", response_model=UnmetNeedRead, responses=MOVED, summary="Start work on an unmet need")
async def start_unmet_need(
    group_id: UUID, body: UnmetNeedStart, match: IfMatchDep, by: Doer, session: SessionDep
) -> Response:
    """Mark the unmet need as in progress. An unassigned one is assigned to the caller's unit.

    A caller who sees all units leaves it unassigned.
    """
    row = await move_group(session, group_id, UnmetNeedMove.START, body.note, match, by=by)
    return await versioned(session, row, read_group)


@router.post("/{group_id}/resolve", response_model=UnmetNeedRead, responses=MOVED, summary="Resolve an unmet need")
async def resolve_unmet_need(
    group_id: UUID, body: UnmetNeedNote, match: IfMatchDep, by: Doer, session: SessionDep
) -> Response:
    """Record what was done and mark the unmet need as resolved. A new similar comment reopens it."""
    row = await move_group(session, group_id, UnmetNeedMove.RESOLVE, body.note, match, by=by)
    return await versioned(session, row, read_group)


@router.post("/{group_id}/reopen", response_model=UnmetNeedRead, responses=MOVED, summary="Reopen an unmet need")
async def reopen_unmet_need(
    group_id: UUID, body: UnmetNeedNote, match: IfMatchDep, by: Doer, session: SessionDep
) -> Response:
    """Stop work on an unmet need, or reopen one that turned out not to be resolved."""
    row = await move_group(session, group_id, UnmetNeedMove.REOPEN, body.note, match, by=by)
    return await versioned(session, row, read_group)
