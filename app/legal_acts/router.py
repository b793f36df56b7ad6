"""HTTP endpoints of legal acts."""

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
from app.legal_acts import queries, service
from app.legal_acts.commands import NewAct
from app.legal_acts.errors import LegalActExists, LegalActNotFound
from app.legal_acts.models import LegalAct
from app.legal_acts.rules import LegalActKind
from app.legal_acts.schemas import LegalActCreate, LegalActPatch, LegalActRead

Reader = Annotated[Principal, requires("organizations:read")]
Writer = Annotated[Principal, requires("organizations:write")]

router = APIRouter(prefix="/legal-acts", tags=["legal acts"])


@router.get("", response_model=Page[LegalActRead], summary="List legal acts")
async def list_legal_acts(
    by: Reader,
    session: SessionDep,
    page: PageDep,
    kind: Annotated[LegalActKind | None, Query(description="Only legal acts of this kind.")] = None,
) -> Page[LegalActRead]:
    """Return legal acts, newest first: orders and laws that approve or regulate interaction points or set deadlines."""
    query = queries.select_acts(kind)
    return await paginate(session, query, page, LegalActRead.model_validate, order=(col(LegalAct.id),))


@router.post(
    "", status_code=201, response_model=LegalActRead, responses=problems(LegalActExists), summary="Create a legal act"
)
@idempotent
async def create_legal_act(body: LegalActCreate, by: Writer, session: SessionDep) -> Response:
    """Create a legal act, such as an order or a law."""
    row = await service.create_act(session, body.to_command(NewAct), by=by)
    return await versioned(session, row, LegalActRead, 201)


@router.get("/{act_id}", response_model=LegalActRead, responses=problems(LegalActNotFound), summary="Get a legal act")
async def get_legal_act(act_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Return a legal act."""
    return await conditional(request, session, await service.get_act(session, act_id), LegalActRead)


@router.patch(
    "/{act_id}",
    response_model=LegalActRead,
    responses=problems(LegalActNotFound),
    summary="Change or close a legal act",
)
async def update_legal_act(
    act_id: UUID, body: LegalActPatch, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Change a legal act. Acts are never deleted: `closed_on` is the last day on which the act is in force."""
    row = await service.update_act(session, act_id, body.changes(), match, by=by)
    return await versioned(session, row, LegalActRead)
