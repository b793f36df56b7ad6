"""What was given, read into a submission or into faults: the one way for the open form, paper and tables (A-1)."""

import re
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.problems import FieldError, ValidationFailed
from app.core.references import unknown_reference
from app.core.types import FIRST_YEAR, LAST_YEAR, Moment
from app.interaction_points import service as points
from app.interaction_points.errors import PointNotFound, PointNotInForce
from app.organizations import service as organizations
from app.organizations.errors import OrganizationNotFound
from app.organizations.models import Municipality, Organization
from app.surveys import queries
from app.surveys.models import SubmissionSource, SurveyForm, SurveySubmission
from app.surveys.rules import AGENCY, FILLED_AT, MUNICIPALITY, Form, parse_answers, parse_form, to_answers_by_key
from app.surveys.schemas import SubmissionCreate

MAY_BE_AHEAD = timedelta(minutes=5)
SATISFACTION = "satisfaction"
_MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)
_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)?")
"""A date or a local time: the forms of RFC 3339 without an offset. Python reads other forms of ISO 8601 as well."""


@dataclass(frozen=True, slots=True)
class ParsedSubmission:
    """A filled-in form as it was read: the columns of `SurveySubmission` that come from what was given.

    A plain value: tables hold tens of thousands, and making rows that the database tracks costs more than reading.
    """

    form_id: UUID
    form: str
    form_version: int
    organization_id: UUID
    municipality: str | None
    filled_at: datetime | None
    received_at: datetime
    counted_on: date
    source: SubmissionSource
    satisfaction: int
    answers: dict[str, Any]
    came_from_point_id: UUID | None

    def columns(self) -> dict[str, Any]:
        """The values by column."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


@dataclass(slots=True)
class ReferenceCache:
    """Reference data while submissions are read: each thing is asked once, so that many rows cost few queries."""

    session: AsyncSession
    answered: SurveySubmission | None = None
    """What is read again: for its own day its version holds, though another may have begun on that very day."""
    _forms: dict[tuple[str, UUID], list[SurveyForm]] = field(default_factory=dict)
    _parsed: dict[UUID, Form] = field(default_factory=dict)
    _municipalities: dict[str, list[Municipality]] = field(default_factory=dict)

    async def form(self, key: str, on: date | None, organization_id: UUID) -> SurveyForm | None:
        """The version in force on the day (None: the newest on any day)."""
        if self.answered is not None and on == self.answered.counted_on:
            return await self.session.get_one(SurveyForm, self.answered.form_id)
        if (key, organization_id) not in self._forms:
            self._forms[key, organization_id] = await queries.load_published_forms(self.session, key, organization_id)
        return queries.load_first_valid_form(self._forms[key, organization_id], on)

    def parsed(self, form: SurveyForm) -> Form:
        """A version as far as answers need it."""
        if form.id not in self._parsed:
            self._parsed[form.id] = parse_form(form.definition)
        return self._parsed[form.id]

    def form_of(self, row: ParsedSubmission) -> Form:
        """The version that a submission was read by."""
        return self._parsed[row.form_id]

    async def municipality(self, code_or_name: str, on: date) -> Municipality | None:
        """By OKTMO code or exact name, as it was on the day."""
        if code_or_name not in self._municipalities:
            named = await organizations.find_municipalities_by_name(self.session, code_or_name)
            self._municipalities[code_or_name] = named
        return organizations.get_valid_municipality(self._municipalities[code_or_name], on)


@dataclass(frozen=True, slots=True)
class SubmissionMetadata:
    """What a caller gave around the answers, wherever it stood."""

    municipality: str | None
    filled_at: datetime | None


async def organization_of(session: AsyncSession, organization_id: UUID | None) -> Organization:
    """Whose survey a body names, the ministry's unless it does. Raises 422 with the pointer."""
    if organization_id is None:
        return await organizations.get_ministry(session)
    try:
        return await organizations.get_organization(session, organization_id)
    except OrganizationNotFound:
        raise unknown_reference("/organization_id") from None


async def parse_submission(
    known: ReferenceCache,
    body: SubmissionCreate,
    organization: Organization,
    source: SubmissionSource,
    *,
    is_paper: bool,
    received_at: datetime,
) -> ParsedSubmission:
    """The submission that was given, not stored yet. Raises 422 with a pointer for every fault.

    On paper, and so in tables, 12 may be a name and 13 a date or a local time.
    """
    zone = ZoneInfo(organization.zone)
    current = await known.form(body.form, clock.local_date(received_at, zone), organization.id)
    newest = current or await known.form(body.form, None, organization.id)
    faults: list[FieldError] = []
    if newest is None:
        raise unknown_reference("/form")
    read = parse_answers(known.parsed(newest), body.answers)
    given = _given(body, read.statistical, zone, is_paper=is_paper, faults=faults)
    if given.filled_at is not None and given.filled_at > received_at + MAY_BE_AHEAD:
        faults.append(_at(_place(FILLED_AT, "/filled_at", read.statistical), "in_the_future"))
    counted_on = clock.local_date(given.filled_at or received_at, zone)
    form = newest
    if not faults and (given.filled_at is not None or current is None):
        in_force = await known.form(newest.key, counted_on, organization.id)
        if in_force is None:
            place = _place(FILLED_AT, "/filled_at" if given.filled_at else "/form", read.statistical)
            faults.append(_at(place, "form_not_in_force"))
        elif in_force.id != newest.id:
            form, read = in_force, parse_answers(known.parsed(in_force), body.answers)
    faults += _agency_faults(read.statistical, organization)
    oktmo = await _municipality(known, given, counted_on, read.statistical, is_paper=is_paper, faults=faults)
    faults += [FieldError(f.pointer, f.code, f.ru, f.en) for f in read.faults]
    point_id = await _came_from(known.session, body.came_from_point_id, counted_on, faults)
    if faults:
        raise ValidationFailed(field_errors=faults)
    answers = to_answers_by_key(known.parsed(form), read)
    return ParsedSubmission(
        form_id=form.id,
        form=form.key,
        form_version=form.form_version,
        organization_id=organization.id,
        municipality=oktmo,
        filled_at=given.filled_at,
        received_at=received_at,
        counted_on=counted_on,
        source=source,
        satisfaction=answers[SATISFACTION],
        answers=answers,
        came_from_point_id=point_id,
    )


def _given(
    body: SubmissionCreate, statistical: dict[str, Any], zone: ZoneInfo, *, is_paper: bool, faults: list[FieldError]
) -> SubmissionMetadata:
    """12 and 13 may stand among the answers or beside them; given twice, they must be equal."""
    given = SubmissionMetadata(body.municipality, body.filled_at)
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


def _agency_faults(statistical: dict[str, Any], organization: Organization) -> list[FieldError]:
    agency = statistical.get(AGENCY)
    if agency is None or agency in (organization.name, organization.key, str(organization.id)):
        return []
    return [_at(f"/answers/{AGENCY}", "unknown_reference")]


async def _municipality(
    known: ReferenceCache,
    given: SubmissionMetadata,
    day: date,
    statistical: dict[str, Any],
    *,
    is_paper: bool,
    faults: list[FieldError],
) -> str | None:
    if given.municipality is None:
        return None
    row = await known.municipality(given.municipality, day)
    if row is None or (not is_paper and row.oktmo != given.municipality):
        faults.append(_at(_place(MUNICIPALITY, "/municipality", statistical), "municipality_not_in_force"))
        return None
    return row.oktmo


async def _came_from(session: AsyncSession, point_id: UUID | None, day: date, faults: list[FieldError]) -> UUID | None:
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


def _at(pointer: str, code: str) -> FieldError:
    ru, en = _WORDS[code]
    return FieldError(pointer, code, ru, en)
