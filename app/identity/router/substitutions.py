"""HTTP endpoints of substitutions."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import col

from app.core.deps import SessionDep
from app.core.etags import IfMatchDep, conditional, versioned
from app.core.idempotency import idempotent
from app.core.pagination import Page, PageDep, paginate
from app.core.problems import Forbidden, problems
from app.core.schemas import EmptyBody
from app.core.security import Principal, requires
from app.core.types import Day
from app.identity import queries
from app.identity.commands import NewSubstitution
from app.identity.errors import SubstitutionNotFound, SubstitutionOver, SubstitutionOverlaps
from app.identity.models import Substitution
from app.identity.roles import Role
from app.identity.schemas import SubstitutionCreate, SubstitutionRead
from app.identity.service import substitutions

router = APIRouter(prefix="/substitutions", tags=["substitutions"])

SubstitutionReader = Annotated[Principal, requires("substitutions:read")]


async def _refuse_deputy(by: Annotated[Principal, requires("substitutions:write")]) -> Principal:
    # A deputy may not pass the rights on or prolong them. A dependency, so that 403 takes precedence over 422.
    if by.acts_for is not None and Role.ADMIN not in by.roles:
        raise Forbidden
    return by


SubstitutionWriter = Annotated[Principal, Depends(_refuse_deputy)]


@router.get("", response_model=Page[SubstitutionRead], summary="List substitutions")
async def list_substitutions(
    by: SubstitutionReader,
    session: SessionDep,
    page: PageDep,
    on_date: Annotated[Day | None, Query(description="Only substitutions in force on this day.")] = None,
) -> Page[SubstitutionRead]:
    """Return substitutions (O-10), including cancelled ones, newest first.

    Heads and deputies see the substitutions of their unit, administrators see all.
    """
    query = queries.select_substitutions(by, on_date)
    return await paginate(session, query, page, SubstitutionRead.model_validate, order=(col(Substitution.id),))


@router.post(
    "",
    status_code=201,
    response_model=SubstitutionRead,
    responses=problems(SubstitutionOverlaps, Forbidden),
    summary="Create a substitution",
)
@idempotent
async def create_substitution(body: SubstitutionCreate, by: SubstitutionWriter, session: SessionDep) -> Response:
    """Assign a deputy to a unit's head for up to 366 days (both days included, time zone Asia/Novosibirsk).

    During the substitution the deputy also has the role `unit_head`, and the audit trail records the head for every
    action of the deputy. The four-eyes rule still holds: another person approves the replies that the deputy drafted.
    A deputy cannot assign deputies.
    """
    row = await substitutions.create_substitution(session, body.to_command(NewSubstitution), by=by)
    return await versioned(session, row, SubstitutionRead, 201)


@router.get(
    "/{substitution_id}",
    response_model=SubstitutionRead,
    responses=problems(SubstitutionNotFound),
    summary="Get a substitution",
)
async def get_substitution(
    substitution_id: UUID, by: SubstitutionReader, session: SessionDep, request: Request
) -> Response:
    """Return a substitution."""
    row = await substitutions.get_substitution(session, substitution_id, by)
    return await conditional(request, session, row, SubstitutionRead)


@router.post(
    "/{substitution_id}/cancel",
    response_model=SubstitutionRead,
    responses=problems(SubstitutionNotFound, SubstitutionOver, Forbidden),
    summary="Cancel a substitution",
)
async def cancel_substitution(
    substitution_id: UUID, body: EmptyBody, by: SubstitutionWriter, session: SessionDep, match: IfMatchDep
) -> Response:
    """End a substitution now, or before it begins. The deputy loses the head's rights with the next request."""
    row = await substitutions.cancel_substitution(session, substitution_id, match, by=by)
    return await versioned(session, row, SubstitutionRead)
