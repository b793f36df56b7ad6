"""HTTP endpoints of competent bodies."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import col, select

from app.core import clock
from app.core.deps import SessionDep
from app.core.etags import IfMatchDep, conditional_response, json_response
from app.core.idempotency import IdempotencyDep, IdempotencyKeyMalformed, IdempotencyKeyReused
from app.core.pagination import Page, PageDep, paginate
from app.core.problems import PreconditionFailed, PreconditionRequired, ValidationFailed, problems
from app.core.security import Principal, requires
from app.core.validity import Validity
from app.messages.errors import CompetentBodyExists, CompetentBodyNotFound
from app.messages.models import CompetentBody
from app.messages.schemas.competent_bodies import CompetentBodyCreate, CompetentBodyPatch, CompetentBodyRead
from app.messages.service import competent_bodies

Reader = Annotated[Principal, requires("organizations:read")]
Writer = Annotated[Principal, requires("organizations:write")]

router = APIRouter(prefix="/competent-bodies", tags=["messages"])


@router.get(
    "", response_model=Page[CompetentBodyRead], responses=problems(ValidationFailed), summary="List competent bodies"
)
async def list_competent_bodies(
    by: Reader,
    session: SessionDep,
    page: PageDep,
    with_closed: Annotated[bool, Query(description="Include closed bodies.")] = False,
) -> Page[CompetentBodyRead]:
    """List the bodies competent for questions outside the ministry's competence (O-6.2.1), newest first.

    Each has an explanation prepared for clients.
    """
    query = select(CompetentBody)
    if not with_closed:
        closed_on = col(CompetentBody.closed_on)
        query = query.where(Validity.condition(clock.today(), last=closed_on))
    return await paginate(session, query, page, CompetentBodyRead.model_validate, order=(col(CompetentBody.id),))


@router.post(
    "",
    status_code=201,
    response_model=CompetentBodyRead,
    responses=problems(CompetentBodyExists, ValidationFailed, IdempotencyKeyReused, IdempotencyKeyMalformed),
    summary="Add a competent body",
)
async def create_competent_body(
    body: CompetentBodyCreate, by: Writer, session: SessionDep, idempotency: IdempotencyDep
) -> Response:
    """Add a competent body with its questions and the explanation for clients."""

    async def work() -> Response:
        row = await competent_bodies.create_body(session, body, by=by)
        return json_response(CompetentBodyRead.model_validate(row), version=row.version, status=201)

    return await idempotency(session, by, work)


@router.get(
    "/{body_id}",
    response_model=CompetentBodyRead,
    responses=problems(CompetentBodyNotFound, ValidationFailed),
    summary="Get a competent body",
)
async def get_competent_body(body_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Return one competent body."""
    row = await competent_bodies.get_body(session, body_id)
    return conditional_response(request, CompetentBodyRead.model_validate(row), version=row.version)


@router.patch(
    "/{body_id}",
    response_model=CompetentBodyRead,
    responses=problems(
        CompetentBodyNotFound, CompetentBodyExists, ValidationFailed, PreconditionFailed, PreconditionRequired
    ),
    summary="Update a competent body",
)
async def update_competent_body(
    body_id: UUID, body: CompetentBodyPatch, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Update or close a competent body."""
    row = await competent_bodies.update_body(session, body_id, body, match, by=by)
    return json_response(CompetentBodyRead.model_validate(row), version=row.version)
