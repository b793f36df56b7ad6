"""Pages of a list: nothing skipped, nothing doubled, and counts that are right (reliability D5)."""

from typing import Any

import pytest

from tests.conftest import Api
from tests.people import People
from tests.surveys.work import by_key, submit

LISTS = [
    "/api/v1/municipalities",
    "/api/v1/units",
    "/api/v1/organizations",
    "/api/v1/legal-acts",
    "/api/v1/interaction-points",
    "/api/v1/interaction-points/public",
    "/api/v1/employees",
    "/api/v1/survey-forms",
]


async def walk(api: Api, path: str, headers: dict[str, str], **query: Any) -> list[dict[str, Any]]:
    """All items, page by page."""
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        asked = query | ({"cursor": cursor} if cursor else {})
        page = (await api.get(path, params=asked, headers=headers)).json()
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return items


@pytest.mark.parametrize("path", LISTS)
async def test_a_walk_by_small_pages_is_the_whole_list(api: Api, people: People, path: str) -> None:
    headers = api.as_(people.admin)
    whole = (await api.get(path, params={"limit": 200, "with_count": "true"}, headers=headers)).json()
    assert await walk(api, path, headers, limit=2) == whole["items"]
    assert whole["count"] == len(whole["items"]) > 0


async def test_rows_that_come_while_one_walks_neither_skip_nor_double(api: Api, people: People) -> None:
    headers = api.as_(people.client_centricity)
    path = "/api/v1/survey-submissions"
    made = [(await submit(api, by_key())).json()["id"] for _ in range(6)]
    seen: list[str] = []
    cursor = None
    while True:
        query: dict[str, Any] = {"limit": 2, "with_count": "true"} | ({"cursor": cursor} if cursor else {})
        page = (await api.get(path, params=query, headers=headers)).json()
        seen += [item["id"] for item in page["items"]]
        await submit(api, by_key())  # newer than everything: it belongs before the first page
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == made[::-1]
    assert page["count"] == 8


@pytest.mark.parametrize("limit", [0, -1, 201, 2**63, "x"])
async def test_limits_of_a_page(api: Api, limit: Any) -> None:
    answer = await api.get("/api/v1/interaction-points/public", params={"limit": limit})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/limit")
