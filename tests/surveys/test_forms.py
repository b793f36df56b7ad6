"""Form versions: created as drafts, published with dates, then unchangeable; lists of several organizations (A-1)."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from app.core import clock
from app.surveys.rules.sources import find_differences, number_sources
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.reply_templates.test_review import service
from tests.surveys.factories import submit, subordinate

FORMS = "/api/v1/survey-forms"
CURRENT = f"{FORMS}/information-access"
NAMES = {
    "official_site": "Официальный сайт ведомства",
    "telegram": "Телеграм-канал ведомства",
    "vk": "Страница ведомства в социальной сети «ВКонтакте»",
    "ok": "Страница ведомства в социальной сети «Одноклассники»",
    "max": "Канал ведомства в мессенджере MAX",
    "hotline": "Горячая линия ведомства",
}


def sources(*keys: str, **more: Any) -> list[dict[str, Any]]:
    return [{"key": key, "text": NAMES[key], **more} for key in keys or NAMES]


async def drafted(api: Api, people: People, **more: Any) -> Any:
    body = {"key": "information-access", "sources": sources(), **more}
    created = await api.post(FORMS, headers=api.as_(people.client_centricity), json=body)
    assert created.status_code == 201, created.text
    return created


async def publish(api: Api, people: People, draft: Any, **body: Any) -> Any:
    headers = api.as_(people.client_centricity) | {"If-Match": draft.headers["etag"]}
    return await api.post(f"{FORMS}/{draft.json()['id']}/publish", headers=headers, json=body)


def six(score: int = 5) -> dict[str, Any]:
    codes = range(1, 7)
    return {"21": 1, **{f"22.{n}": 1 for n in codes}, **{f"23.{n}": score for n in codes}}


@pytest.mark.order("A-1")
async def test_publishing_a_version_ends_the_previous_one(api: Api, people: People) -> None:
    draft = await drafted(api, people)
    assert (draft.json()["state"], draft.json()["version"]) == ("draft", 2)
    assert (await api.get(f"{FORMS}/{draft.json()['id']}")).status_code == 404, "a draft is not public"
    assert (await api.get(CURRENT)).json()["version"] == 1
    published = await publish(api, people, draft)
    assert published.status_code == 200, published.text
    assert published.json()["state"] == "published"
    current = (await api.get(CURRENT)).json()
    assert current == published.json()
    assert [(s["suffix"], s["key"]) for s in current["sources"]] == list(enumerate(NAMES, 1))
    yesterday = clock.today() - timedelta(days=1)
    before = (await api.get(CURRENT, params={"on_date": yesterday.isoformat()})).json()
    assert (before["version"], before["valid_to"]) == (1, yesterday.isoformat())
    created = await submit(api, six(2) | {"23.6.comment": "не дозвонился"})
    assert (created.status_code, created.json()["form_version"]) == (201, 2)
    assert created.json()["answers"]["comments"] == {"hotline": "не дозвонился"}
    by_key = await submit(api, created.json()["answers"])
    assert by_key.json()["codes"] == created.json()["codes"]


@pytest.mark.order("A-1")
async def test_a_key_keeps_its_code_in_any_order_of_the_list(api: Api, people: People) -> None:
    assert (await publish(api, people, await drafted(api, people, sources=sources("max", "vk")))).is_success
    draft = await drafted(api, people, sources=sources("hotline", "telegram", "max"))
    assert [(s["key"], s["suffix"]) for s in draft.json()["sources"]] == [("hotline", 6), ("telegram", 2), ("max", 5)]
    conflicting = [{"key": "radio", "text": "Радио", "suffix": 5}, {"key": "vk", "text": "ВКонтакте", "suffix": 7}]
    body = {"key": "information-access", "sources": conflicting}
    refused = await api.post(FORMS, headers=api.as_(people.client_centricity), json=body)
    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [
        ("/sources/0/suffix", "suffix_taken"),
        ("/sources/1/suffix", "suffix_fixed"),
    ]


@pytest.mark.order("A-1")
async def test_free_codes_are_assigned_after_the_last_one_is_taken(api: Api, people: People) -> None:
    other = {"key": "other", "text": "Другое", "suffix": 999}
    draft = await drafted(api, people, sources=[other, *sources("max", "hotline")])
    assert [source["suffix"] for source in draft.json()["sources"]] == [999, 5, 6]
    published = await publish(api, people, draft)
    assert published.status_code == 200, published.text


@pytest.mark.order("A-1")
async def test_a_changed_wording_is_refused(api: Api, people: People) -> None:
    form = (await api.get(CURRENT)).json()
    headers = api.as_(people.client_centricity)
    same = {"key": form["key"], "title": form["title"], "blocks": form["blocks"]}
    assert (await api.post(FORMS, headers=headers, json=same)).status_code == 201
    form["blocks"][1]["questions"][0]["text"] += "?"
    form["blocks"][1]["questions"][2]["code"] = "24"
    changed = same | {"title": "Опрос", "blocks": form["blocks"]}
    refused = await api.post(FORMS, headers=headers, json=changed)
    assert refused.status_code == 422
    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [
        ("/title", "wording_fixed"),
        ("/blocks/1/questions/0/text", "wording_fixed"),
        ("/blocks/1/questions/2/code", "wording_fixed"),
    ]


@pytest.mark.order("A-1", "O-2.2", "O-3")
async def test_sources_of_an_organization_need_approved_points(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    async with database.transaction() as session:
        theirs = str(await subordinate(session))
    bare = await drafted(api, people, organization_id=theirs, sources=sources("vk"))
    refused = await publish(api, people, bare)
    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [
        ("/sources/0/interaction_point_id", "missing")
    ]
    tied = sources("vk", "max", interaction_point_id=str(people.point_id))
    early = await drafted(api, people, organization_id=theirs, sources=tied, valid_from="2024-02-14")
    refused = await publish(api, people, early)
    assert {e["code"] for e in refused.json()["errors"]} == {"point_not_in_force"}
    assert (await publish(api, people, early, valid_from=clock.today().isoformat())).is_success
    own = (await api.get(CURRENT, params={"organization_id": theirs})).json()
    assert ([s["suffix"] for s in own["sources"]], own["organization_id"]) == ([3, 5], theirs)
    assert (await api.get(CURRENT)).json()["version"] == 1, "the ministry's version is unchanged"
    created = await submit(api, {"21": 2, "22.3": 1, "22.5": 3, "23.3": 4, "23.5": 5}, organization_id=theirs)
    assert created.json()["form_version"] == own["version"]
    listed = await api.get(FORMS, params={"organization_id": theirs})
    assert [item["id"] for item in listed.json()["items"]] == [own["id"]]


@pytest.mark.order("A-1")
async def test_a_published_version_never_changes(api: Api, people: People, database: JoinedDatabase) -> None:
    published = await publish(api, people, await drafted(api, people))
    headers = api.as_(people.client_centricity) | {"If-Match": published.headers["etag"]}
    path = f"{FORMS}/{published.json()['id']}"
    for answer in (
        await api.patch(path, headers=headers, json={"sources": sources("vk")}),
        await api.post(f"{path}/publish", headers=headers, json={}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "form_is_published")
    for statement in (
        "UPDATE survey_forms SET definition = '{}'",
        "UPDATE survey_forms SET state = 'draft'",
        "DELETE FROM survey_forms WHERE form_version = 2",
    ):
        with pytest.raises(DBAPIError, match="a published form"):
            async with database.transaction() as session:
                await session.exec(sa.text(statement))  # type: ignore[call-overload]


@pytest.mark.order("A-1")
async def test_publication_sets_the_dates_of_versions(api: Api, people: People) -> None:
    today = clock.today()
    later = today + timedelta(days=30)
    assert (await publish(api, people, await drafted(api, people), valid_from=later.isoformat())).is_success
    assert (await api.get(CURRENT)).json()["version"] == 1
    between = await publish(api, people, await drafted(api, people))
    assert between.json()["valid_to"] == (later - timedelta(days=1)).isoformat()
    again = await publish(api, people, await drafted(api, people), valid_from=later.isoformat())
    assert (again.status_code, again.json()["code"]) == (409, "form_begins_already")
    reversed_ = await publish(api, people, await drafted(api, people), valid_to="2020-01-01")
    assert (reversed_.status_code, reversed_.json()["errors"][0]["pointer"]) == (422, "/valid_to")
    draft = await drafted(api, people)
    stale = await api.post(
        f"{FORMS}/{draft.json()['id']}/publish",
        headers=api.as_(people.client_centricity) | {"If-Match": '"9"'},
        json={},
    )
    assert stale.status_code == 412


@pytest.mark.order("A-1")
async def test_concurrently_published_versions_do_not_overlap(fresh_database: str, tmp_path: Path) -> None:
    async with service(fresh_database, tmp_path) as (api, people, _):
        first = clock.today() + timedelta(days=10)
        days = [first + timedelta(days=place) for place in (2, 1, 0)]  # the newest draft begins first
        drafts = [await drafted(api, people) for _ in days]
        answers = await asyncio.gather(
            *[publish(api, people, draft, valid_from=f"{day}") for draft, day in zip(drafts, days, strict=True)]
        )
        assert [answer.status_code for answer in answers] == [200, 200, 200]
        ends = [(await api.get(CURRENT, params={"on_date": f"{day}"})).json()["valid_to"] for day in days]
        assert ends == [None, f"{days[1]}", f"{days[2]}"]


@pytest.mark.order("A-1")
async def test_days_with_submissions_keep_their_version(api: Api, people: People) -> None:
    past = clock.today() - timedelta(days=3)
    answers = {"21": 1, **{f"{q}.{n}": 1 for q in (22, 23) for n in range(1, 5)}}
    assert (await submit(api, answers, filled_at=f"{past}T12:00:00+07:00")).status_code == 201
    draft = await drafted(api, people)
    refused = await publish(api, people, draft, valid_from=past.isoformat())
    assert (refused.status_code, refused.json()["code"]) == (409, "form_days_answered")
    assert (await publish(api, people, draft, valid_from=(past + timedelta(days=1)).isoformat())).is_success


@pytest.mark.order("A-1")
async def test_versions_are_compared_by_codes(api: Api, people: People) -> None:
    changed = [{"key": "vk", "text": "ВКонтакте"}, *sources("telegram", "max")]
    assert (await publish(api, people, await drafted(api, people, sources=changed))).is_success
    response = await api.get(f"{FORMS}/compare", params={"key": "information-access", "first": 1, "second": 2})
    assert response.status_code == 200, response.text
    assert [(s["codes"], s["change"]) for s in response.json()["sources"]] == [
        (["22.1", "23.1"], "removed"),
        (["22.2", "23.2"], "same"),
        (["22.3", "23.3"], "reworded"),
        (["22.4", "23.4"], "removed"),
        (["22.5", "23.5"], "added"),
    ]
    assert response.json()["same_codes"] == ["21", "22.2", "22.3", "23.2", "23.3"]
    missing = await api.get(f"{FORMS}/compare", params={"key": "information-access", "first": 1, "second": 9})
    assert missing.status_code == 404


@pytest.mark.order("A-1")
@pytest.mark.parametrize(
    ("requested", "known", "expected", "codes"),
    [
        ([("a", None), ("b", None)], {}, [1, 2], []),
        ([("b", None), ("a", None)], {"a": 1}, [2, 1], []),
        ([("c", None)], {"a": 1, "b": 7}, [8], []),  # a used code is not assigned again
        ([("c", 3), ("d", None)], {"a": 1}, [3, 4], []),
        ([("c", None), ("d", None), ("z", 999)], {"a": 1, "b": 3}, [2, 4, 999], []),
        ([("a", None), ("a", None)], {"a": 1}, [1, 1], ["given_twice"]),
        ([("b", 2), ("c", 2)], {}, [2, 2], ["suffix_taken"]),
    ],
)
def test_sources_are_numbered(
    requested: list[tuple[str, int | None]], known: dict[str, int], expected: list[int], codes: list[str]
) -> None:
    suffixes, errors = number_sources(requested, known)
    assert (suffixes, [error.code for error in errors]) == (expected, codes)


@pytest.mark.order("A-1")
def test_differences_from_the_wording_are_found() -> None:
    fixed = {"a": [{"t": "x", "n": None}], "r": True, "v": 1}
    assert list(find_differences({"a": [{"t": "x"}], "r": True, "v": 1}, fixed, "")) == []
    assert list(find_differences({"a": [{"t": "x"}, {}], "r": 1, "v": True, "z/": 1}, fixed, "")) == [
        "/a",
        "/r",
        "/v",
        "/z~1",
    ]
    assert list(find_differences({}, fixed, "")) == ["/a", "/r", "/v"]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        (f"/api/v1/survey-forms/{UUID(int=1)}", "DELETE, GET, PATCH"),  # a version
        ("/api/v1/survey-forms/information-access", "GET"),  # the form in force
        ("/api/v1/survey-forms/compare", "GET"),
        (f"/api/v1/messages/{UUID(int=1)}", "GET"),
        (f"/api/v1/reply-templates/{UUID(int=1)}", "GET, PATCH"),
        (f"/api/v1/municipalities/{UUID(int=1)}", "GET, PATCH"),
    ],
)
async def test_a_path_lists_its_allowed_methods(api: Api, people: People, path: str, allowed: str) -> None:
    answer = await api.request("OPTIONS", path, headers=api.as_(people.client_centricity))
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


@pytest.mark.order("A-1")
async def test_a_draft_is_deleted_and_a_published_version_is_not(api: Api, people: People) -> None:
    draft = await drafted(api, people)
    path = f"{FORMS}/{draft.json()['id']}"
    headers = api.as_(people.client_centricity)
    assert (await api.delete(path, headers=headers)).status_code == 428
    assert (await api.delete(path, headers=headers | {"If-Match": '"9"'})).status_code == 412
    deleted = await api.delete(path, headers=headers | {"If-Match": draft.headers["etag"]})
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (await api.get(path, headers=headers)).status_code == 404
    assert (await api.delete(path, headers=headers | {"If-Match": "*"})).status_code == 404
    published = await publish(api, people, await drafted(api, people))
    refused = await api.delete(f"{FORMS}/{published.json()['id']}", headers=headers | {"If-Match": "*"})
    assert (refused.status_code, refused.json()["code"]) == (409, "form_is_published")


@pytest.mark.order("A-1")
async def test_withdrawal_restores_the_end_date_of_the_predecessor(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    today = clock.today()
    days = [(today + timedelta(days=number)).isoformat() for number in (10, 20, 30, 40, 50)]
    headers = api.as_(people.client_centricity)

    async def withdraw(published: Any) -> None:
        path = f"{FORMS}/{published.json()['id']}"
        match = (await api.get(path, headers=headers)).headers["etag"]
        done = await api.post(f"{path}/withdraw", headers=headers | {"If-Match": match}, json={})
        assert done.status_code == 200, done.text

    async def ends() -> dict[int, str | None]:
        return {item["version"]: item["valid_to"] for item in (await api.get(FORMS)).json()["items"]}

    second = await publish(api, people, await drafted(api, people), valid_from=days[0], valid_to=days[1])
    await withdraw(second)
    assert await ends() == {1: None}, "the end date of a withdrawn version does not apply"
    third = await publish(api, people, await drafted(api, people), valid_from=days[0], valid_to=days[3])
    fourth = await publish(api, people, await drafted(api, people), valid_from=days[2], valid_to=days[4])
    assert (await ends())[3] == (today + timedelta(days=29)).isoformat()
    await withdraw(fourth)
    assert (await ends())[3] == days[3]
    await withdraw(third)
    assert await ends() == {1: None}
    with pytest.raises(DBAPIError, match="a published form"):
        async with database.transaction() as session:
            await session.exec(sa.text("UPDATE survey_forms SET closes_on = '2030-01-01'"))  # type: ignore[call-overload]


@pytest.mark.order("A-1")
async def test_a_version_is_withdrawn_before_it_begins(api: Api, people: People, database: JoinedDatabase) -> None:
    today = clock.today()
    later, latest = today + timedelta(days=10), today + timedelta(days=20)
    first = await publish(api, people, await drafted(api, people), valid_from=later.isoformat())
    second = await publish(api, people, await drafted(api, people), valid_from=latest.isoformat())
    headers = api.as_(people.client_centricity)

    async def withdraw(published: Any) -> Any:
        path = f"{FORMS}/{published.json()['id']}"
        match = (await api.get(path, headers=headers)).headers["etag"]
        return await api.post(f"{path}/withdraw", headers=headers | {"If-Match": match}, json={})

    async def days() -> list[tuple[int, str | None]]:
        listed = (await api.get(FORMS)).json()["items"]
        return sorted((item["version"], item["valid_to"]) for item in listed)

    until = [(day - timedelta(days=1)).isoformat() for day in (later, latest)]
    assert await days() == [(1, until[0]), (2, until[1]), (3, None)]
    stale = await api.post(f"{FORMS}/{first.json()['id']}/withdraw", headers=headers | {"If-Match": '"9"'}, json={})
    assert stale.status_code == 412
    withdrawn = await withdraw(first)
    assert (withdrawn.status_code, withdrawn.json()["state"]) == (200, "withdrawn"), withdrawn.text
    assert await days() == [(1, until[1]), (3, None)], "the predecessor gets its days back"
    assert (await withdraw(second)).status_code == 200
    assert await days() == [(1, None)]
    assert (await api.get(CURRENT, params={"on_date": latest.isoformat()})).json()["version"] == 1
    again = await withdraw(first)
    assert (again.status_code, again.json()["code"]) == (409, "move_not_allowed")
    assert (await publish(api, people, withdrawn)).status_code == 409, "a withdrawn version cannot be published again"
    match = (await api.get(f"{FORMS}/{first.json()['id']}", headers=headers)).headers["etag"]
    deleted = await api.delete(f"{FORMS}/{first.json()['id']}", headers=headers | {"If-Match": match})
    assert deleted.status_code == 409, "a withdrawn version is kept"
    current = await api.get(CURRENT)
    begun = await withdraw(current)
    assert (begun.status_code, begun.json()["code"]) == (409, "form_has_begun")
    draft = await withdraw(await drafted(api, people))
    assert (draft.status_code, draft.json()["code"]) == (409, "move_not_allowed")
    for statement in (
        "UPDATE survey_forms SET state = 'published' WHERE state = 'withdrawn'",
        "UPDATE survey_forms SET state = 'draft' WHERE state = 'withdrawn'",
        "DELETE FROM survey_forms WHERE state = 'withdrawn'",
        "UPDATE survey_forms SET state = 'withdrawn', definition = '{}' WHERE state = 'published'",
    ):
        with pytest.raises(DBAPIError, match="a published form"):
            async with database.transaction() as session:
                await session.exec(sa.text(statement))  # type: ignore[call-overload]
