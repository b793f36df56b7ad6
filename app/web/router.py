"""HTTP of the survey's page. Every answer is a page; the API's document does not hold it."""

import re
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from app.core.deps import SessionDep, SettingsDep
from app.core.problems import NotFound, TooManyRequests
from app.core.rate_limits import RateLimiter
from app.core.same_origin import SameOrigin
from app.surveys.errors import CodeUnknown, FormNotFound
from app.web import survey_service
from app.web.pages import ASSETS, TYPES, page
from app.web.questionnaire import Errors, build_questions, is_field, read_fields, summary
from app.web.survey_service import Refused, Saved, Visit

router = APIRouter(include_in_schema=False)

READ = ["GET", "HEAD"]
KEPT = {"Cache-Control": "private, no-cache"}
"""The browser may keep the form: else whoever goes back after a trouble finds the answers gone."""


@router.api_route("/static/{name}", methods=READ)
async def asset(name: str) -> Response:
    """A style, script or picture of the pages; its address changes with its content."""
    if name not in ASSETS:
        raise NotFound
    kept = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(ASSETS[name], headers=kept, media_type=TYPES[name[name.rindex(".") :]])


def _key(key: str) -> str:
    if not re.fullmatch("[a-z0-9][a-z0-9-]{0,63}", key):
        raise FormNotFound
    return key


FormKey = Annotated[str, Depends(_key)]


async def _visit(request: Request, key: FormKey, session: SessionDep) -> Visit:
    told = {name: request.query_params.get(name, "") for name in ("organization", "point", "link")}
    return await survey_service.load_visit(session, key, **told)


def _wait(request: Request, settings: SettingsDep, limit: int, what: str) -> int:
    limiters: dict[str, RateLimiter] = request.app.state.page_limiters
    if settings.rate_limit == "off":
        return 0
    allowance = limiters[what].count(request.client.host if request.client else "-", limit)
    return allowance.reset_seconds if allowance.is_spent else 0


def _wait_to_send(request: Request, settings: SettingsDep, _: SameOrigin) -> int:
    return _wait(request, settings, settings.rate_limit_questionnaires_per_minute, "questionnaires")


def _may_try(request: Request, settings: SettingsDep, _: SameOrigin) -> None:
    if seconds := _wait(request, settings, settings.rate_limit_codes_per_minute, "codes"):
        raise TooManyRequests(seconds)


async def _fields(request: Request) -> dict[str, str]:
    return read_fields(await request.body(), is_field)


Wait = Annotated[int, Depends(_wait_to_send)]
"""Seconds until this address may send again, 0 while it may."""
MayTry = Annotated[None, Depends(_may_try)]
Fields = Annotated[dict[str, str], Depends(_fields)]
VisitDep = Annotated[Visit, Depends(_visit)]


async def _form_page(
    session: SessionDep,
    settings: SettingsDep,
    to: Visit,
    fields: dict[str, str],
    refused: Refused | None = None,
    wait: int = 0,
) -> Response:
    errors = refused.errors if refused else Errors()
    questions = build_questions(to.form, fields, errors)
    facts: dict[str, Any] = {
        "to": to,
        "fields": fields,
        "questions": questions,
        "errors": errors,
        "summary": summary(questions, errors),
        "candidates": refused.candidates if refused else (),
        "municipalities": await survey_service.municipality_names(session, to),
        "token": survey_service.make_form_token(fields, settings.secret_key.get_secret_value()),
    }
    if wait:
        return page("survey.html", 429, {**KEPT, "Retry-After": str(wait)}, **facts)
    return page("survey.html", 422 if errors else 200, KEPT, **facts)


@router.api_route("/survey/{key}", methods=READ)
async def open_survey(to: VisitDep, session: SessionDep, settings: SettingsDep) -> Response:
    """The form in force, to be filled in (A-1)."""
    return await _form_page(session, settings, to, {})


@router.post("/survey/{key}")
async def send_survey(
    request: Request, key: FormKey, wait: Wait, fields: Fields, session: SessionDep, settings: SettingsDep
) -> Response:
    """Store the form and go to the thanks; or keep it half-filled; or show what is to be mended."""
    secret = settings.secret_key.get_secret_value()
    if await survey_service.is_submitted(session, key, fields, secret):
        query = request.query_params
        come = await survey_service.load_visit(session, key, query.get("organization", ""), query.get("point", ""), "")
        return RedirectResponse(come.address("/thanks"), 303)
    to = await _visit(request, key, session)
    done: Refused | Saved | None
    if wait:
        return await _form_page(session, settings, to, fields, survey_service.TOO_MANY, wait)
    if fields.get("action") == "save":
        done = await survey_service.save(session, to, fields, secret)
    else:
        done = await survey_service.submit_form(session, to, fields, secret)
    if isinstance(done, Refused):
        return await _form_page(session, settings, to, fields, done)
    if isinstance(done, Saved):
        return page("saved.html", to=to, code=_grouped(done.code), until=_day(done.until, to))
    return RedirectResponse(to.address("/thanks", with_link=False), 303)


@router.api_route("/survey/{key}/thanks", methods=READ)
async def thank_for_survey(to: VisitDep) -> Response:
    """The end of it."""
    return page("thanks.html", to=to)


@router.api_route("/survey/{key}/resume", methods=READ)
async def ask_for_code(to: VisitDep) -> Response:
    """Where the code of a half-filled form is typed in."""
    return page("resume.html", to=to, error=None, code="")


@router.post("/survey/{key}/resume")
async def resume_survey(
    _: MayTry, fields: Fields, to: VisitDep, session: SessionDep, settings: SettingsDep
) -> Response:
    """The half-filled form of a code, as it was left."""
    typed = fields.get("code", "")
    try:
        code, kept = await survey_service.resume(session, to, typed)
    except CodeUnknown as unknown:
        return page("resume.html", 422, to=to, error=f"{unknown.title_ru}. {unknown.ru}", code=typed)
    return await _form_page(session, settings, to, {**kept, "code": code})


def _grouped(code: str) -> str:
    return "-".join(code[start : start + 3] for start in range(0, len(code), 3))


def _day(moment: datetime, to: Visit) -> str:
    return f"{moment.astimezone(ZoneInfo(to.organization.zone)):%d.%m.%Y}"
