"""Factories of submissions."""

from typing import Any
from uuid import UUID

import httpx
from sqlmodel.ext.asyncio.session import AsyncSession

from app.organizations.models import Organization
from app.organizations.rules import OrganizationKind
from tests.conftest import Api

PATH = "/api/v1/survey-submissions"
SOURCES = ["official_site", "telegram", "vk", "ok"]


def by_key(satisfaction: int = 1, **more: Any) -> dict[str, Any]:
    """Return answers by key."""
    return {
        "satisfaction": satisfaction,
        "source_usage": {"official_site": 1, "telegram": 2, "vk": 3, "ok": 3},
        "ease_of_finding": {"official_site": 5, "telegram": 2, "vk": 4, "ok": 4},
        "comments": {"telegram": "не нашёл телефон"},
        **more,
    }


def by_code(**more: Any) -> dict[str, Any]:
    """Return the same answers by the codes of the form."""
    usage, ease = [1, 2, 3, 3], [5, 2, 4, 4]
    return {
        "21": 1,
        **{f"22.{n}": value for n, value in enumerate(usage, 1)},
        **{f"23.{n}": value for n, value in enumerate(ease, 1)},
        "23.2.comment": "не нашёл телефон",
        **more,
    }


async def submit(
    api: Api, answers: dict[str, Any], headers: dict[str, str] | None = None, **more: Any
) -> httpx.Response:
    """Submit a questionnaire."""
    body = {"form": "information-access", "answers": answers, **more}
    return await api.post(PATH, headers=headers or {}, json=body)


async def subordinate(session: AsyncSession) -> UUID:
    """Add an organization besides the ministry, in another time zone."""
    row = Organization(key="institution", kind=OrganizationKind.SUBORDINATE, name="Учреждение", zone="Asia/Kamchatka")
    session.add(row)
    await session.flush()
    return row.id
