"""HTTP endpoints of competent bodies."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import col

from app.core.deps import SessionDep
from app.core.etags import IfMatchDep, conditional, versioned
from app.core.idempotency import idempotent
from app.core.pagination import Page, PageDep, paginate
from app.core.problems import problems
from app.core.security import Principal, requires
from app.messages import queries
from app.messages.commands import NewCompetentBody
from app.messages.errors import CompetentBodyExists, CompetentBodyNotFound
from app.messages.models import CompetentBody
from app.messages.schemas.messages import CompetentBodyCreate, CompetentBodyPatch, CompetentBodyRead
from app.messages.service import competent_bodies

Reader = Annotated[Principal, requires("organizations:read")]
Writer = Annotated[Principal, requires("organizations:write")]

router = APIRouter(prefix="/competent-bodies", tags=["messages"])


@router.get("", response_model=Page[CompetentBodyRead], summary="List competent bodies")
async def list_competent_bodies(
    by: Reader,
    session: SessionDep,
    page: PageDep,
    with_closed: Annotated[bool, Query(description="Include closed bodies.")] = False,
) -> Page[CompetentBodyRead]:
    """List the bodies competent for questions outside the ministry's competence (O-6.2.1), newest first.

    Each has an explanation prepared for clients.
    """
    query = queries.select_competent_bodies(with_closed=with_closed)
    return await paginate(session, query, page, CompetentBodyRead.model_validate, order=(col(CompetentBody.id),))


@router.post(
    "",
    status_code=201,
    response_model=CompetentBodyRead,
    responses=problems(CompetentBodyExists),
    summary="Add a competent body",
)
@idempotent
async def create_competent_body(body: CompetentBodyCreate, by: Writer, session: SessionDep) -> Response:
    """Add a competent body with its questions and the explanation for clients."""
    row = await competent_bodies.create_body(session, body.to_command(NewCompetentBody), by=by)
    return await versioned(session, row, CompetentBodyRead, 201)


@router.get(
    "/{body_id}",
    response_model=CompetentBodyRead,
    responses=problems(CompetentBodyNotFound),
    summary="Get a competent body",
)
async def get_competent_body(body_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Return one competent body."""
    return await conditional(request, session, await competent_bodies.get_body(session, body_id), CompetentBodyRead)


@router.patch(
    "/{body_id}",
    response_model=CompetentBodyRead,
    responses=problems(CompetentBodyNotFound, CompetentBodyExists),
    summary="Update a competent body",
)
async def update_competent_body(
    body_id: UUID, body: CompetentBodyPatch, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Update or close a competent body."""
    row = await competent_bodies.update_body(session, body_id, body.changes(), match, by=by)
    return await versioned(session, row, CompetentBodyRead)
