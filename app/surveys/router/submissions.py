"""HTTP routes of survey submissions."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import col

from app.core.deps import SessionDep
from app.core.etags import conditional, versioned
from app.core.idempotency import IdempotencyKeyRequired, idempotent
from app.core.pagination import Page, PageDep, paginate_rows
from app.core.periods import PeriodDep
from app.core.problems import Forbidden, problems
from app.core.types import Id, Key, Label
from app.surveys import queries
from app.surveys.commands import FilledForm
from app.surveys.errors import SubmissionNotFound
from app.surveys.models.submissions import SurveySubmission
from app.surveys.router.access import Reader, Submitter
from app.surveys.rules.submissions import SubmissionSource
from app.surveys.schemas.submissions import SubmissionCreate, SubmissionRead
from app.surveys.service import submissions

router = APIRouter(prefix="/survey-submissions", tags=["survey submissions"])


@router.post(
    "",
    status_code=201,
    response_model=SubmissionRead,
    responses=problems(IdempotencyKeyRequired, Forbidden),
    openapi_extra={"security": [{}]},  # a token is accepted but not required
    summary="Submit a questionnaire",
)
@idempotent
async def submit_survey(body: SubmissionCreate, by: Submitter, session: SessionDep) -> Response:
    """Submit a questionnaire, by key or by code (A-1). No token is needed; no data about the respondent is stored.

    Another system needs `surveys:submit` and an Idempotency-Key. Errors are 422 with a pointer for each.
    """
    row = await submissions.submit_survey(session, body.to_command(FilledForm), by=by)
    return await versioned(session, row, queries.read_submission, 201)


@router.get("", response_model=Page[SubmissionRead], summary="List submissions")
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
    equal = {"form": form, "form_version": version, "source": source, "organization_id": organization_id}
    query = queries.select_submissions(by, period, **equal, municipality=municipality, batch=batch)
    rows, cursor, count = await paginate_rows(session, query, page, order=(col(SurveySubmission.id),))
    return Page(items=await queries.read_submissions(session, rows), next_cursor=cursor, count=count)


@router.get(
    "/{submission_id:uuid}",
    response_model=SubmissionRead,
    responses=problems(SubmissionNotFound),
    summary="Get a submission",
)
async def get_submission(submission_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Return one submission, with answers by key and by code."""
    row = await submissions.get_submission(session, submission_id, by)
    return await conditional(request, session, row, queries.read_submission)
