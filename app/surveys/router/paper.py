"""HTTP routes of paper questionnaires: entry by codes, second entry, corrections (A-1.fn)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import col

from app.core.deps import SessionDep, SettingsDep
from app.core.etags import IfMatchDep, conditional, json_response, versioned
from app.core.idempotency import idempotent
from app.core.pagination import Page, PageDep, paginate_rows
from app.core.problems import TransitionNotAllowed, problems
from app.core.types import Label
from app.surveys import queries
from app.surveys.commands import FilledBatch, FilledSheet
from app.surveys.errors import (
    EntryCheckNotFound,
    NotClientCentricityUnit,
    NotCorrectable,
    SameHand,
    SheetConflict,
    SubmissionNotFound,
)
from app.surveys.models.entry_checks import EntryCheck
from app.surveys.models.submissions import SubmissionRevision
from app.surveys.router.access import PaperOperator, Reader
from app.surveys.rules.entry_checks import EntryCheckState
from app.surveys.schemas.paper import (
    EntryCheckEnter,
    EntryCheckRead,
    EntryCheckResolve,
    PaperBatchCreate,
    PaperBatchRead,
    PaperCreate,
    SubmissionCorrect,
    SubmissionRevisionRead,
)
from app.surveys.schemas.submissions import SubmissionRead
from app.surveys.service import corrections, entry_checks, paper, submissions

router = APIRouter(prefix="/survey-submissions", tags=["survey submissions"])
checks_router = APIRouter(prefix="/survey-entry-checks", tags=["survey submissions"])

ENTRY = problems(NotClientCentricityUnit, SheetConflict)
CORRECTION = problems(SubmissionNotFound, NotCorrectable, NotClientCentricityUnit)
CHECK = problems(EntryCheckNotFound, NotClientCentricityUnit)
CHECK_CHANGE = problems(EntryCheckNotFound, SameHand, TransitionNotAllowed, NotClientCentricityUnit)


@router.post(
    "/paper", status_code=201, response_model=SubmissionRead, responses=ENTRY, summary="Enter a paper questionnaire"
)
@idempotent
async def enter_paper_submission(
    body: PaperCreate, by: PaperOperator, session: SessionDep, settings: SettingsDep
) -> Response:
    """Enter a paper questionnaire by the codes in brackets (A-1.fn): the client-centricity unit only.

    Code 12 is the OKTMO code or the exact name, 13 a date or a local time without offset; 11 is optional. With `batch`
    and `sheet_number`, entering the same sheet again returns the first submission (409 if the answers differ).
    """
    row = await paper.enter_paper_submission(session, body.to_command(FilledSheet), settings.secret_key, by=by)
    return await versioned(session, row, queries.read_submission, 201)


@router.post(
    "/paper/batch",
    status_code=201,
    response_model=PaperBatchRead,
    responses=ENTRY,
    summary="Enter a batch of paper questionnaires",
)
@idempotent
async def enter_paper_batch(
    body: PaperBatchCreate, by: PaperOperator, session: SessionDep, settings: SettingsDep
) -> Response:
    """Enter up to 100 sheets of a batch, with an outcome for each (A-1.fn): the client-centricity unit only.

    Valid sheets are stored even if others are refused; a refused sheet lists its errors. A sheet is identified by its
    organization, batch and number: sent again it is `unchanged`, and with other answers refused (`sheet_conflict`).
    """
    filled = body.to_command(FilledBatch, sheets=[(sheet.number, sheet.answers) for sheet in body.sheets])
    return json_response(await paper.enter_batch(session, filled, settings.secret_key, by=by), status=201)


@router.post(
    "/{submission_id:uuid}/correct", response_model=SubmissionRead, responses=CORRECTION, summary="Correct a submission"
)
async def correct_submission(
    submission_id: UUID, body: SubmissionCorrect, match: IfMatchDep, by: PaperOperator, session: SessionDep
) -> Response:
    """Correct a submission that was entered from paper or imported (A-1.fn), giving the reason.

    `answers` holds the codes to change; null removes an answer (12, 13, a comment). The corrected submission has to be
    valid as a whole. The old answers are kept as a revision. Submissions of respondents and of other systems cannot be
    corrected: 409 `submission_not_correctable`.
    """
    row = await corrections.correct_submission(
        session, submission_id, match, reason=body.reason, answers=body.answers, by=by
    )
    return await versioned(session, row, queries.read_submission)


@router.get(
    "/{submission_id:uuid}/revisions",
    response_model=Page[SubmissionRevisionRead],
    responses=problems(SubmissionNotFound),
    summary="List revisions of a submission",
)
async def list_submission_revisions(
    submission_id: UUID, by: Reader, session: SessionDep, page: PageDep
) -> Page[SubmissionRevisionRead]:
    """List the earlier answers of a submission, newest first: who corrected them, when and why."""
    row = await submissions.get_submission(session, submission_id, by)
    query = queries.select_revisions(row.id)
    rows, cursor, count = await paginate_rows(session, query, page, order=(col(SubmissionRevision.id),))
    return Page(items=await queries.read_revisions(session, rows), next_cursor=cursor, count=count)


@checks_router.get(
    "", response_model=Page[EntryCheckRead], responses=problems(NotClientCentricityUnit), summary="List entry checks"
)
async def list_entry_checks(
    by: PaperOperator,
    session: SessionDep,
    page: PageDep,
    state: Annotated[EntryCheckState | None, Query()] = None,
    batch: Annotated[Label | None, Query()] = None,
) -> Page[EntryCheckRead]:
    """List the sheets selected for a second entry, newest first (A-1.fn).

    `double_entry_percent` of the organization sets the share of sheets; the selection is not predictable.
    """
    query = queries.select_entry_checks(state=state, batch=batch)
    rows, cursor, count = await paginate_rows(session, query, page, order=(col(EntryCheck.id),))
    return Page(items=await queries.read_entry_checks(session, rows), next_cursor=cursor, count=count)


@checks_router.get("/{check_id:uuid}", response_model=EntryCheckRead, responses=CHECK, summary="Get an entry check")
async def get_entry_check(check_id: UUID, by: PaperOperator, session: SessionDep, request: Request) -> Response:
    """Return one entry check: whether the second entry was made, and the differences."""
    row = await entry_checks.get_check(session, check_id)
    return await conditional(request, session, row, queries.read_entry_check)


@checks_router.post(
    "/{check_id:uuid}/key_in",
    response_model=EntryCheckRead,
    responses=CHECK_CHANGE,
    summary="Enter a sheet a second time",
)
async def enter_second_time(
    check_id: UUID, body: EntryCheckEnter, match: IfMatchDep, by: PaperOperator, session: SessionDep
) -> Response:
    """Enter a selected sheet a second time (A-1.fn), by another employee and without seeing the first entry.

    The answer lists the differences by code; comments are compared ignoring case, the letter ё and spaces.
    """
    row = await entry_checks.enter_second_time(session, check_id, match, answers=body.answers, by=by)
    return await versioned(session, row, queries.read_entry_check)


@checks_router.post(
    "/{check_id:uuid}/resolve",
    response_model=EntryCheckRead,
    responses=CHECK_CHANGE,
    summary="Confirm the first entry of a sheet",
)
async def resolve_entry_check(
    check_id: UUID, body: EntryCheckResolve, match: IfMatchDep, by: PaperOperator, session: SessionDep
) -> Response:
    """Confirm that the first entry matches the paper, giving the reason; its author may not do this.

    If the second entry is right, correct the submission: that resolves the check as well.
    """
    row = await entry_checks.resolve(session, check_id, match, reason=body.reason, by=by)
    return await versioned(session, row, queries.read_entry_check)
