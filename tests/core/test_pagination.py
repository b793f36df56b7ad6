"""Pages of lists: no item is skipped or repeated, and counts are correct (reliability D5)."""

from typing import Any

import pytest

from tests.callers import People
from tests.conftest import Api
from tests.messages.factories import act, registered
from tests.surveys.factories import by_key, submit

LISTS = [
    "/api/v1/municipalities",
    "/api/v1/units",
    "/api/v1/organizations",
    "/api/v1/legal-acts",
    "/api/v1/interaction-points",
    "/api/v1/interaction-points/public",
    "/api/v1/interaction-points/channel-kinds",
    "/api/v1/employees",
    "/api/v1/survey-forms",
]


async def list_all(api: Api, path: str, headers: dict[str, str], **query: Any) -> list[dict[str, Any]]:
    """Return all items, page by page."""
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        params = query | ({"cursor": cursor} if cursor else {})
        page = (await api.get(path, params=params, headers=headers)).json()
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return items


@pytest.mark.parametrize("path", LISTS)
async def test_small_pages_add_up_to_the_whole_list(api: Api, people: People, path: str) -> None:
    headers = api.as_(people.admin)
    whole = (await api.get(path, params={"limit": 200, "with_count": "true"}, headers=headers)).json()
    assert await list_all(api, path, headers, limit=2) == whole["items"]
    assert whole["count"] == len(whole["items"]) > 0


async def test_new_rows_between_pages_cause_no_gaps_and_no_repeats(api: Api, people: People) -> None:
    headers = api.as_(people.client_centricity)
    path = "/api/v1/survey-submissions"
    created = [(await submit(api, by_key())).json()["id"] for _ in range(6)]
    seen: list[str] = []
    cursor = None
    while True:
        query: dict[str, Any] = {"limit": 2, "with_count": "true"} | ({"cursor": cursor} if cursor else {})
        page = (await api.get(path, params=query, headers=headers)).json()
        seen += [item["id"] for item in page["items"]]
        await submit(api, by_key())  # the newest row: it belongs before the first page
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == created[::-1]
    assert page["count"] == 8


@pytest.mark.parametrize(("sort", "step"), [("due_at", 1), ("-due_at", -1)])
@pytest.mark.parametrize("limit", [1, 2, 3, 7])
async def test_rows_without_a_sort_value_come_last_and_are_listed(
    api: Api, people: People, sort: str, step: int, limit: int
) -> None:
    """Four open messages, two of them due at the same moment, and three closed ones."""
    messages = [
        await registered(api, people, received_at=f"2026-11-2{day}T10:00:00+07:00") for day in (0, 1, 1, 2, 0, 1, 2)
    ]
    for message in messages[4:]:
        path = f"/api/v1/messages/{message['id']}"
        assert (await act(api, people.operator, path, "close", {"reason": "Снято"})).status_code == 200
    ids = [message["id"] for message in messages]
    seen = await list_all(api, "/api/v1/messages", api.as_(people.operator), limit=limit, sort=sort)
    assert [item["id"] for item in seen] == ids[:4][::step] + ids[4:][::step]
    assert [item["due_at"] for item in seen[4:]] == [None] * 3


@pytest.mark.parametrize(("sort", "step"), [("updated_at", 1), ("-updated_at", -1)])
async def test_messages_are_sorted_by_their_last_change(api: Api, people: People, sort: str, step: int) -> None:
    ids = [(await registered(api, people))["id"] for _ in range(3)]
    path = f"/api/v1/messages/{ids[0]}"
    body = {"assignee_id": str(people.operator.id)}
    assert (await act(api, people.operator, path, "assign", body)).status_code == 200
    seen = await list_all(api, "/api/v1/messages", api.as_(people.operator), limit=2, sort=sort)
    assert [item["id"] for item in seen] == [ids[1], ids[2], ids[0]][::step]


@pytest.mark.parametrize("limit", [0, -1, 201, 2**63, "x"])
async def test_limits_of_a_page(api: Api, limit: Any) -> None:
    response = await api.get("/api/v1/interaction-points/public", params={"limit": limit})
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "/limit")
