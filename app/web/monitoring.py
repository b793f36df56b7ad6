"""The monitoring page for heads of units and the client-centricity unit (O-4, O-11)."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.deps import DatabaseDep, PublicUrl, SessionDep, SettingsDep
from app.core.periods import Period
from app.core.problems import NotFound, TooManyRequests
from app.core.security import Principal
from app.documents.charts import render_svg
from app.identity.errors import InvalidGrant
from app.identity.router.sessions import FormDep, TokensDep
from app.identity.service import sessions
from app.monitoring.queries.survey_counts import Cut
from app.monitoring.report.builder import build_report
from app.monitoring.report.download import ReportFormat, download_response
from app.monitoring.report.pdf import format_cell
from app.monitoring.schemas.figures import SOURCES_RU
from app.organizations import service as organizations
from app.surveys.rules.submissions import SubmissionSource
from app.web import page_sessions
from app.web.page_sessions import PATH, SessionId, signed_in_detached
from app.web.pages import page
from app.web.same_origin import SameOrigin

router = APIRouter(prefix=PATH, include_in_schema=False)

READ = ["GET", "HEAD"]
SIGN_IN = f"{PATH}/sign-in"
_MONTHS_SHOWN = 12
_YEARS = (1900, 2200)


def _parse_day(text: str) -> date:
    day = date.fromisoformat(text)
    if not _YEARS[0] <= day.year < _YEARS[1]:
        raise ValueError(text)
    return day


def _parse_municipality(text: str) -> str:
    if not (text.isascii() and text.isdigit() and len(text) in (8, 11)):
        raise ValueError(text)
    return text


_PARSERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "from": (_parse_day, "Дата начала периода указана неверно."),
    "to": (_parse_day, "Дата окончания периода указана неверно."),
    "organization_id": (UUID, "Такой организации нет."),
    "municipality": (_parse_municipality, "Такого муниципального района или городского округа нет."),
    "source": (SubmissionSource, "Такого способа заполнения нет."),
}
"""Parser and error text of each filter."""


def _compute_month_start(count: int) -> date:
    today = clock.today()
    months = today.year * 12 + today.month - 1 - count
    return date(months // 12, months % 12 + 1, 1)


class Filters:
    """The filters of the page: typed values, parsed values and errors.

    An empty field is ignored; without a query the page shows the last twelve months.
    """

    def __init__(self, request: Request) -> None:
        self.typed = {name: value for name, value in request.query_params.items() if name in _PARSERS and value}
        self.errors: list[str] = []
        if not request.query_params:
            self.typed = {"from": _compute_month_start(_MONTHS_SHOWN - 1).isoformat(), "to": clock.today().isoformat()}
        since, until = self._parse("from"), self._parse("to")
        if since is not None and until is not None and until < since:
            self.errors.append("Дата окончания периода раньше даты начала.")
            until = None
        others = {name: self._parse(name) for name in ("organization_id", "municipality", "source")}
        self.cut = Cut(Period(since, until), **others)

    def _parse(self, name: str) -> Any:
        text = self.typed.get(name)
        if text is None:
            return None
        parse, error_text = _PARSERS[name]
        try:
            return parse(text)
        except ValueError:
            self.errors.append(error_text)
            return None

    @property
    def query(self) -> str:
        """The filters as a query string."""
        return urlencode(self.typed)


FiltersDep = Annotated[Filters, Depends()]
Reader = Annotated[Principal, Depends(signed_in_detached("monitoring:read"))]


@router.api_route("", methods=READ)
async def open_monitoring(by: Reader, filters: FiltersDep, database: DatabaseDep) -> Response:
    """Show the report with charts, tables and filters; the charts are drawn after the transaction."""
    async with database.transaction(write=False) as session:
        report = await build_report(session, filters.cut, by)
        choices = await _load_choices(session)
    return page(
        "monitoring.html",
        422 if filters.errors else 200,
        by=by,
        report=report,
        filters=filters,
        choices=choices,
        drawn=render_svg,
        shown=format_cell,
        formats=[(ReportFormat.XLSX, "таблица XLSX"), (ReportFormat.PDF, "документ PDF")],
    )


@router.api_route("/report.{format}", methods=READ)
async def download_report(format: str, by: Reader, filters: FiltersDep, database: DatabaseDep) -> Response:
    """Download the report as a file."""
    if format not in (ReportFormat.XLSX, ReportFormat.PDF) or filters.errors:
        raise NotFound
    return await download_response(database, filters.cut, by, ReportFormat(format))


@router.api_route("/sign-in", methods=READ)
async def ask_to_sign_in() -> Response:
    """Show the sign-in form."""
    return page("sign_in.html", error=None, username="")


@router.post("/sign-in")
async def sign_in(
    _: SameOrigin, form: FormDep, database: DatabaseDep, settings: SettingsDep, tokens: TokensDep, public_url: PublicUrl
) -> Response:
    """Sign in with an employee account."""
    username, password = form.get("username", ""), form.get("password", "")
    try:
        issued = await sessions.sign_in(database, settings, tokens, username, password, None)
    except InvalidGrant:
        return page("sign_in.html", 422, error="Неверное имя пользователя или пароль.", username=username)
    except TooManyRequests as locked:
        return page("sign_in.html", 429, locked.headers, error=f"{locked.title_ru}. {locked.ru}", username=username)
    response = RedirectResponse(PATH, 303)
    family_id = await tokens.family_of(issued.access_token)
    assert family_id is not None  # noqa: S101  the token was issued a moment ago
    page_sessions.set_cookie(response, settings.secret_key.get_secret_value(), family_id, public_url)
    return response


@router.post("/sign-out")
async def sign_out(_: SameOrigin, family_id: SessionId, session: SessionDep) -> Response:
    """End the session on all devices with its cookie."""
    if family_id is not None:
        await sessions.end_session(session, family_id)
    response = RedirectResponse(SIGN_IN, 303)
    page_sessions.delete_cookie(response)
    return response


async def _load_choices(session: AsyncSession) -> dict[str, list[tuple[str, str]]]:
    """Load the options of the filters as pairs of value and name."""
    rows = await organizations.list_organizations(session)
    return {
        "organization_id": [(str(row.id), row.name) for row in rows],
        "municipality": [(row.oktmo, row.name) for row in await organizations.list_present_municipalities(session)],
        "source": [(key.value, name) for key, name in SOURCES_RU.items()],
    }
