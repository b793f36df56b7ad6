"""Sheets of the paper page: the answers in the order of their codes, and the storing of a typed sheet (A-1.fn)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import SecretStr, ValidationError
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.problems import ValidationFailed
from app.core.security import Principal
from app.organizations import service as organizations
from app.organizations.errors import OrganizationNotFound
from app.surveys.commands import FilledSheet
from app.surveys.errors import FormNotFound, SheetConflict
from app.surveys.schemas.forms import FormRead, QuestionRead
from app.surveys.schemas.paper import PaperCreate
from app.surveys.service import forms, paper

if TYPE_CHECKING:
    from app.organizations.models import Organization

FORM = "information-access"
_INVALID = "Лист заполнен неверно."
_FIELD_ERRORS = {"batch": "Укажите пачку: не более 100 знаков.", "sheet_number": "Номер листа: от 1 до 1 000 000."}


@dataclass(frozen=True, slots=True)
class Place:
    """One answer of the sheet: its code, the question text and the allowed digits."""

    code: str
    text: str
    digits: str
    has_comment: bool


@dataclass(frozen=True, slots=True)
class SheetForm:
    """What a sheet is entered for: its organization, its day and its answers in the order of their codes."""

    organization: Organization
    day: date
    places: list[Place]


async def load_sheet_form(session: AsyncSession, typed: Mapping[str, str]) -> SheetForm:
    """Load the organization (the ministry by default), the day and the places of a sheet. Raises `FormNotFound`."""
    text = typed.get("organization", "")
    try:
        row = await organizations.get_organization(session, UUID(text)) if text else None
    except (ValueError, OrganizationNotFound):
        raise FormNotFound from None
    row = row or await organizations.get_ministry(session)
    today = clock.today(ZoneInfo(row.zone))
    day = _parse_day(typed.get("filled_at", "")) or today
    try:
        form = await forms.read_current_form(session, FORM, row.id, day)
    except FormNotFound:  # the service rejects such a day, and the page keeps the sheet
        form = await forms.read_current_form(session, FORM, row.id, today)
    return SheetForm(row, day, list_places(form))


def _parse_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None


def list_places(form: FormRead) -> list[Place]:
    """List the answers of the sheet in the order of their codes: 21, then 22 and 23 by source."""
    block = next(block for block in form.blocks if block.key == "assessment")
    found = []
    for question in block.questions:
        digits = "".join(_list_values(question))
        if not question.per_source:
            found.append(Place(question.code, question.text, digits, has_comment=False))
            continue
        for source in form.sources:
            code = f"{question.code}.{source.suffix}"
            found.append(Place(code, source.text, digits, has_comment=question.follow_up is not None))
    return found


def _list_values(question: QuestionRead) -> list[str]:
    if question.scale:
        return [str(value) for value in range(question.scale.min, question.scale.max + 1)]
    return [str(option.value) for option in question.options]


async def enter_sheet(
    session: AsyncSession, fields: Mapping[str, str], secret: SecretStr, *, by: Principal
) -> list[str]:
    """Store a typed sheet and return no errors, or return the errors of what was typed."""
    sheet_form = await load_sheet_form(session, fields)
    errors: list[str] = []
    answers = _parse_answers(sheet_form.places, fields, errors)
    number = fields.get("number", "").strip()
    if not re.fullmatch("[0-9]{1,7}", number):
        errors.append("Номер листа должен быть числом.")
    if errors:
        return errors
    if typed := answers.get("12"):  # «Бердск» is enough; the service rejects unclear names
        found = await organizations.match_municipality(session, typed, sheet_form.day)
        answers["12"] = found.place.oktmo if found.place else typed
    batch, organization_id = fields.get("batch", "").strip(), sheet_form.organization.id
    try:
        sheet = PaperCreate(
            form=FORM, organization_id=organization_id, batch=batch, sheet_number=int(number), answers=answers
        )
        await paper.enter_paper_submission(session, sheet.to_command(FilledSheet), secret, by=by)
    except ValidationError as invalid:
        return [_FIELD_ERRORS.get(str(one["loc"][0]), _INVALID) for one in invalid.errors()]
    except ValidationFailed as invalid:
        return [f"{_to_code(one.pointer)}: {one.ru}" for one in invalid.field_errors]
    except SheetConflict as conflict:
        return [f"{conflict.title_ru}. {conflict.ru}"]
    return []


def _to_code(pointer: str) -> str:
    return pointer.removeprefix("/answers/").removeprefix("/")


def _parse_answers(asked: list[Place], fields: Mapping[str, str], errors: list[str]) -> dict[str, Any]:
    """Parse the answers by code; separators between the digits are ignored."""
    digits = re.sub(r"[\s,.;-]+", "", fields.get("digits", ""))
    if len(digits) != len(asked):
        errors.append(f"Ответов на листе {len(asked)}, набрано {len(digits)}.")
        return {}
    answers: dict[str, Any] = {}
    for place, digit in zip(asked, digits, strict=True):
        if digit not in place.digits:
            errors.append(f"{place.code}: «{digit}» — недопустимый ответ, возможны {', '.join(place.digits)}.")
            continue
        answers[place.code] = int(digit)
        if place.has_comment and (comment := fields.get(f"{place.code}.comment", "").strip()):
            answers[f"{place.code}.comment"] = comment
    for code, name in (("12", "municipality"), ("13", "filled_at")):
        if text := fields.get(name, "").strip():
            answers[code] = text
    return answers
