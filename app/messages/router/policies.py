"""HTTP endpoints of deadline policies."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import col, select

from app.core.deps import SessionDep
from app.core.etags import IfMatchDep, conditional_response, json_response
from app.core.idempotency import IdempotencyDep, IdempotencyKeyMalformed, IdempotencyKeyReused
from app.core.pagination import Page, PageDep, paginate
from app.core.problems import PreconditionFailed, PreconditionRequired, ValidationFailed, problems
from app.core.security import Principal, requires
from app.messages.errors import DeadlinePolicyExists, DeadlinePolicyNotFound
from app.messages.models import DeadlinePolicy
from app.messages.queries.calendar import to_policy_read
from app.messages.rules.deadlines import Stage
from app.messages.schemas.deadlines import (
    DeadlinePolicyCreate,
    DeadlinePolicyPatch,
    DeadlinePolicyRead,
    DeadlinePreview,
    PreviewedStage,
    PreviewRead,
    StepRead,
)
from app.messages.service import policies

Reader = Annotated[Principal, requires("policies:read")]
Writer = Annotated[Principal, requires("policies:write")]

router = APIRouter(prefix="/deadline-policies", tags=["deadlines"])


@router.get(
    "", response_model=Page[DeadlinePolicyRead], responses=problems(ValidationFailed), summary="List deadline policies"
)
async def list_deadline_policies(
    by: Reader,
    session: SessionDep,
    page: PageDep,
    stage: Annotated[Stage | None, Query()] = None,
    is_target: Annotated[bool | None, Query()] = None,
) -> Page[DeadlinePolicyRead]:
    """List the deadline policies of the stages (O-6.2.2), newest first."""
    query = select(DeadlinePolicy)
    if stage is not None:
        query = query.where(DeadlinePolicy.stage == stage)
    if is_target is not None:
        query = query.where(col(DeadlinePolicy.is_target) == is_target)
    return await paginate(session, query, page, to_policy_read, order=(col(DeadlinePolicy.id),))


@router.post(
    "",
    status_code=201,
    response_model=DeadlinePolicyRead,
    responses=problems(DeadlinePolicyExists, ValidationFailed, IdempotencyKeyReused, IdempotencyKeyMalformed),
    summary="Add a deadline policy",
)
async def create_deadline_policy(
    body: DeadlinePolicyCreate, by: Writer, session: SessionDep, idempotency: IdempotencyDep
) -> Response:
    """Add a policy. It applies to matching messages whose deadlines start while the policy is in force."""

    async def work() -> Response:
        row = await policies.create_policy(session, body, by=by)
        return json_response(to_policy_read(row), version=row.version, status=201)

    return await idempotency(session, by, work)


@router.post(
    "/preview",
    response_model=PreviewRead,
    responses=problems(ValidationFailed),
    summary="Preview a deadline policy",
)
async def preview_deadline_policy(body: DeadlinePreview, by: Reader, session: SessionDep) -> PreviewRead:
    """Return when a stage would be due from a given start, with each step in words. Nothing is stored."""
    stage, due = await policies.preview(session, body, by=by)
    steps = [StepRead.model_validate(step) for step in due.steps]
    previewed = PreviewedStage(stage=stage, due_at=due.due_at, provisional=due.provisional, steps=steps)
    return PreviewRead(stages=[previewed])


@router.get(
    "/{policy_id:uuid}",
    response_model=DeadlinePolicyRead,
    responses=problems(DeadlinePolicyNotFound, ValidationFailed),
    summary="Get a deadline policy",
)
async def get_deadline_policy(policy_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Return one deadline policy."""
    row = await policies.get_policy(session, policy_id)
    return conditional_response(request, to_policy_read(row), version=row.version)


@router.patch(
    "/{policy_id:uuid}",
    response_model=DeadlinePolicyRead,
    responses=problems(DeadlinePolicyNotFound, ValidationFailed, PreconditionFailed, PreconditionRequired),
    summary="Update a deadline policy",
)
async def update_deadline_policy(
    policy_id: UUID, body: DeadlinePolicyPatch, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Update a policy. Deadlines that have started keep the policy as it was at their start."""
    row = await policies.update_policy(session, policy_id, body, match, by=by)
    return json_response(to_policy_read(row), version=row.version)
