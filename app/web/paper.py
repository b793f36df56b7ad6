"""The page for entering paper questionnaires: the digits of a sheet in the order of its codes (A-1.fn)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.deps import SessionDep, SettingsDep
from app.core.problems import ValidationFailed
from app.core.security import Principal
from app.organizations import service as organizations
from app.organizations.errors import OrganizationNotFound
from app.organizations.models import Organization
from app.surveys.errors import FormNotFound, SheetConflict
from app.surveys.queries import read_form
from app.surveys.schemas.forms import FormRead, QuestionRead
from app.surveys.schemas.paper import PaperCreate
from app.surveys.service import forms, paper, submissions
from app.web.page_sessions import PATH, signed_in
from app.web.pages import page
from app.web.questionnaire import read_fields
from app.web.same_origin import SameOrigin

router = APIRouter(prefix=f"{PATH}/paper", include_in_schema=False)

FORM = "information-access"
READ = ["GET", "HEAD"]
_FIELD = re.compile(r"organization|batch|municipality|filled_at|number|digits|[0-9]{1,3}\.[0-9]{1,3}\.comment")
KEPT = ("organization", "batch", "municipality", "filled_at")
"""Fields shared by the sheets of a batch; they are kept for the next sheet."""


async def _require_entry_right(
    by: Annotated[Principal, Depends(signed_in("surveys:enter"))], session: SessionDep
) -> Principal:
    await submissions.require_client_centricity_unit(session, by)
    return by


async def _read_form(request: Request) -> dict[str, str]:
    return read_fields(await request.body(), lambda name: _FIELD.fullmatch(name) is not None)


Operator = Annotated[Principal, Depends(_require_entry_right)]
Fields = Annotated[dict[str, str], Depends(_read_form)]


@dataclass(frozen=True, slots=True)
class Place:
    """One answer of the sheet: its code, the question text and the allowed digits."""

    code: str
    text: str
    digits: str
    has_comment: bool


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


async def _load_entry(session: AsyncSession, typed: Mapping[str, str]) -> tuple[Organization, FormRead, date]:
    """Load the organization (the ministry by default), the form and the day of the sheet. Raises `FormNotFound`."""
    text = typed.get("organization", "")
    try:
        row = await organizations.get_organization(session, UUID(text)) if text else None
    except (ValueError, OrganizationNotFound):
        raise FormNotFound from None
    row = row or await organizations.get_ministry(session)
    today = clock.today(ZoneInfo(row.zone))
    day = _parse_day(typed.get("filled_at", "")) or today
    try:
        form = await forms.current_form(session, FORM, row.id, day)
    except FormNotFound:  # the service rejects such a day, and the page keeps the sheet
        form = await forms.current_form(session, FORM, row.id, today)
    return row, read_form(form), day


def _parse_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None


async def _render_page(
    session: AsyncSession, by: Principal, typed: Mapping[str, str], errors: list[str] | None = None
) -> Response:
    organization, form, _ = await _load_entry(session, typed)
    return page(
        "paper.html",
        422 if errors else 200,
        by=by,
        organization=organization,
        organizations=(await session.exec(select(Organization).order_by(Organization.name))).all(),
        places=list_places(form),
        typed=typed,
        errors=errors or [],
        municipalities=[row.name for row in await organizations.list_municipalities(session, None, None)],
    )


@router.api_route("", methods=READ)
async def open_paper(by: Operator, request: Request, session: SessionDep) -> Response:
    """Show an empty sheet with the shared fields of the previous one."""
    return await _render_page(session, by, dict(request.query_params))


@router.post("")
async def enter_sheet(
    _: SameOrigin, by: Operator, fields: Fields, session: SessionDep, settings: SettingsDep
) -> Response:
    """Store the sheet and redirect to the next one; a repeated submission is stored once."""
    organization, form, day = await _load_entry(session, fields)
    errors: list[str] = []
    answers = _parse_answers(list_places(form), fields, errors)
    number = fields.get("number", "").strip()
    if not re.fullmatch("[0-9]{1,7}", number):
        errors.append("Номер листа должен быть числом.")
    if errors:
        return await _render_page(session, by, fields, errors)
    if typed := answers.get("12"):  # «Бердск» is enough; the service rejects unclear names
        found = await organizations.match_municipality(session, typed, day)
        answers["12"] = found.place.oktmo if found.place else typed
    try:
        sheet = PaperCreate(
            form=FORM,
            organization_id=organization.id,
            batch=fields.get("batch", "").strip(),
            sheet_number=int(number),
            answers=answers,
        )
        await paper.enter_paper_submission(session, sheet, settings.secret_key, by=by)
    except ValidationError as invalid:
        return await _render_page(
            session, by, fields, [_FIELD_ERRORS.get(str(one["loc"][0]), _INVALID) for one in invalid.errors()]
        )
    except ValidationFailed as invalid:
        return await _render_page(
            session, by, fields, [f"{_to_code(one.pointer)}: {one.ru}" for one in invalid.field_errors]
        )
    except SheetConflict as conflict:
        return await _render_page(session, by, fields, [f"{conflict.title_ru}. {conflict.ru}"])
    next_fields = {name: fields[name] for name in KEPT if fields.get(name)}
    next_fields |= {"number": str(int(number) + 1), "stored": number}
    return RedirectResponse(f"{PATH}/paper?{urlencode(next_fields)}", 303)


_INVALID = "Лист заполнен неверно."
_FIELD_ERRORS = {"batch": "Укажите пачку: не более 100 знаков.", "sheet_number": "Номер листа: от 1 до 1 000 000."}


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
