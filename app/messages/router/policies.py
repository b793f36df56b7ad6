"""HTTP endpoints of deadline policies."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import col

from app.calendar.rules.terms import Pause
from app.core.deps import SessionDep
from app.core.etags import IfMatchDep, conditional, versioned
from app.core.idempotency import idempotent
from app.core.pagination import Page, PageDep, paginate
from app.core.problems import problems
from app.core.security import Principal, requires
from app.messages import queries
from app.messages.commands import NewPolicy, PolicyPreview, PreviewTerm
from app.messages.errors import DeadlinePolicyExists, DeadlinePolicyNotFound
from app.messages.models import DeadlinePolicy
from app.messages.rules.deadlines import Stage
from app.messages.schemas.deadlines import (
    DeadlinePolicyCreate,
    DeadlinePolicyPatch,
    DeadlinePolicyRead,
    DeadlinePreview,
    PreviewedStage,
    PreviewRead,
)
from app.messages.service import policies

Reader = Annotated[Principal, requires("policies:read")]
Writer = Annotated[Principal, requires("policies:write")]

router = APIRouter(prefix="/deadline-policies", tags=["deadlines"])
NO_POLICY = problems(DeadlinePolicyNotFound)


@router.get("", response_model=Page[DeadlinePolicyRead], summary="List deadline policies")
async def list_deadline_policies(
    by: Reader,
    session: SessionDep,
    page: PageDep,
    stage: Annotated[Stage | None, Query()] = None,
    is_target: Annotated[bool | None, Query()] = None,
) -> Page[DeadlinePolicyRead]:
    """List the deadline policies of the stages (O-6.2.2), newest first."""
    query = queries.select_policies(stage, is_target)
    return await paginate(session, query, page, DeadlinePolicyRead.model_validate, order=(col(DeadlinePolicy.id),))


@router.post(
    "",
    status_code=201,
    response_model=DeadlinePolicyRead,
    responses=problems(DeadlinePolicyExists),
    summary="Add a deadline policy",
)
@idempotent
async def create_deadline_policy(body: DeadlinePolicyCreate, by: Writer, session: SessionDep) -> Response:
    """Add a policy. It applies to matching messages whose deadlines start while the policy is in force."""
    new = body.to_command(NewPolicy, point_id=body.interaction_point_id)
    return await versioned(session, await policies.create_policy(session, new, by=by), DeadlinePolicyRead, 201)


@router.post("/preview", response_model=PreviewRead, summary="Preview a deadline policy")
async def preview_deadline_policy(body: DeadlinePreview, by: Reader, session: SessionDep) -> PreviewRead:
    """Return when a stage would be due from a given start, with each step in words. Nothing is stored."""
    term = body.policy and body.policy.to_command(PreviewTerm)
    pauses = [pause.to_command(Pause) for pause in body.pauses]
    given = body.to_command(PolicyPreview, policy=term, pauses=pauses)
    stage, due = await policies.preview(session, given, by=by)
    values = {"stage": stage, "due_at": due.due_at, "provisional": due.provisional, "steps": due.steps}
    return PreviewRead(stages=[PreviewedStage.model_validate(values)])


@router.get(
    "/{policy_id:uuid}", response_model=DeadlinePolicyRead, responses=NO_POLICY, summary="Get a deadline policy"
)
async def get_deadline_policy(policy_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Return one deadline policy."""
    return await conditional(request, session, await policies.get_policy(session, policy_id), DeadlinePolicyRead)


@router.patch(
    "/{policy_id:uuid}", response_model=DeadlinePolicyRead, responses=NO_POLICY, summary="Update a deadline policy"
)
async def update_deadline_policy(
    policy_id: UUID, body: DeadlinePolicyPatch, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Update a policy. Deadlines that have started keep the policy as it was at their start."""
    row = await policies.update_policy(session, policy_id, body.changes(), match, by=by)
    return await versioned(session, row, DeadlinePolicyRead)
