"""Paper questionnaires keyed in by codes, one by one and by the batch (A-1.fn)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pydantic import SecretStr
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.db import build_insert
from app.core.outbox import emit
from app.core.problems import FieldError, ValidationFailed
from app.core.security import Principal
from app.organizations.models import Organization
from app.surveys import queries
from app.surveys.counters import count, submissions
from app.surveys.errors import SheetConflict
from app.surveys.events import SubmissionReceived
from app.surveys.models import EntryCheck, SubmissionSource, SurveySubmission
from app.surveys.rules import compute_content_hash, is_chosen
from app.surveys.schemas import (
    PaperBatchCreate,
    PaperBatchRead,
    PaperCreate,
    SheetErrorRead,
    SheetOutcome,
    SheetRead,
    SubmissionCreate,
)
from app.surveys.service.submission_parser import ParsedSubmission, ReferenceCache, organization_of, parse_submission


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet as it was read, with its place in a bundle of paper, if it has one."""

    read: ParsedSubmission
    content: str
    batch: str | None
    number: int | None


@dataclass(frozen=True, slots=True)
class PaperEntry:
    """Where sheets of one organization are keyed in: by whom, and the secret that chooses what is checked."""

    session: AsyncSession
    known: ReferenceCache
    organization: Organization
    secret: SecretStr
    by: Principal

    async def read(self, body: SubmissionCreate, batch: str | None, number: int | None) -> _Sheet:
        """What the sheet says. Raises 422 with a pointer for every fault."""
        paper, moment = SubmissionSource.PAPER, clock.now()
        read = await parse_submission(self.known, body, self.organization, paper, is_paper=True, received_at=moment)
        form = self.known.form_of(read)
        said = compute_content_hash(form, read.organization_id, read.municipality, read.filled_at, read.answers)
        return _Sheet(read, said, batch, number)

    async def store(self, sheets: Sequence[_Sheet]) -> list[SurveySubmission]:
        """Store sheets that are not known yet, in the figures at once; some are chosen to be keyed in again.

        What another request stored a moment ago is left out.
        """
        made = [
            SurveySubmission(
                **sheet.read.columns(),
                keyed_by=self.by.id,
                batch=sheet.batch,
                sheet_number=sheet.number,
                content=sheet.content if sheet.batch else None,
            )
            for sheet in sheets
        ]
        # The unique key decides between two at once: a plain INSERT would end the transaction of who came second.
        insert = (
            build_insert(self.session, submissions).values([row.model_dump() for row in made]).on_conflict_do_nothing()
        )
        stored = set((await self.session.exec(insert.returning(submissions.c.id))).scalars().all())
        query = select(SurveySubmission).where(col(SurveySubmission.id).in_(stored)).order_by(col(SurveySubmission.id))
        rows = list((await self.session.exec(query)).all())
        for row in rows:
            audit.record(self.session, self.by, "submission.received", "survey_submission", row.id)
            emit(self.session, SubmissionReceived(submission_id=row.id))
        await count(self.session, rows)
        secret, percent = self.secret.get_secret_value().encode(), self.organization.double_entry_percent
        self.session.add_all(
            EntryCheck(submission_id=row.id, chosen_at=clock.now())
            for row in rows
            if is_chosen(secret, row.id, percent)
        )
        return rows


async def enter_paper_submission(
    session: AsyncSession, body: PaperCreate, secret: SecretStr, *, by: Principal
) -> SurveySubmission:
    """Store a paper questionnaire, or find the one that the same sheet is already."""
    if (body.batch is None) != (body.sheet_number is None):
        missing = "/sheet_number" if body.sheet_number is None else "/batch"
        ru, en = "Номер пачки и номер листа указывают вместе.", "A batch and a sheet number go together."
        raise ValidationFailed(field_errors=[FieldError(missing, "missing", ru, en)])
    desk = PaperEntry(
        session, ReferenceCache(session), await organization_of(session, body.organization_id), secret, by
    )
    whole = SubmissionCreate(form=body.form, organization_id=body.organization_id, answers=body.answers)
    sheet = await desk.read(whole, body.batch, body.sheet_number)
    if (first := await _known(session, sheet)) is not None:
        return first
    if stored := await desk.store([sheet]):
        return stored[0]
    if (first := await _known(session, sheet)) is None:  # another request was first, a moment ago
        raise SheetConflict
    return first


async def enter_batch(
    session: AsyncSession, body: PaperBatchCreate, secret: SecretStr, *, by: Principal
) -> PaperBatchRead:
    """Store the sound sheets of a batch that are not known yet; the outcome of each."""
    desk = PaperEntry(
        session, ReferenceCache(session), await organization_of(session, body.organization_id), secret, by
    )
    first = await _sheets(session, desk.organization.id, body.batch, [sheet.number for sheet in body.sheets])
    fresh: dict[int, _Sheet] = {}
    faults: dict[int, list[FieldError]] = {}
    taken: set[int] = set()
    for place, given in enumerate(body.sheets):
        whole = SubmissionCreate(form=body.form, organization_id=body.organization_id, answers=given.answers)
        try:
            sheet = await desk.read(whole, body.batch, given.number)
        except ValidationFailed as refused:
            faults[place] = [_within(place, fault) for fault in refused.field_errors]
            continue
        known = first.get(given.number)
        if given.number in taken:
            faults[place] = [_fault(place, "given_twice", "Номер листа повторяется.", "The number is repeated.")]
        elif known is None:
            fresh[place] = sheet
        elif known.content != sheet.content:
            faults[place] = [_conflict(place)]
        taken.add(given.number)
    rows = await desk.store(list(fresh.values())) if fresh else []
    stored = {row.sheet_number: row for row in rows}
    late = {place: body.sheets[place].number for place, sheet in fresh.items() if sheet.number not in stored}
    if late:  # another request was first with them, a moment ago
        first |= await _sheets(session, desk.organization.id, body.batch, list(late.values()))
        faults |= {at: [_conflict(at)] for at, number in late.items() if first[number].content != fresh[at].content}
    return await _told(session, body, faults, first, stored)


async def _told(
    session: AsyncSession,
    body: PaperBatchCreate,
    faults: dict[int, list[FieldError]],
    first: dict[int, SurveySubmission],
    stored: dict[int | None, SurveySubmission],
) -> PaperBatchRead:
    shown = {one.id: one for one in await queries.read_submissions(session, [*first.values(), *stored.values()])}
    sheets = []
    for place, given in enumerate(body.sheets):
        if place in faults:
            told = [SheetErrorRead(pointer=f.pointer, code=f.code, detail=f.ru) for f in faults[place]]
            sheets.append(SheetRead(number=given.number, outcome=SheetOutcome.REFUSED, submission=None, errors=told))
            continue
        row = stored.get(given.number)
        outcome = SheetOutcome.UNCHANGED if row is None else SheetOutcome.CREATED
        row = row or first[given.number]
        sheets.append(SheetRead(number=given.number, outcome=outcome, submission=shown[row.id], errors=[]))
    counted = {outcome.value: sum(sheet.outcome is outcome for sheet in sheets) for outcome in SheetOutcome}
    return PaperBatchRead(batch=body.batch, sheets=sheets, **counted)


async def _known(session: AsyncSession, sheet: _Sheet) -> SurveySubmission | None:
    """The submission that the sheet of a batch is already. Raises `SheetConflict` if that says something else."""
    if sheet.batch is None or sheet.number is None:
        return None
    first = (await _sheets(session, sheet.read.organization_id, sheet.batch, [sheet.number])).get(sheet.number)
    if first is not None and first.content != sheet.content:
        raise SheetConflict
    return first


async def _sheets(
    session: AsyncSession, organization_id: UUID, batch: str, numbers: Sequence[int]
) -> dict[int, SurveySubmission]:
    """The sheets of a batch that are stored, by number."""
    query = select(SurveySubmission).where(
        SurveySubmission.organization_id == organization_id,
        SurveySubmission.batch == batch,
        col(SurveySubmission.sheet_number).in_(numbers),
    )
    return {row.sheet_number: row for row in (await session.exec(query)).all() if row.sheet_number is not None}


def _within(place: int, fault: FieldError) -> FieldError:
    """A fault of a sheet with its place in the batch; what concerns all of them stays where it is."""
    inside = fault.pointer.startswith("/answers")
    return FieldError(f"/sheets/{place}{fault.pointer}", fault.code, fault.ru, fault.en) if inside else fault


def _conflict(place: int) -> FieldError:
    return _fault(place, SheetConflict.code, SheetConflict.detail_ru, SheetConflict.detail_en)


def _fault(place: int, code: str, ru: str, en: str) -> FieldError:
    return FieldError(f"/sheets/{place}/number", code, ru, en)
