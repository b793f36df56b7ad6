"""Corrections of submissions entered from paper or imported; the old answers are kept (A-1.fn)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.etags import IfMatch
from app.core.outbox import emit
from app.core.problems import FieldError, ValidationFailed
from app.core.security import Principal
from app.organizations import service as organizations
from app.surveys import queries
from app.surveys.commands import FilledForm
from app.surveys.counters import count
from app.surveys.errors import NotCorrectable
from app.surveys.events import SubmissionCorrected
from app.surveys.models.submissions import SubmissionRevision, SurveySubmission
from app.surveys.rules.form import AGENCY, STATISTICAL, normalize_code
from app.surveys.rules.submissions import SubmissionSource
from app.surveys.service import entry_checks
from app.surveys.service.submission_parser import ReferenceCache, parse_submission
from app.surveys.service.submissions import get_submission

CORRECTABLE = (SubmissionSource.PAPER, SubmissionSource.IMPORT)
CHANGED = ("form_id", "form", "form_version", "municipality", "filled_at", "counted_on", "satisfaction", "answers")
KEPT = ("form_id", "municipality", "filled_at", "counted_on", "answers")


async def correct_submission(
    session: AsyncSession,
    submission_id: UUID,
    match: IfMatch,
    *,
    reason: str,
    answers: Mapping[str, Any],
    by: Principal,
) -> SurveySubmission:
    """Replace the answers of a submission and update the counters in the same transaction."""
    row = await get_submission(session, submission_id, by)
    match.require(row)
    if row.source not in CORRECTABLE:
        raise NotCorrectable
    before = (await queries.read_submission(session, row)).codes
    known = ReferenceCache(session, row)
    whole = FilledForm(form=row.form, answers=_merge_answers(before, answers))
    organization = await organizations.get_organization(session, row.organization_id)
    parsed = await parse_submission(known, whole, organization, row.source, is_paper=True, received_at=row.received_at)
    new = {name: getattr(parsed, name) for name in CHANGED}
    if all(getattr(row, name) == new[name] for name in CHANGED):
        ru, en = "Исправление ничего не меняет.", "The correction does not change anything."
        raise ValidationFailed(field_errors=[FieldError("/answers", "nothing_changed", ru, en)])
    revision = SubmissionRevision(
        submission_id=row.id,
        number=row.version,
        **{name: getattr(row, name) for name in KEPT},
        reason=reason,
        corrected_at=clock.now(),
        corrected_by=by.id,
    )
    await count(session, [row], sign=-1)
    for name, value in new.items():
        setattr(row, name, value)
    await session.flush()  # raises the version; a concurrent correction fails here, before it is counted
    session.add(revision)  # after the flush: a concurrent correction has to fail as stale, not on the revisions' key
    await count(session, [row])
    after = (await queries.read_submission(session, row)).codes
    changed = sorted(code for code in before.keys() | after.keys() if before.get(code) != after.get(code))
    audit.record(session, by, "submission.corrected", "survey_submission", row.id, fields=changed)
    emit(session, SubmissionCorrected(submission_id=row.id))
    await entry_checks.close_check(session, row.id, reason, by=by)
    return row


def _merge_answers(before: dict[str, Any], answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the codes after the correction; null removes an answer."""
    changes: dict[str, Any] = {}
    errors = []
    for name, value in answers.items():
        code = normalize_code(name)
        if code == AGENCY or code in changes:
            ru, en = "Организацию изменить нельзя.", "The organization cannot be changed."
            if code != AGENCY:
                ru, en = "Ответ указан дважды.", "The answer is repeated."
            errors.append(FieldError(f"/answers/{code}", "given_twice" if code in changes else "fixed", ru, en))
        changes[code] = value
    if errors:
        raise ValidationFailed(field_errors=errors)
    whole = {code: value for code, value in before.items() if code != AGENCY} | changes
    return {code: value for code, value in whole.items() if value is not None or code not in (*STATISTICAL, *before)}
