"""The page for heads and the client-centricity unit: what the survey says, to be seen (O-4, O-11)."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.deps import DatabaseDep, PublicUrl, SessionDep, SettingsDep
from app.core.periods import Period
from app.core.problems import NotFound, TooManyRequests
from app.core.same_origin import SameOrigin
from app.core.security import Principal
from app.documents.charts import render_svg
from app.identity.errors import InvalidGrant
from app.identity.router.sessions import FormDep, TokensDep
from app.identity.service import sessions
from app.monitoring.report.builder import build_report
from app.monitoring.report.download import ReportFormat, download_response
from app.monitoring.report.pdf import shown
from app.monitoring.service.survey_counts import SOURCES_RU, Cut
from app.organizations.models import Municipality, Organization
from app.surveys.models import SubmissionSource
from app.web import page_sessions
from app.web.page_sessions import PATH, SessionId, signed_in
from app.web.pages import page

router = APIRouter(prefix=PATH, include_in_schema=False)

READ = ["GET", "HEAD"]
SIGN_IN = f"{PATH}/sign-in"
_MONTHS_SHOWN = 12
_YEARS = (1900, 2200)


def _day(told: str) -> date:
    day = date.fromisoformat(told)
    if not _YEARS[0] <= day.year < _YEARS[1]:
        raise ValueError(told)
    return day


def _municipality(told: str) -> str:
    if not (told.isascii() and told.isdigit() and len(told) in (8, 11)):
        raise ValueError(told)
    return told


_READERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "from": (_day, "Начало периода — не дата."),
    "to": (_day, "Конец периода — не дата."),
    "organization_id": (UUID, "Такой организации нет."),
    "municipality": (_municipality, "Такого муниципалитета нет."),
    "source": (SubmissionSource, "Такого способа заполнения нет."),
}
"""The filters: how each is read, and what is said of one that cannot be."""


def _months_ago(count: int) -> date:
    today = clock.today()
    months = today.year * 12 + today.month - 1 - count
    return date(months // 12, months % 12 + 1, 1)


class Filters:
    """The filters of the page as they were typed, what they mean, and what cannot be understood in them.

    An empty field is no filter; without any the page shows the last twelve months.
    """

    def __init__(self, request: Request) -> None:
        self.typed = {name: value for name, value in request.query_params.items() if name in _READERS and value}
        self.errors: list[str] = []
        if not request.query_params:
            self.typed = {"from": _months_ago(_MONTHS_SHOWN - 1).isoformat(), "to": clock.today().isoformat()}
        since, until = self._read("from"), self._read("to")
        if since is not None and until is not None and until < since:
            self.errors.append("Конец периода раньше начала.")
            until = None
        others = {name: self._read(name) for name in ("organization_id", "municipality", "source")}
        self.cut = Cut(Period(since, until), **others)

    def _read(self, name: str) -> Any:
        told = self.typed.get(name)
        if told is None:
            return None
        read, wrong = _READERS[name]
        try:
            return read(told)
        except ValueError:
            self.errors.append(wrong)
            return None

    @property
    def query(self) -> str:
        """The filters as a query."""
        return urlencode(self.typed)


FiltersDep = Annotated[Filters, Depends()]
Reader = Annotated[Principal, Depends(signed_in("monitoring:read"))]


@router.api_route("", methods=READ)
async def open_monitoring(by: Reader, filters: FiltersDep, session: SessionDep) -> Response:
    """The report with its charts, the numbers beside them, and the filters."""
    report = await build_report(session, filters.cut, by)
    return page(
        "monitoring.html",
        422 if filters.errors else 200,
        by=by,
        report=report,
        filters=filters,
        choices=await _choices(session),
        drawn=render_svg,
        shown=shown,
        formats=[(ReportFormat.XLSX, "таблица XLSX"), (ReportFormat.PDF, "документ PDF")],
    )


@router.api_route("/report.{format}", methods=READ)
async def download_report(format: str, by: Reader, filters: FiltersDep, session: SessionDep) -> Response:
    """The same report as a file."""
    if format not in (ReportFormat.XLSX, ReportFormat.PDF) or filters.errors:
        raise NotFound
    return await download_response(await build_report(session, filters.cut, by), ReportFormat(format))


@router.api_route("/sign-in", methods=READ)
async def ask_to_sign_in() -> Response:
    """Where name and password are asked for."""
    return page("sign_in.html", error=None, username="")


@router.post("/sign-in")
async def sign_in(
    _: SameOrigin, form: FormDep, database: DatabaseDep, settings: SettingsDep, tokens: TokensDep, public_url: PublicUrl
) -> Response:
    """Sign in with the same account as everywhere."""
    username, password = form.get("username", ""), form.get("password", "")
    try:
        issued = await sessions.sign_in(database, settings, tokens, username, password, None)
    except InvalidGrant:
        return page("sign_in.html", 422, error="Неверное имя или пароль.", username=username)
    except TooManyRequests as locked:
        return page("sign_in.html", 429, locked.headers, error=f"{locked.title_ru}. {locked.ru}", username=username)
    answer = RedirectResponse(PATH, 303)
    family_id = await tokens.family_of(issued.access_token)
    assert family_id is not None  # noqa: S101  the token was issued a moment ago
    page_sessions.give(answer, settings.secret_key.get_secret_value(), family_id, public_url)
    return answer


@router.post("/sign-out")
async def sign_out(_: SameOrigin, family_id: SessionId, session: SessionDep) -> Response:
    """End the session, wherever its cookie may be kept."""
    if family_id is not None:
        await sessions.end_session(session, family_id)
    answer = RedirectResponse(SIGN_IN, 303)
    page_sessions.take(answer)
    return answer


async def _choices(session: AsyncSession) -> dict[str, list[tuple[str, str]]]:
    """What the filters offer: values and names."""
    organizations = (await session.exec(select(Organization.id, Organization.name).order_by(Organization.name))).all()
    municipalities = select(Municipality.oktmo, Municipality.name).where(col(Municipality.successor).is_(None))
    return {
        "organization_id": [(str(key), name) for key, name in organizations],
        "municipality": [(key, name) for key, name in await session.exec(municipalities.order_by(Municipality.name))],
        "source": [(key.value, name) for key, name in SOURCES_RU.items()],
    }
