"""Parsing of submissions, shared by the open form, paper entry and tables (A-1)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
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
from app.surveys import queries
from app.surveys.commands import FilledForm
from app.surveys.models.forms import SurveyForm
from app.surveys.models.submissions import SurveySubmission
from app.surveys.rules.answers import parse_answers, to_answers_by_key
from app.surveys.rules.form import AGENCY, FILLED_AT, MUNICIPALITY, Form, parse_form
from app.surveys.rules.submissions import SubmissionSource

if TYPE_CHECKING:
    from app.organizations.models import Municipality, Organization

MAY_BE_AHEAD = timedelta(minutes=5)
SATISFACTION = "satisfaction"
_MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)
_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)?")
"""A date or a local time as in RFC 3339 without offset; Python itself also parses other forms of ISO 8601."""


@dataclass(frozen=True, slots=True)
class ParsedSubmission:
    """A parsed questionnaire: the columns of `SurveySubmission` that come from the input.

    A plain value: tables hold tens of thousands of rows, and tracked database objects cost more than parsing.
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
        """Return the values by column."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


@dataclass(slots=True)
class ReferenceCache:
    """Cache of reference data for parsing many submissions with few queries."""

    session: AsyncSession
    answered: SurveySubmission | None = None
    """The stored submission that is parsed again: on its own day its version is used, even if another has begun."""
    _forms: dict[tuple[str, UUID], list[SurveyForm]] = field(default_factory=dict)
    _parsed: dict[UUID, Form] = field(default_factory=dict)
    _municipalities: dict[str, list[Municipality]] = field(default_factory=dict)

    async def find_form(self, key: str, on: date | None, organization_id: UUID) -> SurveyForm | None:
        """Return the version in force on a day (None: the newest of any day)."""
        if self.answered is not None and on == self.answered.counted_on:
            return await self.session.get_one(SurveyForm, self.answered.form_id)
        if (key, organization_id) not in self._forms:
            self._forms[key, organization_id] = await queries.load_published_forms(self.session, key, organization_id)
        return queries.find_valid_form(self._forms[key, organization_id], on)

    def parse(self, form: SurveyForm) -> Form:
        """Return the parsed definition of a version."""
        if form.id not in self._parsed:
            self._parsed[form.id] = parse_form(form.definition)
        return self._parsed[form.id]

    def get_form(self, row: ParsedSubmission) -> Form:
        """Return the version that a submission was parsed by."""
        return self._parsed[row.form_id]

    async def find_municipality(self, code_or_name: str, on: date) -> Municipality | None:
        """Find a municipality by OKTMO code or exact name, as of a day."""
        if code_or_name not in self._municipalities:
            named = await organizations.find_municipalities_by_name(self.session, code_or_name)
            self._municipalities[code_or_name] = named
        return organizations.get_valid_municipality(self._municipalities[code_or_name], on)


@dataclass(frozen=True, slots=True)
class SubmissionMetadata:
    """The municipality and time of a submission, given among the answers or beside them."""

    municipality: str | None
    filled_at: datetime | None


async def parse_submission(
    known: ReferenceCache,
    filled: FilledForm,
    organization: Organization,
    source: SubmissionSource,
    *,
    is_paper: bool,
    received_at: datetime,
) -> ParsedSubmission:
    """Parse a submission without storing it. Raises 422 with a pointer for every error.

    On paper and in tables, 12 may be a name and 13 a date or a local time.
    """
    zone = ZoneInfo(organization.zone)
    current = await known.find_form(filled.form, clock.local_date(received_at, zone), organization.id)
    newest = current or await known.find_form(filled.form, None, organization.id)
    errors: list[FieldError] = []
    if newest is None:
        raise unknown_reference("/form")
    parsed = parse_answers(known.parse(newest), filled.answers)
    metadata = _parse_metadata(filled, parsed.statistical, zone, is_paper=is_paper, errors=errors)
    if metadata.filled_at is not None and metadata.filled_at > received_at + MAY_BE_AHEAD:
        errors.append(_build_error(_build_pointer(FILLED_AT, "/filled_at", parsed.statistical), "in_the_future"))
    counted_on = clock.local_date(metadata.filled_at or received_at, zone)
    form = newest
    if not errors and (metadata.filled_at is not None or current is None):
        in_force = await known.find_form(newest.key, counted_on, organization.id)
        if in_force is None:
            place = _build_pointer(FILLED_AT, "/filled_at" if metadata.filled_at else "/form", parsed.statistical)
            errors.append(_build_error(place, "form_not_in_force"))
        elif in_force.id != newest.id:
            form, parsed = in_force, parse_answers(known.parse(in_force), filled.answers)
    errors += _validate_agency(parsed.statistical, organization)
    oktmo = await _find_municipality(known, metadata, counted_on, parsed.statistical, is_paper=is_paper, errors=errors)
    errors += parsed.errors
    point_id = await _validate_point(known.session, filled.came_from_point_id, counted_on, errors)
    if errors:
        raise ValidationFailed(field_errors=errors)
    answers = to_answers_by_key(known.parse(form), parsed)
    return ParsedSubmission(
        form_id=form.id,
        form=form.key,
        form_version=form.form_version,
        organization_id=organization.id,
        municipality=oktmo,
        filled_at=metadata.filled_at,
        received_at=received_at,
        counted_on=counted_on,
        source=source,
        satisfaction=answers[SATISFACTION],
        answers=answers,
        came_from_point_id=point_id,
    )


def _parse_metadata(
    filled: FilledForm, statistical: dict[str, Any], zone: ZoneInfo, *, is_paper: bool, errors: list[FieldError]
) -> SubmissionMetadata:
    """Parse 12 and 13, among the answers or beside them; if metadata twice, they have to be equal."""
    metadata = SubmissionMetadata(filled.municipality, filled.filled_at)
    code_12 = statistical.get(MUNICIPALITY)
    if code_12 is not None:
        if not isinstance(code_12, str) or not code_12.isprintable() or not 0 < len(code_12) <= 500:  # noqa: PLR2004
            errors.append(_build_error(f"/answers/{MUNICIPALITY}", "string_type"))
        elif metadata.municipality is not None and metadata.municipality != code_12:
            errors.append(_build_error("/municipality", "contradiction"))
        else:
            metadata = replace(metadata, municipality=code_12)
    if statistical.get(FILLED_AT) is not None:
        filled_at = _parse_filled_at(statistical[FILLED_AT], zone, is_paper=is_paper)
        if filled_at is None:
            errors.append(_build_error(f"/answers/{FILLED_AT}", "datetime_parsing"))
        elif metadata.filled_at is not None and metadata.filled_at != filled_at:
            errors.append(_build_error("/filled_at", "contradiction"))
        else:
            metadata = replace(metadata, filled_at=filled_at)
    return metadata


def _parse_filled_at(value: Any, zone: ZoneInfo, *, is_paper: bool) -> datetime | None:
    """Parse RFC 3339; on paper also a date or a local time without offset, in the organization's time zone."""
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


def _validate_agency(statistical: dict[str, Any], organization: Organization) -> list[FieldError]:
    agency = statistical.get(AGENCY)
    if agency is None or agency in (organization.name, organization.key, str(organization.id)):
        return []
    return [_build_error(f"/answers/{AGENCY}", "unknown_reference")]


async def _find_municipality(
    known: ReferenceCache,
    metadata: SubmissionMetadata,
    day: date,
    statistical: dict[str, Any],
    *,
    is_paper: bool,
    errors: list[FieldError],
) -> str | None:
    if metadata.municipality is None:
        return None
    row = await known.find_municipality(metadata.municipality, day)
    if row is None or (not is_paper and row.oktmo != metadata.municipality):
        errors.append(
            _build_error(_build_pointer(MUNICIPALITY, "/municipality", statistical), "municipality_not_in_force")
        )
        return None
    return row.oktmo


async def _validate_point(
    session: AsyncSession, point_id: UUID | None, day: date, errors: list[FieldError]
) -> UUID | None:
    """Return the point a respondent came from; it has to be approved on the day of the answer (O-3)."""
    if point_id is None:
        return None
    try:
        point = await points.get_point(session, point_id, None)
        await points.require_in_force(session, point, day)
    except PointNotFound:
        errors.append(_build_error("/came_from_point_id", "unknown_reference"))
    except PointNotInForce:
        errors.append(_build_error("/came_from_point_id", "point_not_in_force"))
    return point_id


def _build_pointer(code: str, field: str, statistical: dict[str, Any]) -> str:
    return f"/answers/{code}" if statistical.get(code) is not None else field


_TEXTS = {
    "in_the_future": ("Время заполнения ещё не наступило.", "The time is in the future."),
    "string_type": ("Укажите текст.", "A string is needed."),
    "datetime_parsing": ("Укажите дату и время.", "A date and time is needed."),
    "contradiction": ("Значение отличается от указанного в ответах.", "The value differs from the one in the answers."),
    "form_not_in_force": ("На эту дату форма не действует.", "The form is not in force on this date."),
    "municipality_not_in_force": (
        "На эту дату такого муниципального образования нет.",
        "The municipality does not exist on this date.",
    ),
    "point_not_in_force": (
        "На эту дату точка взаимодействия не действует.",
        "The interaction point is not in force on this date.",
    ),
    "unknown_reference": ("Объект не найден.", "The object was not found."),
}


def _build_error(pointer: str, code: str) -> FieldError:
    ru, en = _TEXTS[code]
    return FieldError(pointer, code, ru, en)
