"""The survey's page for tests: read as a browser reads it, and sent as a browser sends it."""

import re
from collections.abc import Mapping
from html import unescape
from typing import Any
from urllib.parse import urlencode

import httpx
import sqlalchemy as sa
from sqlmodel import func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.surveys.models.submissions import SurveySubmission
from tests.conftest import Api
from tests.surveys.factories import SOURCES

PAGE = "/survey/information-access"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Sec-Fetch-Site": "same-origin"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def filled(satisfaction: str = "1", **more: str) -> dict[str, str]:
    """The fields of a whole form."""
    usage = dict(zip(SOURCES, "1233", strict=True))
    ease = dict(zip(SOURCES, "5244", strict=True))
    return {
        "satisfaction": satisfaction,
        **{f"source_usage.{source}": value for source, value in usage.items()},
        **{f"ease_of_finding.{source}": value for source, value in ease.items()},
        "comments.telegram": "не нашёл телефон",
        **{name.replace("__", "."): value for name, value in more.items()},
    }


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of a page, among them its token."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in found}


def text_of(page: str) -> str:
    """What a page says, without its markup."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", re.sub(r"(?s)<head>.*?</head>", "", page))).split())


async def open_page(api: Api, **query: Any) -> httpx.Response:
    """The page as a browser asks for it."""
    return await api.get(PAGE, params=query, headers=BROWSER)


async def send(
    api: Api, page: httpx.Response, fields: Mapping[str, str], *, path: str | None = None, **headers: str
) -> httpx.Response:
    """Press the button of a page that was opened: the form goes where the page says, with its hidden fields."""
    action = unescape(re.search(r'<form method="post" action="([^"]*)"', page.text)[1])  # type: ignore[index]
    content = urlencode({**hidden(page.text), "homepage": "", "municipality": "", **fields})
    return await api.post(path or action, content=content, headers={**BROWSER, **FORM, **headers})


async def stored(session: AsyncSession) -> list[SurveySubmission]:
    """All submissions, oldest first."""
    return list((await session.exec(select(SurveySubmission).order_by(SurveySubmission.id))).all())  # type: ignore[arg-type]


async def count_of(session: AsyncSession, table: Any) -> int:
    """How many rows a table has."""
    return int((await session.exec(select(func.count()).select_from(table).where(sa.true()))).one())
