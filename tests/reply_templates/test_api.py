"""Reply templates over HTTP (O-6.2.6)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.core import clock
from app.core.data_files import load_yaml
from app.reply_templates import reference
from tests.callers import People
from tests.conftest import Api
from tests.reply_templates.factories import PATH, act, make, template_body


@pytest.mark.order("O-6.2.6")
async def test_a_template_goes_from_draft_to_published_to_the_next_version(api: Api, people: People) -> None:
    made = await make(api, people)
    data = made.json()
    assert (data["state"], data["version"], data["published_version"]) == ("draft", 1, None)
    assert data["placeholders"] == ["имя", "ссылка"]
    assert (await act(api, people.operator, made, "submit")).json()["state"] == "in_review"
    back = await act(api, people.unit_head, made, "return", {"reason": "Короче"})
    assert back.json()["state"] == "draft"
    await act(api, people.operator, made, "submit")
    published = await act(api, people.unit_head, made, "publish")
    assert (published.json()["state"], published.json()["published_version"]) == ("published", 1)
    edited = await act(api, people.operator, made, "patch", {"text": "Новый текст, {имя}.", "note": "Короче"})
    assert (edited.json()["version"], edited.json()["published_version"]) == (2, 1)
    assert (edited.json()["state"], edited.json()["title"]) == ("draft", "Ежевика")
    versions = (await api.get(f"{PATH}/{data['id']}/versions", headers=api.as_(people.operator))).json()["items"]
    assert [(v["version"], v["note"], v["returned_reason"]) for v in versions] == [
        (2, "Короче", None),
        (1, None, "Короче"),
    ]
    assert versions[1]["text"] == data["text"] and versions[1]["approved_by"] == str(people.unit_head.id)
    archived = await act(api, people.unit_head, made, "archive")
    assert archived.json()["state"] == "archived"
    assert (await act(api, people.operator, made, "patch", {"title": "x"})).json()["code"] == "move_not_allowed"


@pytest.mark.order("O-6.2.6")
async def test_archived_templates_are_listed_only_on_request(api: Api, people: People) -> None:
    made = await make(api, people)
    await act(api, people.unit_head, made, "publish")
    headers = api.as_(people.operator)

    async def found(**query: Any) -> tuple[list[str], int]:
        data = (await api.get(PATH, params={"with_count": True, **query}, headers=headers)).json()
        return [item["key"] for item in data["items"] if item["key"] == "ezhevika"], data["count"]

    before = (await found())[1]
    assert await found(q="ёжик") == (["ezhevika"], 1) == await found(key="ezhevika")
    await act(api, people.unit_head, made, "archive")
    assert await found(q="ёжик") == ([], 0) == await found(key="ezhevika")
    assert await found(limit=200) == ([], before - 1)
    for query in ({}, {"q": "ёжик"}):
        assert "ezhevika" not in (await api.get(f"{PATH}/export", params=query, headers=headers)).text
    assert await found(state="archived") == (["ezhevika"], 1) == await found(state="archived", q="ёжик")
    assert (await found(updated_after=made.json()["updated_at"]))[0] == ["ezhevika"], "needed for synchronization"
    assert (await api.get(f"{PATH}/{made.json()['id']}", headers=headers)).json()["state"] == "archived"


@pytest.mark.order("O-6.2.6")
async def test_a_user_without_a_unit_sees_no_templates(api: Api, people: People) -> None:
    """A missing unit must match no templates, never all templates."""
    made = await make(api, people, shared_unit_ids=[str(people.other_operator.unit_id)])
    await act(api, people.unit_head, made, "publish")
    for role in (people.operator, people.unit_head):
        no_unit = replace(role, unit_id=None, username=f"{role.username}-no-unit")
        headers, path = api.as_(no_unit), f"{PATH}/{made.json()['id']}"
        for url in (
            PATH,
            f"{PATH}?q=ёжик&with_count=true",
            f"{PATH}/outdated",
            f"{PATH}/gaps",
            f"{PATH}?state=published",
        ):
            data = (await api.get(url, headers=headers)).json()
            assert (data["items"], data.get("count") or 0) == ([], 0), url
        assert (await api.post(f"{PATH}/suggest", headers=headers, json={"text": "Что едят ёжики?"})).json() == {
            "items": []
        }
        for query in ("", f"?unit_id={role.unit_id}"):
            export = await api.get(f"{PATH}/export{query}", headers=headers)
            assert export.status_code == 200 and "ezhevika" not in export.text and "demo-" not in export.text
        for url in (path, f"{path}/versions", f"{path}/reviews", f"{path}/versions/1/diff"):
            assert (await api.get(url, headers=headers)).status_code == 404, url
        assert (await api.post(f"{path}/render", headers=headers, json={})).status_code == 404
        refused = await api.post(PATH, headers=headers, json=template_body(people))
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/unit_id")
        for verb in ("patch", "submit", "examples"):
            assert (await act(api, no_unit, made, verb, {"text": "x"} if verb != "submit" else {})).status_code == 404


@pytest.mark.order("O-6.2.6")
async def test_templates_cannot_be_deleted(api: Api, people: People) -> None:
    made = await make(api, people)
    document = (await api.get("/openapi.json")).json()
    below = {path: set(data) for path, data in document["paths"].items() if "/reply-templates" in path}
    assert len(below) > 15 and not [path for path, methods in below.items() if "delete" in methods]
    answer = await api.delete(f"{PATH}/{made.json()['id']}", headers=api.as_(people.unit_head) | {"If-Match": "*"})
    assert answer.status_code == 405


async def test_an_author_cannot_publish_their_own_template(api: Api, people: People) -> None:
    made = await api.post(PATH, headers=api.as_(people.unit_head), json=template_body(people))
    refused = await act(api, people.unit_head, made, "publish")
    assert (refused.status_code, refused.json()["code"]) == (409, "four_eyes")
    assert (await act(api, people.operator, made, "submit")).status_code == 200


async def test_templates_are_searched_by_words(api: Api, people: People) -> None:
    await make(api, people)
    headers = api.as_(people.operator)

    async def keys(**query: Any) -> list[str]:
        return [t["key"] for t in (await api.get(PATH, params=query, headers=headers)).json()["items"]]

    for q in ("ежики", "ЁЖИКИ", "ежевики 100%", "что едят", "Ежевика"):
        assert await keys(q=q) == ["ezhevika"], q
    for q in ("100_", "ежики слоны", "e%и"):
        assert await keys(q=q) == [], q
    assert await keys(state="draft") == ["ezhevika"]
    demo = load_yaml(reference.__file__, "demo_templates.yaml")["templates"]
    own = {raw["key"] for raw in demo if raw["unit"] == "first"}
    assert set(await keys(state="published", limit=200)) == own
    assert await keys(key="demo-kontakty") == ["demo-kontakty"]
    assert await keys(unit_id=str(people.other_operator.unit_id)) == []


async def test_rendering_lists_missing_placeholders(api: Api, people: People) -> None:
    made = await make(api, people)
    path, headers = f"{PATH}/{made.json()['id']}/render", api.as_(people.operator)
    data = (await api.post(path, headers=headers, json={"values": {"имя": "Иван"}})).json()
    assert (data["missing"], data["template_version"]) == (["ссылка"], 1)
    (finding,) = [one for one in data["findings"] if one["severity"] == "error"]
    assert data["text"][finding["start"] : finding["end"]] == "{ссылка}" and finding["code"] == "placeholder_missing"
    whole = (await api.post(path, headers=headers, json={"values": {"имя": "Иван", "ссылка": "https://a.ru"}})).json()
    assert whole["text"] == "Здравствуйте, Иван! Ёжики едят 100% ежевики: https://a.ru."
    assert whole["missing"] == []
    assert [one["code"] for one in whole["findings"]] == ["missing_interest"]
    unknown = await api.post(path, headers=headers, json={"values": {"кличка": "x"}})
    assert unknown.json()["errors"][0]["pointer"] == "/values/кличка"
    version = await api.post(path, headers=headers, json={"version": 9})
    assert version.json()["errors"][0]["pointer"] == "/version"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"text": "Привет, {кличка}!"}, "/text"),
        ({"text": "{"}, "/text"),
        ({"text": " "}, "/text"),
        ({"key": "Ёж"}, "/key"),
        ({"key": "-a"}, "/key"),
        ({"key": "a" * 65}, "/key"),
        ({"unit_id": str(UUID(int=5))}, "/unit_id"),
        ({"topic_ids": [str(UUID(int=5))]}, "/topic_ids"),
        ({"keywords": ["x"] * 51}, "/keywords"),
        ({"state": "published"}, "/state"),
    ],
)
async def test_an_invalid_template_is_rejected(api: Api, people: People, change: dict[str, Any], pointer: str) -> None:
    refused = await api.post(PATH, headers=api.as_(people.operator), json=template_body(people, **change))
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == pointer


async def test_keys_are_unique_within_a_unit(api: Api, people: People) -> None:
    await make(api, people)
    twice = await api.post(PATH, headers=api.as_(people.operator), json=template_body(people))
    assert (twice.status_code, twice.json()["code"]) == (409, "template_exists")
    elsewhere = template_body(people, unit_id=str(people.other_operator.unit_id))
    assert (await api.post(PATH, headers=api.as_(people.other_operator), json=elsewhere)).status_code == 201
    foreign = await api.post(PATH, headers=api.as_(people.operator), json=elsewhere)
    assert foreign.json()["errors"][0]["pointer"] == "/unit_id"


@pytest.mark.order("O-2.4", "O-6.2.6")
async def test_a_topic_with_a_future_closing_date_is_still_open(api: Api, people: People) -> None:
    """The same rule as for units."""
    admin, path = api.as_(people.admin), f"/api/v1/units/{people.operator.unit_id}/topics"
    topic = (await api.post(path, headers=admin, json={"name": "Ярмарки до конца года"})).json()
    today = clock.today()
    for version, (closed_on, status) in enumerate([(today, 201), (today - timedelta(days=1), 422)], 1):
        data = await api.patch(
            f"{path}/{topic['id']}", headers=admin | {"If-Match": f'"{version}"'}, json={"closed_on": f"{closed_on}"}
        )
        assert data.status_code == 200
        sent = template_body(people, key=f"yarmarka-{version}", topic_ids=[topic["id"]])
        made = await api.post(PATH, headers=api.as_(people.operator), json=sent)
        assert made.status_code == status
