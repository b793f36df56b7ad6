"""HTTP of substitutions."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import col, select

from app.core.deps import SessionDep
from app.core.etags import IfMatchDep, conditional_response, json_response
from app.core.idempotency import IdempotencyDep, IdempotencyKeyMalformed, IdempotencyKeyReused
from app.core.pagination import Page, PageDep, paginate
from app.core.problems import Forbidden, PreconditionFailed, PreconditionRequired, ValidationFailed, problems
from app.core.schemas import EmptyBody
from app.core.security import Principal, requires
from app.core.types import Day
from app.identity.errors import SubstitutionNotFound, SubstitutionOver, SubstitutionOverlaps
from app.identity.models import Substitution
from app.identity.queries import is_running_on
from app.identity.roles import Role
from app.identity.schemas import SubstitutionCreate, SubstitutionRead
from app.identity.service import substitutions

router = APIRouter(prefix="/substitutions", tags=["substitutions"])

SubstitutionReader = Annotated[Principal, requires("substitutions:read")]


async def _not_a_deputy(by: Annotated[Principal, requires("substitutions:write")]) -> Principal:
    # A deputy hands the rights neither on nor to themselves for longer. In a dependency: 403 comes before 422.
    if by.acts_for is not None and Role.ADMIN not in by.roles:
        raise Forbidden
    return by


SubstitutionWriter = Annotated[Principal, Depends(_not_a_deputy)]


def _answer(row: Substitution, status: int = 200) -> Response:
    return json_response(SubstitutionRead.model_validate(row), version=row.version, status=status)


@router.get(
    "", response_model=Page[SubstitutionRead], responses=problems(ValidationFailed), summary="List substitutions"
)
async def list_substitutions(
    by: SubstitutionReader,
    session: SessionDep,
    page: PageDep,
    on_date: Annotated[Day | None, Query(description="Only what is in force on this day.")] = None,
) -> Page[SubstitutionRead]:
    """Substitutions (O-10), cancelled ones too, newest first: a head sees their unit's, an administrator all."""
    query = select(Substitution).where(substitutions.visible_to(by))
    if on_date is not None:
        query = query.where(is_running_on(on_date))
    return await paginate(session, query, page, SubstitutionRead.model_validate, order=(col(Substitution.id),))


@router.post(
    "",
    status_code=201,
    response_model=SubstitutionRead,
    responses=problems(
        SubstitutionOverlaps, Forbidden, ValidationFailed, IdempotencyKeyReused, IdempotencyKeyMalformed
    ),
    summary="Name a deputy of a head",
)
async def create_substitution(
    body: SubstitutionCreate, by: SubstitutionWriter, session: SessionDep, idempotency: IdempotencyDep
) -> Response:
    """Name a deputy for some days, both included, in Asia/Novosibirsk, 366 at most. While it runs, the deputy has the
    role `unit_head` in addition and every deed of theirs keeps the head in the audit trail. Four eyes stay: what the
    deputy drafted, somebody else approves. A deputy does not name deputies."""

    async def work() -> Response:
        return _answer(await substitutions.create_substitution(session, body, by=by), 201)

    return await idempotency(session, by, work)


@router.get(
    "/{substitution_id}",
    response_model=SubstitutionRead,
    responses=problems(SubstitutionNotFound, ValidationFailed),
    summary="Get a substitution",
)
async def get_substitution(
    substitution_id: UUID, by: SubstitutionReader, session: SessionDep, request: Request
) -> Response:
    """One substitution."""
    row = await substitutions.get_substitution(session, substitution_id, by)
    return conditional_response(request, SubstitutionRead.model_validate(row), version=row.version)


@router.post(
    "/{substitution_id}/cancel",
    response_model=SubstitutionRead,
    responses=problems(
        SubstitutionNotFound, SubstitutionOver, Forbidden, ValidationFailed, PreconditionFailed, PreconditionRequired
    ),
    summary="Cancel a substitution",
)
async def cancel_substitution(
    substitution_id: UUID, body: EmptyBody, by: SubstitutionWriter, session: SessionDep, match: IfMatchDep
) -> Response:
    """End a substitution now, or before it begins. The deputy's additional rights are gone with the next request."""
    return _answer(await substitutions.cancel_substitution(session, substitution_id, match, by=by))
