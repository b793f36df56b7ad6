"""Submissions, stored as answered and tied to their form version (A-1, O-11)."""

from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.outbox import emit
from app.core.problems import FieldError, ValidationFailed
from app.core.security import Principal
from app.organizations import service as organizations
from app.surveys.commands import FilledForm
from app.surveys.counters import count
from app.surveys.errors import NotClientCentricityUnit, SubmissionNotFound
from app.surveys.events import SubmissionReceived
from app.surveys.models.submissions import SurveySubmission
from app.surveys.queries import visible_to
from app.surveys.rules.submissions import SubmissionSource
from app.surveys.service.references import require_organization
from app.surveys.service.submission_parser import ReferenceCache, parse_submission


async def submit_survey(session: AsyncSession, filled: FilledForm, *, by: Principal | None) -> SurveySubmission:
    """Store a submission of a respondent or of another system."""
    source = _choose_source(filled.source, by)
    organization = await require_organization(session, filled.organization_id)
    parsed = await parse_submission(
        ReferenceCache(session), filled, organization, source, is_paper=False, received_at=clock.now()
    )
    # The audit record of a respondent holds neither an address nor a person.
    system = by if by is not None and by.kind == "client" else None
    row = SurveySubmission(**parsed.columns(), client_id=system.id if system else None)
    session.add(row)
    audit.record(session, system, "submission.received", "survey_submission", row.id, keep_address=system is not None)
    emit(session, SubmissionReceived(submission_id=row.id))
    await count(session, [row])
    return row


async def require_client_centricity_unit(session: AsyncSession, by: Principal) -> None:
    """Raise `NotClientCentricityUnit` unless the caller belongs to the client-centricity unit (A-1.fn)."""
    unit = await organizations.get_unit(session, by.unit_id) if by.unit_id else None
    if unit is None or not unit.is_client_centricity:
        raise NotClientCentricityUnit


async def get_submission(session: AsyncSession, submission_id: UUID, by: Principal) -> SurveySubmission:
    """Return a submission visible to the caller. Raises `SubmissionNotFound`."""
    query = select(SurveySubmission).where(SurveySubmission.id == submission_id, visible_to(by))
    row = (await session.exec(query)).first()
    if row is None:
        raise SubmissionNotFound
    return row


def _choose_source(requested: SubmissionSource | None, by: Principal | None) -> SubmissionSource:
    """Return the allowed source: `web` for the public; `feedback_platform` (default) or `web` for another system."""
    if by is not None and by.kind == "client":
        allowed = [SubmissionSource.FEEDBACK_PLATFORM, SubmissionSource.WEB]
    else:
        allowed = [SubmissionSource.WEB]
    if requested is not None and requested not in allowed:
        ru, en = "Этот способ заполнения вам недоступен.", "This source is not available to you."
        raise ValidationFailed(field_errors=[FieldError("/source", "source_not_allowed", ru, en)])
    return requested or allowed[0]
