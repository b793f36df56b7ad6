"""Suggestions, search by forms, synonyms and choices over HTTP (O-6.2.6)."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlmodel import col, select

from app.core.db import Database
from app.core.security import Principal
from app.main import create_app
from app.reply_templates.models import ReplyTemplate
from app.reply_templates.queries import is_in_use
from app.reply_templates.search.models import TemplateChoice
from app.reply_templates.search.rules.choices import CHOICES_KEPT
from app.reply_templates.search.service import index_cache
from app.reply_templates.search.service.index_cache import get_cached_index
from app.reply_templates.search.service.learned_choices import record_choice
from app.reply_templates.search.service.suggestions import find_suggestions
from tests.callers import People, make_people
from tests.conftest import Api, KnownCallers, settings_for
from tests.messages.factories import MESSAGES, drafted, registered, triage_body
from tests.messages.factories import act as act_on
from tests.reply_templates.factories import PATH, act, make, template_body

GROUPS = "/api/v1/synonym-groups"


async def suggest(api: Api, by: Principal, text: str, **more: Any) -> list[dict[str, Any]]:
    answer = await api.post(f"{PATH}/suggest", headers=api.as_(by), json={"text": text, **more})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def published(api: Api, people: People, **more: Any) -> httpx.Response:
    made = await make(api, people, **more)
    assert (await act(api, people.unit_head, made, "publish")).status_code == 200
    return made


ABOUT_HEDGEHOGS = "Что едят ёжики, ежевику?"


@pytest.mark.order("O-6.2.6")
async def test_a_published_template_is_suggested_with_the_matched_words(api: Api, people: People) -> None:
    made = await published(api, people)
    first = (await suggest(api, people.operator, ABOUT_HEDGEHOGS, channel="vk", limit=1))[0]
    assert (first["template_id"], first["template_version"], first["title"]) == (made.json()["id"], 1, "Ежевика")
    assert first["matched"] == ["ёжики", "ежевику"] and 0.35 <= first["score"] <= 1
    assert first["reasons"] == ["Совпали слова: «ёжики», «ежевику»"] and first["learned"] == 0
    demo = (await suggest(api, people.operator, "Где узнать про lgotniy заём?"))[0]
    assert demo["title"] == "Льготный заём для малого бизнеса"
    assert await suggest(api, people.operator, "Не дозвониться в регистратуру поликлиники, талонов нет") == []


@pytest.mark.order("O-6.2.6")
async def test_drafts_archived_and_other_units_templates_are_never_suggested(api: Api, people: People) -> None:
    made = await make(api, people)
    assert await suggest(api, people.operator, ABOUT_HEDGEHOGS) == []
    await act(api, people.operator, made, "submit")
    assert await suggest(api, people.operator, ABOUT_HEDGEHOGS) == []
    await act(api, people.unit_head, made, "publish")
    assert [one["title"] for one in await suggest(api, people.operator, ABOUT_HEDGEHOGS)] == ["Ежевика"]
    assert await suggest(api, people.other_operator, ABOUT_HEDGEHOGS) == []
    assert await suggest(api, people.other_head, ABOUT_HEDGEHOGS) == []
    # A draft of the next version changes nothing: the published version stays in use.
    await act(api, people.operator, made, "patch", {"title": "Слоны", "keywords": ["слон"], "text": "Про слонов."})
    (still,) = await suggest(api, people.operator, ABOUT_HEDGEHOGS)
    assert (still["title"], still["template_version"]) == ("Ежевика", 1)
    assert await suggest(api, people.operator, "Про слонов") == []
    await act(api, people.operator, made, "submit")
    await act(api, people.unit_head, made, "publish")
    (new,) = await suggest(api, people.operator, "Расскажите про слонов")
    assert (new["title"], new["template_version"]) == ("Слоны", 2)
    await act(api, people.unit_head, made, "archive")
    assert await suggest(api, people.operator, "Расскажите про слонов") == []


async def test_other_units_templates_do_not_affect_scores(api: Api, people: People) -> None:
    await published(api, people)
    before = await suggest(api, people.operator, ABOUT_HEDGEHOGS)
    for number in range(3):
        sent = template_body(
            people, unit_id=str(people.other_operator.unit_id), key=f"ezh-{number}", title="Ёжики и ежевика"
        )
        made = await api.post(PATH, headers=api.as_(people.other_operator), json=sent)
        assert (await act(api, people.other_head, made, "publish")).status_code == 200
    assert len(await suggest(api, people.other_operator, ABOUT_HEDGEHOGS)) == 3
    assert await suggest(api, people.operator, ABOUT_HEDGEHOGS) == before


@pytest.mark.parametrize("text", ["😂😂😂", "!!!", "й" * 10_000, "заём " * 2_000, "и не же ли", "ё\u0308" * 5_000])
async def test_hostile_texts_are_accepted(api: Api, people: People, text: str) -> None:
    assert len(await suggest(api, people.operator, text[:10_000], limit=20)) <= 20


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        ({"text": ""}, "/text"),
        ({"text": "а" * 10_001}, "/text"),
        ({"text": "а", "limit": 21}, "/limit"),
        ({"text": "а", "limit": 0}, "/limit"),
        ({"text": "а", "channel": "ВК"}, "/channel"),
        ({"text": "а", "unit_id": str(UUID(int=1))}, "/unit_id"),
    ],
)
async def test_an_invalid_request_is_rejected(api: Api, people: People, sent: dict[str, Any], pointer: str) -> None:
    refused = await api.post(f"{PATH}/suggest", headers=api.as_(people.operator), json=sent)
    assert refused.status_code == 422 and refused.json()["errors"][0]["pointer"] == pointer


@pytest.mark.order("O-6.2.6")
async def test_search_finds_word_forms_and_synonyms(api: Api, people: People) -> None:
    await make(
        api, people, key="led", title="Уборка сосулек", keywords=["лёд"], text="Про индивидуального предпринимателя"
    )
    headers = api.as_(people.operator)

    async def keys(q: str) -> list[str]:
        return [t["key"] for t in (await api.get(PATH, params={"q": q}, headers=headers)).json()["items"]]

    for q in (
        "сосулька",
        "сосульками уборкой",
        "сосул",
        "СОСУЛЬКА",
        "ИП",
        "ипэшники",
        "индивидуальные предприниматели",
    ):
        assert "led" in await keys(q), q
    assert {"demo-lgotnyi-zaem", "demo-samozanyatyi-zaem"} <= set(await keys("займ")) & set(await keys("заём"))
    assert "demo-lgotnyi-zaem" in await keys("lgotniy zaem")
    for q in ("сосульки слоны", "%", "_", "' OR 1=1 --"):
        assert "led" not in await keys(q), q
    assert await keys("сосулька") == ["led"]


async def test_search_results_are_paginated(api: Api, people: People) -> None:
    for number in range(5):
        await make(api, people, key=f"led-{number}", title="Сосульки", text="Текст.", examples=[])
    headers, seen, cursor = api.as_(people.operator), [], None
    while True:
        query: dict[str, Any] = {"q": "сосулька", "limit": 2, "with_count": True}
        query |= {"cursor": cursor} if cursor else {}
        data = (await api.get(PATH, params=query, headers=headers)).json()
        assert data["count"] == 5
        seen += [one["key"] for one in data["items"]]
        cursor = data["next_cursor"]
        if cursor is None:
            break
    assert seen == [f"led-{number}" for number in (4, 3, 2, 1, 0)]
    none = (
        await api.get(PATH, params={"q": "сосулька", "with_count": True}, headers=api.as_(people.other_head))
    ).json()
    assert (none["items"], none["count"]) == ([], 0)


@pytest.mark.order("O-6.2.6")
async def test_a_message_has_suggestions(api: Api, people: People) -> None:
    made = await published(api, people)
    message = await registered(api, people, text=ABOUT_HEDGEHOGS)
    path = f"{MESSAGES}/{message['id']}"
    answer = await api.get(f"{path}/suggestions", params={"limit": 1}, headers=api.as_(people.operator))
    assert [one["template_id"] for one in answer.json()["items"]] == [made.json()["id"]]
    assert (await api.get(f"{path}/suggestions", headers=api.as_(people.other_operator))).status_code == 404
    assert (await api.get(f"{path}/suggestions", headers=api.as_(people.integration))).status_code == 403


async def test_the_topic_of_a_message_raises_the_rank(api: Api, people: People) -> None:
    topics = await api.get(f"/api/v1/units/{people.operator.unit_id}/topics", headers=api.as_(people.operator))
    topic_id = topics.json()["items"][0]["id"]
    plain = await published(api, people, key="plain")
    topical = await published(api, people, key="topical", topic_ids=[topic_id])
    message = await registered(api, people, text=ABOUT_HEDGEHOGS)
    path = f"{MESSAGES}/{message['id']}"
    sent = triage_body(people, topic_id=topic_id)
    assert (await act_on(api, people.operator, path, "triage", sent)).status_code == 200
    items = (await api.get(f"{path}/suggestions", headers=api.as_(people.operator))).json()["items"]
    assert [one["template_id"] for one in items[:2]] == [topical.json()["id"], plain.json()["id"]]
    assert items[0]["score"] > items[1]["score"] and "Тема сообщения совпадает с темой шаблона" in items[0]["reasons"]


@pytest.mark.order("O-6.2.6")
async def test_earlier_choices_raise_the_score(api: Api, people: People, database: Database) -> None:
    made = await published(api, people)
    text = "Кот Барсик съел все колючки, подскажите рацион"
    assert await suggest(api, people.operator, text) == []
    for _ in range(5):
        async with database.transaction() as session:
            await record_choice(session, UUID(made.json()["id"]), "кот съел колючки, какой рацион? +7 913 123-45-67")
    (first,) = await suggest(api, people.operator, text)
    assert first["template_id"] == made.json()["id"] and first["learned"] == first["score"]
    assert first["reasons"] == ["Для похожих сообщений этот шаблон выбирали: 5 из 5"]
    assert await suggest(api, people.other_operator, text) == []
    await act(api, people.unit_head, made, "archive")
    assert await suggest(api, people.operator, text) == []


@pytest.mark.order("O-6.2.6")
async def test_using_a_template_in_a_reply_records_a_choice(api: Api, people: People, database: Database) -> None:
    made = (await published(api, people)).json()
    message = await registered(api, people, text="Кот Барсик съел колючки, какой рацион?")
    path = f"{MESSAGES}/{message['id']}"
    assert (await act_on(api, people.operator, path, "triage", triage_body(people))).status_code == 200
    values = {"имя": "Иван", "ссылка": "https://a.ru"}
    reply = await drafted(api, people, path, text=None, template_id=made["id"], values=values)
    answer = await api.get(reply, headers=api.as_(people.operator))
    headers = api.as_(people.operator) | {"If-Match": answer.headers["etag"]}
    same = await api.patch(reply, headers=headers, json={"values": values, "template_id": made["id"]})
    assert same.status_code == 200, same.text  # the same template again is not a new choice
    async with database.transaction() as session:
        query = select(TemplateChoice).where(TemplateChoice.template_id == UUID(made["id"]))
        (row,) = (await session.exec(query)).all()
    assert row.forms == ["кот", "съесть", "колючка", "рацион"]


async def test_stored_choices_are_limited_and_without_personal_data(
    api: Api, people: People, database: Database
) -> None:
    template_id = UUID((await published(api, people)).json()["id"])
    async with database.transaction() as session:
        for number in range(CHOICES_KEPT + 3):
            await record_choice(session, template_id, f"Иванов спросил про заём {number}, ivanov@mail.ru")
        await record_choice(session, template_id, "😂 123")
        query = select(TemplateChoice).where(TemplateChoice.template_id == template_id).order_by(col(TemplateChoice.id))
        rows = (await session.exec(query)).all()
    assert len(rows) == CHOICES_KEPT
    assert {form for row in rows for form in row.forms} == {"заем"}


@pytest.mark.order("O-6.2.6")
async def test_heads_and_administrators_edit_synonyms_with_immediate_effect(api: Api, people: People) -> None:
    made = await published(api, people)
    assert await suggest(api, people.operator, "колючий друг") == []
    sent = {"kind": "same", "name": "ёж", "terms": ["ёжик", "колючий друг"]}
    assert (await api.post(GROUPS, headers=api.as_(people.operator), json=sent)).status_code == 403
    group = await api.post(GROUPS, headers=api.as_(people.unit_head), json=sent)
    assert group.status_code == 201, group.text
    again = await api.post(GROUPS, headers=api.as_(people.admin), json=sent)
    assert (again.status_code, again.json()["code"]) == (409, "synonym_group_exists")
    (found,) = await suggest(api, people.operator, "колючий друг")
    assert found["template_id"] == made.json()["id"] and found["matched"] == ["колючий", "друг"]
    path, headers = f"{GROUPS}/{group.json()['id']}", api.as_(people.admin)
    assert (await api.patch(path, headers=headers, json={"name": "ежи"})).status_code == 428
    assert (await api.patch(path, headers=headers | {"If-Match": '"9"'}, json={"name": "ежи"})).status_code == 412
    closed = await api.patch(path, headers=headers | {"If-Match": '"1"'}, json={"closed_on": "2020-01-01"})
    assert (closed.status_code, closed.headers["etag"]) == (200, '"2"')
    assert await suggest(api, people.operator, "колючий друг") == []
    open_ones = (await api.get(GROUPS, headers=api.as_(people.operator), params={"limit": 200})).json()["items"]
    every_one = await api.get(GROUPS, headers=api.as_(people.operator), params={"with_closed": True, "limit": 1})
    assert group.json()["id"] not in {one["id"] for one in open_ones}
    assert every_one.json()["items"][0]["id"] == group.json()["id"]
    one = await api.get(path, headers=api.as_(people.operator) | {"If-None-Match": '"2"'})
    assert one.status_code == 304


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        ({"terms": []}, "/terms"),
        ({"terms": ["заём", "займы"]}, "/terms"),
        ({"terms": ["заём", "!!!"]}, "/terms/1"),
        ({"terms": ["а"] * 101}, "/terms"),
        ({"kind": "other"}, "/kind"),
        ({"name": ""}, "/name"),
    ],
)
async def test_an_invalid_synonym_group_is_rejected(
    api: Api, people: People, sent: dict[str, Any], pointer: str
) -> None:
    payload = {"kind": "same", "name": "проба", "terms": ["заём", "ссуда"]} | sent
    refused = await api.post(GROUPS, headers=api.as_(people.unit_head), json=payload)
    assert refused.status_code == 422 and refused.json()["errors"][0]["pointer"] == pointer, refused.text


@pytest.mark.order("O-6.2.6")
async def test_templates_are_loaded_at_process_start(
    fresh_database: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first query after a start must not wait for loading."""
    application = create_app(settings_for(fresh_database, tmp_path, embedded_worker=False))
    async with application.router.lifespan_context(application):
        pass  # shutdown waits for the loading
    async with application.state.database.transaction(write=False) as session:
        cache = get_cached_index(session)
        in_use = (await session.exec(select(ReplyTemplate.id).where(is_in_use()))).all()
        assert len(in_use) > 40 and cache.published.keys() == set(in_use)
        monkeypatch.setattr(index_cache._SYNONYMS, "_load", None)
        assert (await index_cache.refresh_synonyms(session)).groups
    await application.state.database.close()


async def test_a_change_in_one_worker_is_visible_in_another(fresh_database: str, tmp_path: Any) -> None:
    """Two applications share a database: a change is visible in the next query and only changed rows are reloaded."""
    first, second = (create_app(settings_for(fresh_database, tmp_path)) for _ in range(2))
    async with first.state.database.transaction() as session:
        people = await make_people(session)
    callers = KnownCallers()
    clients = []
    for application in (first, second):
        application.state.resolver = callers
        client = Api(transport=httpx.ASGITransport(application), base_url="http://service")
        client.callers = callers
        clients.append(client)
    here, there = clients
    try:
        before = await suggest(there, people.operator, ABOUT_HEDGEHOGS)
        assert before == []
        made = await published(here, people)
        found = await suggest(there, people.operator, ABOUT_HEDGEHOGS)
        assert [one["template_id"] for one in found] == [made.json()["id"]]
        assert await suggest(there, people.operator, "колючий друг") == []
        group = {"kind": "same", "name": "ёж", "terms": ["ёжик", "колючий друг"]}
        assert (await here.post(GROUPS, headers=here.as_(people.admin), json=group)).status_code == 201
        by_name = await suggest(there, people.operator, "колючий друг")
        assert [one["template_id"] for one in by_name] == [made.json()["id"]], "synonyms are shared too"
        text = {"text": "Здравствуйте! Звоните в ЦОНК. Чем помочь?"}
        data = await there.post("/api/v1/reply-check", headers=there.as_(people.operator), json=text)
        assert [one["code"] for one in data.json()["findings"]] == ["unexplained_abbreviation"]
        entry = {"kind": "well_known_abbreviation", "text": "ЦОНК"}
        entries = "/api/v1/reply-check/entries"
        assert (await here.post(entries, headers=here.as_(people.admin), json=entry)).status_code == 201
        data = await there.post("/api/v1/reply-check", headers=there.as_(people.operator), json=text)
        assert data.json()["findings"] == [], "and so are the entries of the reply check"
        async with second.state.database.transaction(write=False) as session:
            cache = get_cached_index(session)
            read = dict(cache.published)
        await act(here, people.operator, made, "patch", {"title": "Слоны", "keywords": ["слон"], "text": "Слоны."})
        await act(here, people.operator, made, "submit")
        await act(here, people.unit_head, made, "publish")
        found = await suggest(there, people.operator, "Расскажите про слонов")
        assert [(one["title"], one["template_version"]) for one in found] == [("Слоны", 2)]
        changed = {one for one, known in cache.published.items() if read.get(one) is not known}
        assert changed == {UUID(made.json()["id"])}
        async with first.state.database.transaction() as session:
            await record_choice(session, UUID(made.json()["id"]), "кот съел колючки, какой рацион")
            await record_choice(session, UUID(made.json()["id"]), "кот съел колючки, какой рацион")
            await record_choice(session, UUID(made.json()["id"]), "кот съел колючки, какой рацион")
        assert [one["title"] for one in await suggest(there, people.operator, "кот съел колючки")] == ["Слоны"]
        await act(here, people.unit_head, made, "archive")
        assert await suggest(there, people.operator, "Расскажите про слонов") == []
    finally:
        for client in clients:
            await client.aclose()
        for application in (first, second):
            await application.state.database.close()


async def test_a_user_without_a_unit_gets_no_suggestions(api: Api, people: People, database: Database) -> None:
    await published(api, people)
    async with database.transaction(write=False) as session:
        assert await find_suggestions(session, ABOUT_HEDGEHOGS, people.admin) == []
