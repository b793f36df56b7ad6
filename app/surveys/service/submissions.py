"""A submission is stored as it was answered, tied to its form version (A-1, O-11)."""

from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.outbox import emit
from app.core.problems import FieldError, ValidationFailed
from app.core.security import Principal
from app.organizations import service as organizations
from app.surveys.counters import count
from app.surveys.errors import NotClientCentricityUnit, SubmissionNotFound
from app.surveys.events import SubmissionReceived
from app.surveys.models import SubmissionSource, SurveySubmission
from app.surveys.queries import visible_to
from app.surveys.schemas import SubmissionCreate
from app.surveys.service.submission_parser import ReferenceCache, organization_of, parse_submission


async def submit_survey(session: AsyncSession, body: SubmissionCreate, *, by: Principal | None) -> SurveySubmission:
    """Store a submission of a respondent (anyone) or of another system."""
    source = _source(body.source, by)
    return await _store(session, body, source, by=by)


async def require_client_centricity_unit(session: AsyncSession, by: Principal) -> None:
    """Raise `NotClientCentricityUnit` unless the caller is of the unit authorised for client-centricity (A-1.fn)."""
    unit = await organizations.get_unit(session, by.unit_id) if by.unit_id else None
    if unit is None or not unit.is_client_centricity:
        raise NotClientCentricityUnit


async def get_submission(session: AsyncSession, submission_id: UUID, by: Principal) -> SurveySubmission:
    """The submission if the caller may read it, or `SubmissionNotFound`."""
    query = select(SurveySubmission).where(SurveySubmission.id == submission_id, visible_to(by))
    row = (await session.exec(query)).first()
    if row is None:
        raise SubmissionNotFound
    return row


def _source(wanted: SubmissionSource | None, by: Principal | None) -> SubmissionSource:
    """The public sends only `web`; another system `feedback_platform`, which is its default, or `web`."""
    if by is not None and by.kind == "client":
        allowed = [SubmissionSource.FEEDBACK_PLATFORM, SubmissionSource.WEB]
    else:
        allowed = [SubmissionSource.WEB]
    if wanted is not None and wanted not in allowed:
        ru, en = "Этот способ заполнения вам недоступен.", "This way of filling in is not yours."
        raise ValidationFailed(field_errors=[FieldError("/source", "source_not_allowed", ru, en)])
    return wanted or allowed[0]


async def _store(
    session: AsyncSession, body: SubmissionCreate, source: SubmissionSource, *, by: Principal | None
) -> SurveySubmission:
    organization = await organization_of(session, body.organization_id)
    read = await parse_submission(
        ReferenceCache(session), body, organization, source, is_paper=False, received_at=clock.now()
    )
    row = SurveySubmission(
        **read.columns(),
        client_id=by.id if by is not None and by.kind == "client" else None,
    )
    session.add(row)
    # Of a respondent nothing is kept that would tell who answered: neither the address nor the person.
    person = by if by is not None and by.kind == "client" else None
    audit.record(session, person, "submission.received", "survey_submission", row.id, keep_address=person is not None)
    emit(session, SubmissionReceived(submission_id=row.id))
    await session.flush()  # the answer tells of a broken rule of the database
    await count(session, [row])
    return row
