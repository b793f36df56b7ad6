"""Paper questionnaires entered by codes, singly and in batches (A-1.fn)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from pydantic import SecretStr
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.db import build_insert
from app.core.outbox import emit
from app.core.problems import FieldError, ValidationFailed
from app.core.security import Principal
from app.surveys import queries
from app.surveys.commands import FilledBatch, FilledForm, FilledSheet
from app.surveys.counters import count, submissions
from app.surveys.errors import SheetConflict
from app.surveys.events import SubmissionReceived
from app.surveys.models.entry_checks import EntryCheck
from app.surveys.models.submissions import SurveySubmission
from app.surveys.rules.entry_checks import SheetOutcome, is_chosen
from app.surveys.rules.identity import compute_content_hash
from app.surveys.rules.submissions import SubmissionSource
from app.surveys.schemas.paper import PaperBatchRead, SheetErrorRead, SheetRead
from app.surveys.service.references import require_organization
from app.surveys.service.submission_parser import ParsedSubmission, ReferenceCache, parse_submission

if TYPE_CHECKING:
    from app.organizations.models import Organization


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A parsed sheet with its batch and number, if it has them."""

    read: ParsedSubmission
    content: str
    batch: str | None
    number: int | None


@dataclass(frozen=True, slots=True)
class PaperEntry:
    """The context of entering sheets of one organization: the employee and the secret that selects sheets to check."""

    session: AsyncSession
    known: ReferenceCache
    organization: Organization
    secret: SecretStr
    by: Principal

    async def read(self, filled: FilledForm, batch: str | None, number: int | None) -> _Sheet:
        """Parse a sheet. Raises 422 with a pointer for every error."""
        paper, moment = SubmissionSource.PAPER, clock.now()
        read = await parse_submission(self.known, filled, self.organization, paper, is_paper=True, received_at=moment)
        form = self.known.get_form(read)
        content = compute_content_hash(form, read.organization_id, read.municipality, read.filled_at, read.answers)
        return _Sheet(read, content, batch, number)

    async def store(self, sheets: Sequence[_Sheet]) -> list[SurveySubmission]:
        """Store sheets that are not stored yet, count them, and select some for a second entry.

        Sheets stored by a concurrent request are left out.
        """
        new = [
            SurveySubmission(
                **sheet.read.columns(),
                keyed_by=self.by.id,
                batch=sheet.batch,
                sheet_number=sheet.number,
                content=sheet.content if sheet.batch else None,
            )
            for sheet in sheets
        ]
        # The unique key decides between concurrent requests; a plain INSERT would fail the second transaction.
        insert = (
            build_insert(self.session, submissions).values([row.model_dump() for row in new]).on_conflict_do_nothing()
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
    session: AsyncSession, sheet: FilledSheet, secret: SecretStr, *, by: Principal
) -> SurveySubmission:
    """Store a paper questionnaire, or return the submission of the same sheet."""
    if (sheet.batch is None) != (sheet.sheet_number is None):
        missing = "/sheet_number" if sheet.sheet_number is None else "/batch"
        ru, en = "Пачку и номер листа указывают вместе.", "A batch and a sheet number have to be given together."
        raise ValidationFailed(field_errors=[FieldError(missing, "missing", ru, en)])
    organization = await require_organization(session, sheet.organization_id)
    entry = PaperEntry(session, ReferenceCache(session), organization, secret, by)
    parsed = await entry.read(FilledForm(form=sheet.form, answers=sheet.answers), sheet.batch, sheet.sheet_number)
    if (first := await _find_stored(session, parsed)) is not None:
        return first
    if stored := await entry.store([parsed]):
        return stored[0]
    if (first := await _find_stored(session, parsed)) is None:  # a concurrent request stored it first
        raise SheetConflict
    return first


async def enter_batch(
    session: AsyncSession, filled: FilledBatch, secret: SecretStr, *, by: Principal
) -> PaperBatchRead:
    """Store the valid new sheets of a batch and return the outcome of each."""
    organization = await require_organization(session, filled.organization_id)
    entry = PaperEntry(session, ReferenceCache(session), organization, secret, by)
    numbers = [number for number, _ in filled.sheets]
    known = await _load_sheets(session, organization.id, filled.batch, numbers)
    valid: dict[int, _Sheet] = {}
    errors: dict[int, list[FieldError]] = {}
    for place, (number, answers) in enumerate(filled.sheets):
        try:
            sheet = await entry.read(FilledForm(form=filled.form, answers=answers), filled.batch, number)
        except ValidationFailed as refused:
            errors[place] = [_prefix_pointer(place, error) for error in refused.field_errors]
            continue
        if valid.setdefault(number, sheet) is not sheet:
            ru, en = "Номер листа повторяется.", "The sheet number is repeated."
            errors[place] = [FieldError(f"/sheets/{place}/number", "given_twice", ru, en)]
    fresh = [sheet for number, sheet in valid.items() if number not in known]
    created = {row.sheet_number for row in await entry.store(fresh)} if fresh else set()
    if fresh:  # a concurrent request may have stored some of them first
        known = await _load_sheets(session, organization.id, filled.batch, numbers)
    for place, (number, _) in enumerate(filled.sheets):
        if place not in errors and known[number].content != valid[number].content:
            ru, en = SheetConflict.detail_ru, SheetConflict.detail_en
            errors[place] = [FieldError(f"/sheets/{place}/number", SheetConflict.code, ru, en)]
    return await _to_read(session, filled, errors, known, created)


async def _to_read(
    session: AsyncSession,
    filled: FilledBatch,
    errors: Mapping[int, Sequence[FieldError]],
    stored: Mapping[int, SurveySubmission],
    created: Collection[int | None],
) -> PaperBatchRead:
    """Build the response: the outcome of each sheet, given the errors by place and the stored sheets by number."""
    reads = {one.sheet_number: one for one in await queries.read_submissions(session, list(stored.values()))}
    sheets = []
    for place, (number, _) in enumerate(filled.sheets):
        if place in errors:
            found = [SheetErrorRead(pointer=one.pointer, code=one.code, detail=one.ru) for one in errors[place]]
            sheets.append(SheetRead(number=number, outcome=SheetOutcome.REFUSED, submission=None, errors=found))
        else:
            outcome = SheetOutcome.CREATED if number in created else SheetOutcome.UNCHANGED
            sheets.append(SheetRead(number=number, outcome=outcome, submission=reads[number], errors=[]))
    counted = {outcome.value: sum(sheet.outcome is outcome for sheet in sheets) for outcome in SheetOutcome}
    return PaperBatchRead(batch=filled.batch, sheets=sheets, **counted)


async def _find_stored(session: AsyncSession, sheet: _Sheet) -> SurveySubmission | None:
    """Return the stored submission of a sheet, if any. Raises `SheetConflict` if its answers differ."""
    if sheet.batch is None or sheet.number is None:
        return None
    first = (await _load_sheets(session, sheet.read.organization_id, sheet.batch, [sheet.number])).get(sheet.number)
    if first is not None and first.content != sheet.content:
        raise SheetConflict
    return first


async def _load_sheets(
    session: AsyncSession, organization_id: UUID, batch: str, numbers: Sequence[int]
) -> dict[int, SurveySubmission]:
    """Load the stored sheets of a batch by number."""
    query = select(SurveySubmission).where(
        SurveySubmission.organization_id == organization_id,
        SurveySubmission.batch == batch,
        col(SurveySubmission.sheet_number).in_(numbers),
    )
    return {row.sheet_number: row for row in (await session.exec(query)).all() if row.sheet_number is not None}


def _prefix_pointer(place: int, error: FieldError) -> FieldError:
    """Prefix an error of a sheet with its place in the batch; errors of the whole batch keep their pointer."""
    inside = error.pointer.startswith("/answers")
    return FieldError(f"/sheets/{place}{error.pointer}", error.code, error.ru, error.en) if inside else error
