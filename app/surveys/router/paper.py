"""HTTP of paper questionnaires: keyed in by codes, checked by a second entry, corrected (A-1.fn)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import col, select

from app.core.deps import SessionDep, SettingsDep
from app.core.etags import IfMatchDep, conditional_response, json_response
from app.core.idempotency import IdempotencyDep, IdempotencyKeyMalformed, IdempotencyKeyReused
from app.core.pagination import Page, PageDep, paginate_rows
from app.core.problems import PreconditionFailed, PreconditionRequired, TransitionNotAllowed, ValidationFailed, problems
from app.core.security import Principal, requires
from app.core.types import Label
from app.surveys import queries
from app.surveys.errors import (
    EntryCheckNotFound,
    NotClientCentricityUnit,
    NotCorrectable,
    SameHand,
    SheetConflict,
    SubmissionNotFound,
)
from app.surveys.models import EntryCheck, EntryCheckState, SubmissionRevision
from app.surveys.schemas import (
    EntryCheckEnter,
    EntryCheckRead,
    EntryCheckResolve,
    PaperBatchCreate,
    PaperBatchRead,
    PaperCreate,
    SubmissionCorrect,
    SubmissionRead,
    SubmissionRevisionRead,
)
from app.surveys.service import corrections, entry_checks, paper, submissions

Reader = Annotated[Principal, requires("surveys:read")]


# Who may is asked in dependencies, which run before the body is validated: 403 comes before 422.
async def _keyer(by: Annotated[Principal, requires("surveys:enter")], session: SessionDep) -> Principal:
    await submissions.require_client_centricity_unit(session, by)
    return by


Keyer = Annotated[Principal, Depends(_keyer)]

router = APIRouter(prefix="/survey-submissions", tags=["survey submissions"])
checks_router = APIRouter(prefix="/survey-entry-checks", tags=["survey submissions"])

CREATES = (ValidationFailed, IdempotencyKeyReused, IdempotencyKeyMalformed, NotClientCentricityUnit, SheetConflict)
CHANGES = (ValidationFailed, PreconditionFailed, PreconditionRequired, NotClientCentricityUnit)


@router.post(
    "/paper",
    status_code=201,
    response_model=SubmissionRead,
    responses=problems(*CREATES),
    summary="Key in a paper questionnaire",
)
async def enter_paper_submission(
    body: PaperCreate, by: Keyer, session: SessionDep, idempotency: IdempotencyDep, settings: SettingsDep
) -> Response:
    """Key in a paper questionnaire by the codes in brackets (A-1.fn): the client-centricity unit only.

    12 may be the OKTMO code or the exact name, 13 a date or a local time without offset, 11 may be left out. With
    `batch` and `sheet_number` the same sheet keyed again is the first one (409 when it says something else).
    """

    async def work() -> Response:
        row = await paper.enter_paper_submission(session, body, settings.secret_key, by=by)
        return json_response((await queries.read_submissions(session, [row]))[0], version=row.version, status=201)

    return await idempotency(session, by, work)


@router.post(
    "/paper/batch",
    status_code=201,
    response_model=PaperBatchRead,
    responses=problems(*CREATES),
    summary="Key in a batch of paper questionnaires",
)
async def enter_paper_batch(
    body: PaperBatchCreate, by: Keyer, session: SessionDep, idempotency: IdempotencyDep, settings: SettingsDep
) -> Response:
    """Key in up to 100 sheets of a batch at once, with an answer for each (A-1.fn): the client-centricity unit only.

    A sound sheet is stored whatever the others are; a refused one says what is wrong with it. A sheet is known by its
    organization, batch and number: sent again it is `unchanged`, and with other answers refused (`sheet_conflict`).
    """

    async def work() -> Response:
        return json_response(await paper.enter_batch(session, body, settings.secret_key, by=by), status=201)

    return await idempotency(session, by, work)


@router.post(
    "/{submission_id:uuid}/correct",
    response_model=SubmissionRead,
    responses=problems(SubmissionNotFound, NotCorrectable, *CHANGES),
    summary="Correct a submission that was keyed in or imported",
)
async def correct_submission(
    submission_id: UUID, body: SubmissionCorrect, match: IfMatchDep, by: Keyer, session: SessionDep
) -> Response:
    """Correct what was keyed in or imported wrongly (A-1.fn), with the reason; the old answers stay on the record.

    `answers` hold the codes that change, null takes an answer away (12, 13, a comment); the whole must be right then.
    What respondents and other systems handed in themselves is theirs: 409 `submission_not_correctable`.
    """
    row = await corrections.correct_submission(session, submission_id, body, match, by=by)
    return json_response((await queries.read_submissions(session, [row]))[0], version=row.version)


@router.get(
    "/{submission_id:uuid}/revisions",
    response_model=Page[SubmissionRevisionRead],
    responses=problems(SubmissionNotFound, ValidationFailed),
    summary="List what a submission said before it was corrected",
)
async def list_submission_revisions(
    submission_id: UUID, by: Reader, session: SessionDep, page: PageDep
) -> Page[SubmissionRevisionRead]:
    """What a submission said before each of its corrections, with who corrected it, when and why; newest first."""
    row = await submissions.get_submission(session, submission_id, by)
    query = select(SubmissionRevision).where(SubmissionRevision.submission_id == row.id)
    rows, cursor, count = await paginate_rows(session, query, page, order=(col(SubmissionRevision.id),))
    return Page(items=await queries.read_revisions(session, rows), next_cursor=cursor, count=count)


@checks_router.get(
    "",
    response_model=Page[EntryCheckRead],
    responses=problems(ValidationFailed, NotClientCentricityUnit),
    summary="List sheets chosen for a second entry",
)
async def list_entry_checks(
    by: Keyer,
    session: SessionDep,
    page: PageDep,
    state: Annotated[EntryCheckState | None, Query()] = None,
    batch: Annotated[Label | None, Query()] = None,
) -> Page[EntryCheckRead]:
    """The sheets that were chosen to be keyed in a second time, newest first (A-1.fn).

    `double_entry_percent` of the organization tells how many are chosen; which ones nobody can foretell.
    """
    query = queries.select_entry_checks(state=state, batch=batch)
    rows, cursor, count = await paginate_rows(session, query, page, order=(col(EntryCheck.id),))
    return Page(items=await queries.read_entry_checks(session, rows), next_cursor=cursor, count=count)


@checks_router.get(
    "/{check_id:uuid}",
    response_model=EntryCheckRead,
    responses=problems(EntryCheckNotFound, ValidationFailed, NotClientCentricityUnit),
    summary="Get the check of a sheet",
)
async def get_entry_check(check_id: UUID, by: Keyer, session: SessionDep, request: Request) -> Response:
    """One chosen sheet: whether it was keyed in again, and what differed."""
    row = await entry_checks.get_check(session, check_id)
    return conditional_response(request, (await queries.read_entry_checks(session, [row]))[0], version=row.version)


@checks_router.post(
    "/{check_id:uuid}/key_in",
    response_model=EntryCheckRead,
    responses=problems(EntryCheckNotFound, SameHand, TransitionNotAllowed, *CHANGES),
    summary="Key in a chosen sheet a second time",
)
async def enter_second_time(
    check_id: UUID, body: EntryCheckEnter, match: IfMatchDep, by: Keyer, session: SessionDep
) -> Response:
    """Key in a chosen sheet once more (A-1.fn): another person than the first time, without looking at the first entry.

    The answer tells code by code where the two differ; comments are compared without case, ё and blanks.
    """
    row = await entry_checks.enter_second_time(session, check_id, body, match, by=by)
    return json_response((await queries.read_entry_checks(session, [row]))[0], version=row.version)


@checks_router.post(
    "/{check_id:uuid}/resolve",
    response_model=EntryCheckRead,
    responses=problems(EntryCheckNotFound, SameHand, TransitionNotAllowed, *CHANGES),
    summary="Let the first entry of a sheet stand",
)
async def resolve_entry_check(
    check_id: UUID, body: EntryCheckResolve, match: IfMatchDep, by: Keyer, session: SessionDep
) -> Response:
    """Say that the first entry is what the paper says, with the reason: not for whoever keyed it.

    Where the second entry is right, correct the submission: that resolves the check as well.
    """
    row = await entry_checks.resolve(session, check_id, body, match, by=by)
    return json_response((await queries.read_entry_checks(session, [row]))[0], version=row.version)
