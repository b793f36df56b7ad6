"""HTTP routes of survey submissions."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.deps import SessionDep
from app.core.etags import conditional_response, json_response
from app.core.idempotency import IdempotencyDep, IdempotencyKeyMalformed, IdempotencyKeyRequired, IdempotencyKeyReused
from app.core.pagination import Page, PageDep, paginate_rows
from app.core.periods import PeriodDep
from app.core.problems import Forbidden, ValidationFailed, problems
from app.core.security import OptionalCaller, Principal, requires
from app.core.types import Id, Key, Label
from app.surveys import queries
from app.surveys.errors import SubmissionNotFound
from app.surveys.models.submissions import SurveySubmission
from app.surveys.rules.submissions import SubmissionSource
from app.surveys.schemas.submissions import SubmissionCreate, SubmissionRead
from app.surveys.service import submissions

Reader = Annotated[Principal, requires("surveys:read")]


# Permissions are checked in dependencies, which run before the body is validated: 403 comes before 422.
async def _authorize_submitter(by: OptionalCaller) -> Principal | None:
    if by is not None and by.kind == "client" and not by.may("surveys:submit"):
        raise Forbidden
    return by


Submitter = Annotated[Principal | None, Depends(_authorize_submitter)]

router = APIRouter(prefix="/survey-submissions", tags=["survey submissions"])


async def _to_response(session: AsyncSession, row: SurveySubmission) -> Response:
    return json_response((await queries.read_submissions(session, [row]))[0], version=row.version, status=201)


@router.post(
    "",
    status_code=201,
    response_model=SubmissionRead,
    responses=problems(
        ValidationFailed, IdempotencyKeyReused, IdempotencyKeyMalformed, IdempotencyKeyRequired, Forbidden
    ),
    openapi_extra={"security": [{}]},  # a token is accepted but not required
    summary="Submit a questionnaire",
)
async def submit_survey(
    body: SubmissionCreate, by: Submitter, session: SessionDep, idempotency: IdempotencyDep
) -> Response:
    """Submit a questionnaire, by key or by code (A-1). No token is needed; no data about the respondent is stored.

    Another system needs `surveys:submit` and an Idempotency-Key. Errors are 422 with a pointer for each.
    """

    async def work() -> Response:
        return await _to_response(session, await submissions.submit_survey(session, body, by=by))

    return await idempotency(session, by, work)


@router.get("", response_model=Page[SubmissionRead], responses=problems(ValidationFailed), summary="List submissions")
async def list_submissions(
    by: Reader,
    session: SessionDep,
    page: PageDep,
    period: PeriodDep,
    form: Annotated[Key | None, Query()] = None,
    version: Annotated[int | None, Query(ge=0, le=2_147_483_647)] = None,  # DbInt is strict, and query values are text
    source: Annotated[SubmissionSource | None, Query()] = None,
    municipality: Annotated[Label | None, Query(description="OKTMO code.")] = None,
    organization_id: Annotated[Id | None, Query()] = None,
    batch: Annotated[Label | None, Query(description="Batch of paper questionnaires.")] = None,
) -> Page[SubmissionRead]:
    """List submissions, newest first. An API client gets only its own submissions."""
    query = queries.load_chosen_form(
        by,
        period,
        form=form,
        form_version=version,
        source=source,
        municipality=municipality,
        organization_id=organization_id,
        batch=batch,
    )
    rows, cursor, count = await paginate_rows(session, query, page, order=(col(SurveySubmission.id),))
    return Page(items=await queries.read_submissions(session, rows), next_cursor=cursor, count=count)


@router.get(
    "/{submission_id:uuid}",
    response_model=SubmissionRead,
    responses=problems(SubmissionNotFound, ValidationFailed),
    summary="Get a submission",
)
async def get_submission(submission_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Return one submission, with answers by key and by code."""
    row = await submissions.get_submission(session, submission_id, by)
    items = await queries.read_submissions(session, [row])
    return conditional_response(request, items[0], version=row.version)
