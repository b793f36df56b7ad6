"""Knowledge bases over HTTP (O-6.2.6)."""

from typing import Any
from uuid import UUID

import pytest

from app.core.data import read_yaml
from app.reply_templates import reference
from tests.conftest import Api
from tests.people import People
from tests.reply_templates.work import PATH, act, body, make


@pytest.mark.order("O-6.2.6")
async def test_from_draft_to_published_and_on_to_the_next_version(api: Api, people: People) -> None:
    made = await make(api, people)
    told = made.json()
    assert (told["state"], told["version"], told["published_version"]) == ("draft", 1, None)
    assert told["placeholders"] == ["имя", "ссылка"]
    assert (await act(api, people.operator, made, "submit")).json()["state"] == "in_review"
    back = await act(api, people.unit_head, made, "return", {"reason": "Короче"})
    assert back.json()["state"] == "draft"
    await act(api, people.operator, made, "submit")
    published = await act(api, people.unit_head, made, "publish")
    assert (published.json()["state"], published.json()["published_version"]) == ("published", 1)
    edited = await act(api, people.operator, made, "patch", {"text": "Новый текст, {имя}.", "note": "Короче"})
    assert (edited.json()["version"], edited.json()["published_version"]) == (2, 1)
    assert (edited.json()["state"], edited.json()["title"]) == ("draft", "Ежевика")
    versions = (await api.get(f"{PATH}/{told['id']}/versions", headers=api.as_(people.operator))).json()["items"]
    assert [(v["version"], v["note"], v["returned_reason"]) for v in versions] == [
        (2, "Короче", None),
        (1, None, "Короче"),
    ]
    assert versions[1]["text"] == told["text"] and versions[1]["approved_by"] == str(people.unit_head.id)
    archived = await act(api, people.unit_head, made, "archive")
    assert archived.json()["state"] == "archived"
    assert (await act(api, people.operator, made, "patch", {"title": "x"})).json()["code"] == "move_not_allowed"


async def test_the_author_does_not_publish(api: Api, people: People) -> None:
    made = await api.post(PATH, headers=api.as_(people.unit_head), json=body(people))
    refused = await act(api, people.unit_head, made, "publish")
    assert (refused.status_code, refused.json()["code"]) == (409, "four_eyes")
    assert (await act(api, people.operator, made, "submit")).status_code == 200


async def test_search_by_words(api: Api, people: People) -> None:
    await make(api, people)
    headers = api.as_(people.operator)

    async def keys(**query: Any) -> list[str]:
        return [t["key"] for t in (await api.get(PATH, params=query, headers=headers)).json()["items"]]

    for q in ("ежики", "ЁЖИКИ", "ежевики 100%", "что едят", "Ежевика"):
        assert await keys(q=q) == ["ezhevika"], q
    for q in ("100_", "ежики слоны", "e%и"):
        assert await keys(q=q) == [], q
    assert await keys(state="draft") == ["ezhevika"]
    demo = read_yaml(reference.__file__, "demo_templates.yaml")["templates"]
    own = {raw["key"] for raw in demo if raw["unit"] == "first"}
    assert set(await keys(state="published", limit=200)) == own
    assert await keys(key="demo-kontakty") == ["demo-kontakty"]
    assert await keys(unit_id=str(people.other_operator.unit_id)) == []


async def test_rendering_lists_what_is_missing(api: Api, people: People) -> None:
    made = await make(api, people)
    path, headers = f"{PATH}/{made.json()['id']}/render", api.as_(people.operator)
    told = (await api.post(path, headers=headers, json={"values": {"имя": "Иван"}})).json()
    assert (told["missing"], told["template_version"]) == (["ссылка"], 1)
    (finding,) = [one for one in told["findings"] if one["severity"] == "error"]
    assert told["text"][finding["start"] : finding["end"]] == "{ссылка}" and finding["code"] == "placeholder_missing"
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
async def test_what_is_refused(api: Api, people: People, change: dict[str, Any], pointer: str) -> None:
    refused = await api.post(PATH, headers=api.as_(people.operator), json=body(people, **change))
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == pointer


async def test_keys_are_unique_in_a_unit_only(api: Api, people: People) -> None:
    await make(api, people)
    twice = await api.post(PATH, headers=api.as_(people.operator), json=body(people))
    assert (twice.status_code, twice.json()["code"]) == (409, "template_exists")
    elsewhere = body(people, unit_id=str(people.other_operator.unit_id))
    assert (await api.post(PATH, headers=api.as_(people.other_operator), json=elsewhere)).status_code == 201
    foreign = await api.post(PATH, headers=api.as_(people.operator), json=elsewhere)
    assert foreign.json()["errors"][0]["pointer"] == "/unit_id"
