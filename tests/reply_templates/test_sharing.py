"""Shared templates, typical messages and placeholder values (O-6.2.6)."""

from typing import Any

import pytest
from sqlmodel import col, select

from app.core.outbox import OutboxEntry
from app.core.security import Principal
from app.messages.models import Reply
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.messages.factories import MESSAGES, drafted, message_body, register, registered, triage_body, triaged
from tests.messages.factories import act as act_on
from tests.reply_templates.factories import PATH, act, make, published, template_body

SECRET = "Втайне готовим слонов"


async def keys(api: Api, by: Principal, **query: Any) -> list[str]:
    answer = await api.get(PATH, params={"limit": 200, **query}, headers=api.as_(by))
    assert answer.status_code == 200, answer.text
    return [item["key"] for item in answer.json()["items"]]


@pytest.mark.order("O-6.2.6")
async def test_another_unit_sees_only_the_published_version(api: Api, people: People) -> None:
    other = str(people.other_operator.unit_id)
    made = await make(api, people, shared_unit_ids=[other], review_days=30)
    path = f"{PATH}/{made.json()['id']}"
    assert (made.json()["shared_unit_ids"], made.json()["is_own"]) == ([other], True)
    for who in (people.other_operator, people.other_head):  # a draft is visible only to its unit
        assert (await api.get(path, headers=api.as_(who))).status_code == 404
        assert "ezhevika" not in await keys(api, who)
    await act(api, people.unit_head, made, "return")  # rejected: it is a draft
    await act(api, people.operator, made, "submit")
    await act(api, people.unit_head, made, "return", {"reason": SECRET})
    assert (await act(api, people.unit_head, made, "publish")).status_code == 200
    changed = {"text": SECRET, "title": "Слоны", "keywords": ["слон"], "note": SECRET, "defaults": {"имя": "Слон"}}
    draft = await act(api, people.operator, made, "patch", changed)
    assert (draft.json()["version"], draft.json()["state"]) == (2, "draft")
    for who in (people.other_operator, people.other_head):
        headers = api.as_(who)
        response = await api.get(path, headers=headers)
        data = response.json()
        assert (data["state"], data["version"], data["title"], data["is_own"]) == ("published", 1, "Ежевика", False)
        hidden = ("returned_reason", "review_days", "reviewed_by", "created_by")
        assert [data[name] for name in hidden] == [None] * 4 and data["shared_unit_ids"] == [other]
        (version,) = (await api.get(f"{path}/versions", headers=headers)).json()["items"]
        assert (version["version"], version["note"], version["author_id"], version["approved_by"]) == (1, *[None] * 3)
        rendered = await api.post(f"{path}/render", headers=headers, json={"values": {"имя": "Иван"}})
        assert rendered.json()["template_version"] == 1 and rendered.json()["missing"] == ["ссылка"]
        for refused in (
            await api.post(f"{path}/render", headers=headers, json={"version": 2}),
            await api.get(f"{path}/versions/2/diff", headers=headers),
            await api.get(f"{path}/reviews", headers=headers),
            await act(api, people.other_operator, made, "patch", {"title": "x"}),
            await act(api, people.other_operator, made, "submit"),
            await act(api, people.other_operator, made, "examples", {"text": "x"}),
            await act(api, people.other_head, made, "archive"),
            await act(api, people.other_head, made, "review"),
        ):
            assert refused.status_code in (404, 422) and SECRET not in refused.text, refused.text
        export = await api.get(f"{PATH}/export", params={"unit_id": data["unit_id"]}, headers=headers)
        assert "Ежевика" in export.text
        for answer in (response.text, str(version), rendered.text, export.text):
            assert "слон" not in answer.lower()
        assert await keys(api, who, q="ежики") == ["ezhevika"]
        assert await keys(api, who, q="слонов") == []  # the draft is not searchable
        assert "ezhevika" in await keys(api, who, state="published")
        assert await keys(api, who, state="draft") == []
    assert await keys(api, people.operator, q="слонов") == ["ezhevika"]
    assert "ezhevika" not in (await api.get(f"{PATH}/export", headers=api.as_(people.other_operator))).text


@pytest.mark.order("O-6.2.6")
async def test_sharing_changes_create_no_version(api: Api, people: People) -> None:
    other = str(people.other_operator.unit_id)
    made = await published(api, people)
    path = f"{PATH}/{made.json()['id']}"
    before = made.json()["updated_at"]
    shared = await act(api, people.operator, made, "patch", {"shared_unit_ids": [other, other]})
    assert (shared.json()["version"], shared.json()["state"]) == (1, "published")
    assert shared.json()["shared_unit_ids"] == [other] and shared.json()["updated_at"] > before
    assert (await api.get(path, headers=api.as_(people.other_operator))).status_code == 200
    assert (await act(api, people.operator, made, "patch", {"shared_unit_ids": []})).status_code == 200
    assert (await api.get(path, headers=api.as_(people.other_operator))).status_code == 404
    await act(api, people.operator, made, "patch", {"shared_unit_ids": [other]})
    await act(api, people.unit_head, made, "archive")
    assert (await api.get(path, headers=api.as_(people.other_operator))).status_code == 404
    refused = await act(api, people.operator, made, "patch", {"shared_unit_ids": []})
    assert refused.json()["code"] == "move_not_allowed"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"shared_unit_ids": ["01900000-0000-7000-8000-0000000000ff"]}, "/shared_unit_ids/0"),
        ({"shared_unit_ids": ["01900000-0000-7000-8000-000000000011"]}, "/shared_unit_ids/0"),  # its own
        ({"review_days": 0}, "/review_days"),
        ({"review_days": 3651}, "/review_days"),
        ({"defaults": {"кличка": "x"}}, "/defaults/кличка"),
        ({"defaults": {"телефон": "звоните"}}, "/defaults/телефон"),
        ({"defaults": {"имя": "{0.__class__}"}}, "/defaults/имя"),
        ({"text": "{{7*7}}"}, "/text"),
        ({"text": "{имя.__class__}"}, "/text"),
        ({"text": "{{имя}}"}, "/text"),
        ({"text": "a\u0000b"}, "/text"),
        ({"text": "x" * 10_001}, "/text"),
    ],
)
async def test_an_invalid_change_is_rejected(api: Api, people: People, change: dict[str, Any], pointer: str) -> None:
    refused = await api.post(PATH, headers=api.as_(people.operator), json=template_body(people, **change))
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)


@pytest.mark.order("O-6.2.6")
async def test_a_shared_template_can_be_used_and_another_units_cannot(api: Api, people: People) -> None:
    other = str(people.other_operator.unit_id)
    made = await published(api, people, defaults={"ссылка": "https://a.ru"})
    point = {"interaction_point_id": str(people.other_point_id)}
    message = (await register(api, people.other_operator, message_body(people, **point))).json()
    path = f"{MESSAGES}/{message['id']}"
    await act_on(api, people.other_operator, path, "triage", triage_body(people, unit_id=other))
    draft = {"kind": "answer", "template_id": made.json()["id"], "values": {"имя": "Иван"}}
    headers = api.as_(people.other_operator)
    refused = await api.post(f"{path}/replies", headers=headers, json=draft)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/template_id")
    await act(api, people.operator, made, "patch", {"shared_unit_ids": [other]})
    reply = (await api.post(f"{path}/replies", headers=headers, json=draft)).json()
    assert reply["text"] == "Здравствуйте, Иван! Ёжики едят 100% ежевики: https://a.ru."  # defaults fill the rest
    assert reply["template_version"] == 1
    assert [finding["severity"] for finding in reply["findings"] if finding["severity"] == "error"] == []
    note = {"object_type": "reply_template", "object_id": made.json()["id"], "text": "Чужое"}
    noted = await api.post("/api/v1/control-notes", headers=api.as_(people.other_head), json=note)
    assert noted.status_code == 422  # a head controls only templates of their own unit


async def test_values_are_validated_by_kind_in_every_endpoint(api: Api, people: People) -> None:
    made = await published(api, people)
    headers = api.as_(people.operator)
    message = await triaged(api, people)
    reply = await drafted(api, people, message)
    values = {"имя": "{0.__class__}", "ссылка": "javascript:alert(1)"}
    tag = (await api.get(reply, headers=headers)).headers["etag"]
    for refused in (
        await api.post(f"{PATH}/{made.json()['id']}/render", headers=headers, json={"values": values}),
        await api.post(f"{message}/replies", headers=headers, json={"kind": "answer", "text": "А", "values": values}),
        await api.patch(reply, headers=headers | {"If-Match": tag}, json={"values": values}),
    ):
        data = refused.json()["errors"]
        assert [(fault["pointer"], fault["code"]) for fault in data] == [
            ("/values/имя", "not_a_name"),
            ("/values/ссылка", "not_a_url"),
        ]
    known = (await api.get(f"{PATH}/placeholders", headers=headers)).json()["items"]
    assert {item["name"] for item in known} == {"имя", "ссылка", "дата", "телефон", "адрес", "номер"}


@pytest.mark.order("O-6.2.6")
async def test_an_added_typical_message_is_masked(api: Api, people: People, database: JoinedDatabase) -> None:
    made = await published(api, people)
    await act(api, people.operator, made, "patch", {"title": "Новая ежевика"})
    example_text = "Где ежевика? Мой телефон +7 913 123-45-67, почта a@b.ru"
    added = (await act(api, people.operator, made, "examples", {"text": example_text})).json()
    assert (added["version"], added["state"]) == (2, "draft")
    assert added["examples"][0] == "Что едят ежи?" and added["examples"][1].startswith("Где ежевика?")
    assert "913" not in added["examples"][1] and "a@b.ru" not in added["examples"][1]
    versions = (await api.get(f"{PATH}/{added['id']}/versions", headers=api.as_(people.operator))).json()["items"]
    assert [version["examples"] for version in versions] == [added["examples"]] * 2  # the published one has it too
    again = (await act(api, people.operator, made, "examples", {"text": example_text.replace("Где", "ГДЕ")})).json()
    assert again["examples"] == added["examples"] and again["updated_at"] == added["updated_at"]
    assert await keys(api, people.operator, q="где ежевика") == ["ezhevika"]
    for number in range(48):
        assert (await act(api, people.operator, made, "examples", {"text": f"Вопрос {number}"})).status_code == 200
    full = await act(api, people.operator, made, "examples", {"text": "Ещё один"})
    assert (full.status_code, full.json()["code"]) == (409, "too_many_examples")


@pytest.mark.order("O-6.2.6")
async def test_an_answered_message_becomes_a_typical_message_without_personal_data(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    made = await published(api, people)
    client = {"kind": "individual", "name": "Иван Петров", "contacts": [{"kind": "vk", "value": "id12345"}]}
    text = "Это Ивана Петрова (id12345, +7 913 123-45-67). Где собирать ежевику?"
    message = f"{MESSAGES}/{(await registered(api, people, text=text, client=client))['id']}"
    await act_on(api, people.operator, message, "triage", triage_body(people))
    values = {"имя": "Иван", "ссылка": "https://a.ru"}
    reply = await drafted(api, people, message, template_id=made.json()["id"], values=values, text=None)
    early = await act_on(api, people.operator, reply, "take_example", {})
    assert (early.status_code, early.json()["code"]) == (409, "not_answered_by_template")
    async with database.transaction() as session:
        row = (await session.exec(select(Reply).where(col(Reply.template_id).is_not(None)))).one()
        row.state = "sent"  # type: ignore[assignment]  # as delivery leaves it
    taken = await act_on(api, people.operator, reply, "take_example", {})
    assert taken.status_code == 200, taken.text
    example = taken.json()["examples"][-1]
    assert "Где собирать ежевику?" in example
    for personal in ("Иван", "Петров", "id12345", "913"):
        assert personal not in example
    assert (await act_on(api, people.operator, reply, "take_example", {})).json()["examples"] == taken.json()[
        "examples"
    ]
    foreign = await act_on(api, people.other_operator, reply, "take_example", {})
    assert foreign.status_code == 404


async def test_every_change_increases_updated_at_and_emits_an_event(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    made = await make(api, people)
    moments, tags = [made.json()["updated_at"]], [made.headers["etag"]]
    for by, verb, sent in (
        (people.operator, "patch", {"title": "Иначе"}),
        (people.operator, "submit", {}),
        (people.unit_head, "publish", {}),
        (people.operator, "examples", {"text": "Где?"}),
        (people.operator, "patch", {"review_days": 30}),
        (people.operator, "patch", {"shared_unit_ids": [str(people.other_operator.unit_id)]}),
        (people.unit_head, "review", {}),
        (people.unit_head, "archive", {}),
    ):
        answer = await act(api, by, made, verb, sent)
        assert answer.status_code == 200, (verb, answer.text)
        moments.append(answer.json()["updated_at"])
        tags.append(answer.headers["etag"])
    assert moments == sorted(set(moments))
    listed = await api.get(PATH, params={"updated_after": moments[-2]}, headers=api.as_(people.operator))
    assert [item["key"] for item in listed.json()["items"]] == ["ezhevika"]
    async with database.transaction() as session:
        data = (await session.exec(select(OutboxEntry).where(OutboxEntry.event == "reply_template.changed"))).all()
    assert sorted(f'"{entry.payload["template_version"]}"' for entry in data) == sorted(tags)


async def test_templates_are_listed_by_topic_and_in_every_order(api: Api, people: People) -> None:
    unit = f"/api/v1/units/{people.operator.unit_id}/topics"
    topic = (await api.get(unit, headers=api.as_(people.operator))).json()["items"][0]["id"]
    made = await published(api, people, topic_ids=[topic], review_days=1)
    assert "ezhevika" in await keys(api, people.operator, topic_id=topic)
    assert await keys(api, people.operator, topic_id=str(people.operator.unit_id)) == []
    every = await keys(api, people.operator)
    assert every[0] == "ezhevika"
    assert await keys(api, people.operator, sort="key") == sorted(every)
    assert (await keys(api, people.operator, sort="next_review_on"))[0] == "ezhevika"
    await act(api, people.operator, made, "patch", {"title": "Иначе"})
    assert (await keys(api, people.operator, sort="updated_at"))[0] == "ezhevika"
    first = await api.get(PATH, params={"sort": "next_review_on", "limit": 2}, headers=api.as_(people.operator))
    cursor = first.json()["next_cursor"]
    second = await api.get(
        PATH, params={"sort": "next_review_on", "limit": 2, "cursor": cursor}, headers=api.as_(people.operator)
    )
    ids = [item["id"] for page in (first, second) for item in page.json()["items"]]
    assert len(set(ids)) == 4
    assert (await api.get(PATH, params={"sort": "id;drop"}, headers=api.as_(people.operator))).status_code == 422
