"""A submission is stored as it was answered, tied to its form version (A-1, O-11)."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.outbox import emit
from app.core.problems import Fault, Invalid
from app.core.references import unknown_reference
from app.core.security import Principal
from app.core.types import FIRST_YEAR, LAST_YEAR, Moment
from app.interaction_points import service as points
from app.interaction_points.errors import PointNotFound, PointNotInForce
from app.organizations import service as organizations
from app.organizations.errors import OrganizationNotFound
from app.organizations.models import Organization
from app.surveys.errors import NotClientCentricityUnit, SubmissionNotFound
from app.surveys.events import SubmissionReceived
from app.surveys.models import SubmissionSource, SurveyForm, SurveySubmission
from app.surveys.queries import form_in_force, visible_to
from app.surveys.rules import AGENCY, FILLED_AT, MUNICIPALITY, answers_by_key, parse_form, read_answers
from app.surveys.schemas import PaperCreate, SubmissionCreate

MAY_BE_AHEAD = timedelta(minutes=5)
SATISFACTION = "satisfaction"
_MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)
_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)?")
"""A date or a local time: the forms of RFC 3339 without an offset. Python reads other forms of ISO 8601 as well."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a caller gave around the answers, wherever it stood."""

    municipality: str | None
    filled_at: datetime | None


async def submit(session: AsyncSession, body: SubmissionCreate, *, by: Principal | None) -> SurveySubmission:
    """Store a submission of a respondent (anyone) or of another system."""
    source = _source(body.source, by)
    return await _store(session, body, source, is_paper=False, by=by)


async def require_client_centricity_unit(session: AsyncSession, by: Principal) -> None:
    """Raise `NotClientCentricityUnit` unless the caller is of the unit authorised for client-centricity (A-1.fn)."""
    unit = await organizations.get_unit(session, by.unit_id) if by.unit_id else None
    if unit is None or not unit.is_client_centricity:
        raise NotClientCentricityUnit


async def key_in_paper(session: AsyncSession, body: PaperCreate, *, by: Principal) -> SurveySubmission:
    """Store a paper questionnaire (A-1.fn)."""
    whole = SubmissionCreate(form=body.form, organization_id=body.organization_id, answers=body.answers)
    return await _store(session, whole, SubmissionSource.PAPER, is_paper=True, by=by)


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
        raise Invalid(faults=[Fault("/source", "source_not_allowed", ru, en)])
    return wanted or allowed[0]


async def _store(
    session: AsyncSession, body: SubmissionCreate, source: SubmissionSource, *, is_paper: bool, by: Principal | None
) -> SurveySubmission:
    moment = clock.now()
    organization = await _organization(session, body.organization_id)
    zone = ZoneInfo(organization.zone)
    current = await form_in_force(session, body.form, clock.local_date(moment, zone), organization.id)
    newest = current or await form_in_force(session, body.form, None, organization.id)
    faults: list[Fault] = []
    if newest is None:
        raise unknown_reference("/form")
    read = read_answers(parse_form(newest.definition), body.answers)
    given = _given(body, read.statistical, zone, is_paper=is_paper, faults=faults)
    if given.filled_at is not None and given.filled_at > moment + MAY_BE_AHEAD:
        faults.append(_at(_place(FILLED_AT, "/filled_at", read.statistical), "in_the_future"))
    counted_on = clock.local_date(given.filled_at or moment, zone)
    form = newest
    if not faults and (given.filled_at is not None or current is None):
        place = _place(FILLED_AT, "/filled_at" if given.filled_at else "/form", read.statistical)
        form, faults = await _form_of_the_day(session, newest, counted_on, organization, place)
        read = read if form.id == newest.id else read_answers(parse_form(form.definition), body.answers)
    faults += _agency_faults(read.statistical, organization)
    oktmo = await _municipality(session, given, counted_on, read.statistical, is_paper=is_paper, faults=faults)
    faults += [Fault(f.pointer, f.code, f.ru, f.en) for f in read.faults]
    point_id = await _came_from(session, body.came_from_point_id, counted_on, faults)
    if faults:
        raise Invalid(faults=faults)
    answers = answers_by_key(parse_form(form.definition), read)
    row = SurveySubmission(
        form_id=form.id,
        form=form.key,
        form_version=form.form_version,
        organization_id=organization.id,
        municipality=oktmo,
        filled_at=given.filled_at,
        received_at=moment,
        counted_on=counted_on,
        source=source,
        satisfaction=answers[SATISFACTION],
        answers=answers,
        came_from_point_id=point_id,
        keyed_by=by.id if by is not None and is_paper else None,
        client_id=by.id if by is not None and by.kind == "client" else None,
    )
    session.add(row)
    # Of a respondent nothing is kept that would tell who answered: neither the address nor the person.
    person = by if by is not None and (is_paper or by.kind == "client") else None
    audit.record(session, person, "submission.received", "survey_submission", row.id, keep_address=person is not None)
    emit(session, SubmissionReceived(submission_id=row.id))
    await session.flush()  # the answer tells of a broken rule of the database
    return row


async def _organization(session: AsyncSession, organization_id: UUID | None) -> Organization:
    if organization_id is None:
        return await organizations.get_ministry(session)
    try:
        return await organizations.get_organization(session, organization_id)
    except OrganizationNotFound:
        raise unknown_reference("/organization_id") from None


def _given(
    body: SubmissionCreate, statistical: dict[str, Any], zone: ZoneInfo, *, is_paper: bool, faults: list[Fault]
) -> Given:
    """12 and 13 may stand among the answers or beside them; given twice, they must be equal."""
    given = Given(body.municipality, body.filled_at)
    code_12 = statistical.get(MUNICIPALITY)
    if code_12 is not None:
        if not isinstance(code_12, str) or not code_12.isprintable() or not 0 < len(code_12) <= 500:  # noqa: PLR2004
            faults.append(_at(f"/answers/{MUNICIPALITY}", "string_type"))
        elif given.municipality is not None and given.municipality != code_12:
            faults.append(_at("/municipality", "contradiction"))
        else:
            given = replace(given, municipality=code_12)
    if statistical.get(FILLED_AT) is not None:
        filled_at = _filled_at(statistical[FILLED_AT], zone, is_paper=is_paper)
        if filled_at is None:
            faults.append(_at(f"/answers/{FILLED_AT}", "datetime_parsing"))
        elif given.filled_at is not None and given.filled_at != filled_at:
            faults.append(_at("/filled_at", "contradiction"))
        else:
            given = replace(given, filled_at=filled_at)
    return given


def _filled_at(value: Any, zone: ZoneInfo, *, is_paper: bool) -> datetime | None:
    """RFC 3339; on paper also a date, or a local time without an offset, in the organization's zone."""
    if not isinstance(value, str):
        return None
    try:
        return _MOMENT.validate_python(value)
    except ValidationError:
        if not is_paper or not _LOCAL.fullmatch(value):
            return None
    try:
        local = datetime.fromisoformat(value)
    except ValueError:
        return None
    if not FIRST_YEAR <= local.year <= LAST_YEAR:
        return None
    return local.replace(tzinfo=zone).astimezone(UTC)


async def _form_of_the_day(
    session: AsyncSession, newest: SurveyForm, day: date, organization: Organization, place: str
) -> tuple[SurveyForm, list[Fault]]:
    form = await form_in_force(session, newest.key, day, organization.id)
    if form is None:
        return newest, [_at(place, "form_not_in_force")]
    return form, []


def _agency_faults(statistical: dict[str, Any], organization: Organization) -> list[Fault]:
    agency = statistical.get(AGENCY)
    if agency is None or agency in (organization.name, organization.key, str(organization.id)):
        return []
    return [_at(f"/answers/{AGENCY}", "unknown_reference")]


async def _municipality(
    session: AsyncSession,
    given: Given,
    day: date,
    statistical: dict[str, Any],
    *,
    is_paper: bool,
    faults: list[Fault],
) -> str | None:
    if given.municipality is None:
        return None
    row = await organizations.find_municipality(session, given.municipality, day)
    if row is None or (not is_paper and row.oktmo != given.municipality):
        faults.append(_at(_place(MUNICIPALITY, "/municipality", statistical), "municipality_not_in_force"))
        return None
    return row.oktmo


async def _came_from(session: AsyncSession, point_id: UUID | None, day: date, faults: list[Fault]) -> UUID | None:
    """The point a respondent came from: approved on the day that the answer counts for (O-3)."""
    if point_id is None:
        return None
    try:
        point = await points.get_point(session, point_id, None)
        await points.require_in_force(session, point, day)
    except PointNotFound:
        faults.append(_at("/came_from_point_id", "unknown_reference"))
    except PointNotInForce:
        faults.append(_at("/came_from_point_id", "point_not_in_force"))
    return point_id


def _place(code: str, field: str, statistical: dict[str, Any]) -> str:
    return f"/answers/{code}" if statistical.get(code) is not None else field


_WORDS = {
    "in_the_future": ("Время заполнения в будущем.", "The time is in the future."),
    "string_type": ("Нужна строка.", "A string is needed."),
    "datetime_parsing": ("Нужны дата и время.", "A date and time is needed."),
    "contradiction": ("Значение отличается от указанного в ответах.", "It differs from the one among the answers."),
    "form_not_in_force": ("На эту дату форма не действует.", "The form is not in force on that date."),
    "municipality_not_in_force": (
        "Такого муниципального образования на эту дату нет.",
        "There is no such municipality on that date.",
    ),
    "point_not_in_force": (
        "На эту дату точка взаимодействия не действует.",
        "The interaction point is not in force on that date.",
    ),
    "unknown_reference": ("Такого объекта нет.", "There is no such object."),
}


def _at(pointer: str, code: str) -> Fault:
    ru, en = _WORDS[code]
    return Fault(pointer, code, ru, en)
