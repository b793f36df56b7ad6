"""HTTP endpoints of legal acts."""

from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response
from sqlmodel import col, select

from app.core.deps import SessionDep
from app.core.etags import IfMatchDep, conditional_response, json_response
from app.core.idempotency import IdempotencyDep, IdempotencyKeyMalformed, IdempotencyKeyReused
from app.core.pagination import Page, PageDep, paginate
from app.core.problems import PreconditionFailed, PreconditionRequired, ValidationFailed, problems
from app.core.security import Principal, requires
from app.legal_acts import service
from app.legal_acts.errors import LegalActExists, LegalActNotFound
from app.legal_acts.models import LegalAct
from app.legal_acts.rules import LegalActKind
from app.legal_acts.schemas import LegalActCreate, LegalActPatch, LegalActRead

Reader = Annotated[Principal, requires("organizations:read")]
Writer = Annotated[Principal, requires("organizations:write")]

router = APIRouter(prefix="/legal-acts", tags=["legal acts"])


@router.get("", response_model=Page[LegalActRead], responses=problems(ValidationFailed), summary="List legal acts")
async def list_legal_acts(
    by: Reader,
    session: SessionDep,
    page: PageDep,
    kind: Annotated[LegalActKind | None, Query(description="Only legal acts of this kind.")] = None,
) -> Page[LegalActRead]:
    """Return legal acts, newest first: orders and laws that approve or regulate interaction points or set deadlines."""
    query = select(LegalAct).where(LegalAct.kind == kind if kind is not None else sa.true())
    return await paginate(session, query, page, LegalActRead.model_validate, order=(col(LegalAct.id),))


@router.post(
    "",
    status_code=201,
    response_model=LegalActRead,
    responses=problems(LegalActExists, ValidationFailed, IdempotencyKeyReused, IdempotencyKeyMalformed),
    summary="Create a legal act",
)
async def create_legal_act(
    body: LegalActCreate, by: Writer, session: SessionDep, idempotency: IdempotencyDep
) -> Response:
    """Create a legal act, such as an order or a law."""

    async def work() -> Response:
        row = await service.create_act(session, body, by=by)
        return json_response(LegalActRead.model_validate(row), version=row.version, status=201)

    return await idempotency(session, by, work)


@router.get(
    "/{act_id}",
    response_model=LegalActRead,
    responses=problems(LegalActNotFound, ValidationFailed),
    summary="Get a legal act",
)
async def get_legal_act(act_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Return a legal act."""
    row = await service.get_act(session, act_id)
    return conditional_response(request, LegalActRead.model_validate(row), version=row.version)


@router.patch(
    "/{act_id}",
    response_model=LegalActRead,
    responses=problems(LegalActNotFound, ValidationFailed, PreconditionFailed, PreconditionRequired),
    summary="Change or close a legal act",
)
async def update_legal_act(
    act_id: UUID, body: LegalActPatch, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Change a legal act. Acts are never deleted: `closed_on` is the last day on which the act is in force."""
    row = await service.update_act(session, act_id, body, match, by=by)
    return json_response(LegalActRead.model_validate(row), version=row.version)
