"""HTTP routes of the survey page; all answers are pages, so they are not in the OpenAPI document."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.app_state import get_state
from app.core.deps import SessionDep, SettingsDep
from app.core.problems import NotFound, TooManyRequests
from app.core.rate_limits import RateLimiter
from app.surveys.errors import CodeUnknown, FormNotFound
from app.web import survey_service
from app.web.pages import ASSETS, TYPES, page
from app.web.questionnaire import Errors, build_questions, build_summary, is_field, read_fields
from app.web.same_origin import SameOrigin
from app.web.survey_service import Refused, Saved, Visit

router = APIRouter(include_in_schema=False)

READ = ["GET", "HEAD"]
KEPT = {"Cache-Control": "private, no-cache"}
"""The browser may cache the form, so that going back after an error does not lose the answers."""


@router.api_route("/static/{name}", methods=READ)
async def asset(name: str) -> Response:
    """Return a style sheet, script or picture of the pages; its address changes with its content."""
    if name not in ASSETS:
        raise NotFound
    kept = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(ASSETS[name], headers=kept, media_type=TYPES[name[name.rindex(".") :]])


def _parse_key(key: str) -> str:
    if not re.fullmatch("[a-z0-9][a-z0-9-]{0,63}", key):
        raise FormNotFound
    return key


FormKey = Annotated[str, Depends(_parse_key)]


async def _load_visit(
    request: Request, key: str, session: AsyncSession, names: Sequence[str] = ("organization", "point", "link")
) -> Visit:
    query = {name: request.query_params[name] for name in names if name in request.query_params}
    return await survey_service.load_visit(session, key, **query)


async def _get_visit(request: Request, key: FormKey, session: SessionDep) -> Visit:
    return await _load_visit(request, key, session)


class PageLimits:
    """The counters of the respondent's page: questionnaires sent and code words tried by an address."""

    def __init__(self) -> None:
        self.questionnaires, self.codes = RateLimiter(), RateLimiter()


def _get_limits(request: Request) -> PageLimits:
    return get_state(request).get(PageLimits)


LimitsDep = Annotated[PageLimits, Depends(_get_limits)]


def _count_request(request: Request, settings: SettingsDep, limit: int, limiter: RateLimiter) -> int:
    if settings.rate_limit == "off":
        return 0
    allowance = limiter.count(request.client.host if request.client else "-", limit)
    return allowance.reset_seconds if allowance.is_spent else 0


def _count_submission(request: Request, settings: SettingsDep, limits: LimitsDep, _: SameOrigin) -> int:
    return _count_request(request, settings, settings.rate_limit_questionnaires_per_minute, limits.questionnaires)


def _limit_code_attempts(request: Request, settings: SettingsDep, limits: LimitsDep, _: SameOrigin) -> None:
    if seconds := _count_request(request, settings, settings.rate_limit_codes_per_minute, limits.codes):
        raise TooManyRequests(seconds)


async def _parse_fields(request: Request) -> dict[str, str]:
    return read_fields(await request.body(), is_field)


Wait = Annotated[int, Depends(_count_submission)]
"""Seconds until this client address may send again; 0 if it may send now."""
MayTry = Annotated[None, Depends(_limit_code_attempts)]
Fields = Annotated[dict[str, str], Depends(_parse_fields)]
VisitDep = Annotated[Visit, Depends(_get_visit)]


async def _render_form(
    session: SessionDep,
    settings: SettingsDep,
    to: Visit,
    fields: dict[str, str],
    refused: Refused | None = None,
    wait: int = 0,
) -> Response:
    errors = refused.errors if refused else Errors()
    questions = build_questions(to.form, fields, errors)
    context: dict[str, Any] = {
        "to": to,
        "fields": fields,
        "questions": questions,
        "errors": errors,
        "summary": build_summary(questions, errors),
        "candidates": refused.candidates if refused else (),
        "municipalities": await survey_service.list_municipality_names(session, to),
        "token": survey_service.make_form_token(fields, settings.secret_key.get_secret_value()),
    }
    if wait:
        return page("survey.html", 429, {**KEPT, "Retry-After": str(wait)}, **context)
    return page("survey.html", 422 if errors else 200, KEPT, **context)


@router.api_route("/survey/{key}", methods=READ)
async def open_survey(to: VisitDep, session: SessionDep, settings: SettingsDep) -> Response:
    """Show the form in force (A-1)."""
    return await _render_form(session, settings, to, {})


@router.post("/survey/{key}")
async def send_survey(
    request: Request, key: FormKey, wait: Wait, fields: Fields, session: SessionDep, settings: SettingsDep
) -> Response:
    """Submit the form and redirect to the thanks page, or save a draft, or show the errors."""
    secret = settings.secret_key.get_secret_value()
    if await survey_service.is_submitted(session, key, fields, secret):
        return _redirect_to_thanks(await _load_visit(request, key, session, ("organization", "point")))
    to = await _load_visit(request, key, session)
    if wait:
        return await _render_form(session, settings, to, fields, survey_service.TOO_MANY, wait)
    done = await survey_service.send_form(session, to, fields, secret)
    if isinstance(done, Refused):
        return await _render_form(session, settings, to, fields, done)
    if isinstance(done, Saved):
        return page("saved.html", to=to, code=_format_code(done.code), until=_format_day(done.until, to))
    return _redirect_to_thanks(to)


def _redirect_to_thanks(to: Visit) -> Response:
    return RedirectResponse(to.address("/thanks", with_link=False), 303)


@router.api_route("/survey/{key}/thanks", methods=READ)
async def thank_for_survey(to: VisitDep) -> Response:
    """Show the thanks page."""
    return page("thanks.html", to=to)


@router.api_route("/survey/{key}/resume", methods=READ)
async def ask_for_code(to: VisitDep) -> Response:
    """Show the page that asks for the code of a draft."""
    return page("resume.html", to=to, error=None, code="")


@router.post("/survey/{key}/resume")
async def resume_survey(
    _: MayTry, fields: Fields, to: VisitDep, session: SessionDep, settings: SettingsDep
) -> Response:
    """Show the draft of a code as it was saved."""
    typed = fields.get("code", "")
    try:
        code, kept = await survey_service.resume(session, to, typed)
    except CodeUnknown as unknown:
        return page("resume.html", 422, to=to, error=f"{unknown.title_ru}. {unknown.ru}", code=typed)
    return await _render_form(session, settings, to, {**kept, "code": code})


def _format_code(code: str) -> str:
    return "-".join(code[start : start + 3] for start in range(0, len(code), 3))


def _format_day(moment: datetime, to: Visit) -> str:
    return f"{moment.astimezone(ZoneInfo(to.organization.zone)):%d.%m.%Y}"
