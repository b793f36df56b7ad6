"""Comments of respondents over HTTP (A-1.23x, O-11)."""

from datetime import date
from typing import Any

import pytest

from app.surveys.comment_indexer import JOINED_WORDS, has_words
from app.surveys.rules.submissions import SubmissionSource
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.monitoring.factories import answered
from tests.surveys.factories import by_key, submit, subordinate
from tests.surveys.test_comments import worked_off

PATH = "/api/v1/monitoring/comments"


async def list_comments(api: Api, people: People, **query: Any) -> dict[str, Any]:
    answer = await api.get(PATH, params=query, headers=api.as_(people.unit_head))
    assert answer.status_code == 200, answer.text
    read: dict[str, Any] = answer.json()
    return read


def texts(read: dict[str, Any]) -> list[str]:
    return [item["text"] for item in read["items"]]


@pytest.mark.order("A-1.23x", "O-11")
async def test_comments_are_found_by_any_form_of_a_word_without_personal_data(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    comments = {"telegram": "Не нашёл телефоны отдела, пишите на ivan@example.org"}
    made = await submit(api, by_key(comments=comments), municipality="50701000", filled_at="2026-11-10T12:00:00+07:00")
    assert made.status_code == 201
    async with database.transaction() as session:
        other = await subordinate(session)
        scores = {"ease_of_finding": {"official_site": 1, "telegram": 5, "vk": 3, "ok": 5}}
        both = {"comments": {"official_site": "Где льготные займы?", "vk": "Нет адреса"}}
        await answered(session, 1, 1, date(2026, 11, 12), answers=scores | both, source=SubmissionSource.PAPER)
        await answered(session, 1, 1, date(2026, 10, 12), answers={"comments": {"telegram": "Прошлый месяц"}})
        await answered(
            session, 1, 1, date(2026, 11, 11), answers={"comments": {"telegram": "Чужое"}}, organization_id=other
        )
    await worked_off(database)
    read = await list_comments(api, people, **{"from": "2026-11-01", "to": "2026-11-30"}, with_count="true")
    assert texts(read)[2:] == ["Чужое", "Не нашёл телефоны отдела, пишите на [почта]"]
    assert set(texts(read)[:2]) == {"Где льготные займы?", "Нет адреса"}
    assert (read["n"], read["count"], read["groups"], read["next_cursor"]) == (4, 4, [], None)
    first = read["items"][3]
    assert (first["code"], first["key"], first["score"], first["day"]) == ("23.2", "telegram", 2, "2026-11-10")
    assert (first["name"], first["municipality"]) == ("Телеграм-канал ведомства", "50701000")
    assert first["submission_id"] == made.json()["id"]
    for words, found in (
        ("телефона", ["Не нашёл телефоны отдела, пишите на [почта]"]),
        ("ОТДЕЛЫ телефонов", ["Не нашёл телефоны отдела, пишите на [почта]"]),
        ("льготный заём", ["Где льготные займы?"]),
        ("телефон займа", []),
        ("example", []),
        ("!!!", []),
    ):
        searched = await list_comments(api, people, q=words, with_count="true")
        assert (texts(searched), searched["count"], searched["n"]) == (found, len(found), 5), words
    for filters, n in (
        ({"code": "23.2"}, 3),
        ({"code": "23.2.comment"}, 3),
        ({"code": "23"}, 5),
        ({"code": "23.99"}, 0),
        ({"code": "22.2"}, 0),
        ({"source": "paper"}, 2),
        ({"municipality": "50701000"}, 1),
        ({"organization_id": str(other)}, 1),
        ({"form_version": 1}, 5),
        ({"form_version": 7}, 0),
    ):
        cut = await list_comments(api, people, **filters)
        assert (cut["n"], len(cut["items"])) == (n, n), filters
    months = await list_comments(api, people, group_by="month")
    assert [(group["key"], group["n"]) for group in months["groups"]] == [("2026-10", 1), ("2026-11", 4)]
    ways = await list_comments(api, people, group_by="source", code="23.1")
    assert ways["groups"] == [{"key": "paper", "name": "На бумаге", "n": 1}]


@pytest.mark.order("O-11")
async def test_pages_contain_each_comment_once(api: Api, people: People, database: JoinedDatabase) -> None:
    async with database.transaction() as session:
        for day in (3, 4):
            await answered(session, 5, 5, date(2026, 11, day), answers={"comments": {"vk": f"Нет адреса {day}"}})
    await worked_off(database)
    seen: list[str] = []
    page: dict[str, Any] = {"next_cursor": None}
    for _ in range(4):
        cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else {}
        page = await list_comments(api, people, limit=3, q="адрес", **cursor)
        seen += [item["id"] for item in page["items"]]
    assert page["next_cursor"] is None and len(seen) == len(set(seen)) == 10


async def test_invalid_filters_are_rejected(api: Api, people: People) -> None:
    for query in ({"code": "x"}, {"q": ""}, {"cursor": "broken"}, {"group_by": "planet"}):
        assert (await api.get(PATH, params=query, headers=api.as_(people.unit_head))).status_code == 422, query
    assert (await api.get(PATH, headers=api.as_(people.operator))).status_code == 403


@pytest.mark.order("A-1.23x", "O-11")
async def test_a_long_sentence_can_be_searched(api: Api, people: People, database: JoinedDatabase) -> None:
    """Dozens of joins took PostgreSQL longer to plan than the statement timeout: 503."""
    many = [f"{first}{second}" for first in "бвгдж" for second in "аеиоуыэюя"]
    async with database.transaction() as session:
        await answered(session, 1, 1, date(2026, 11, 12), answers={"comments": {"telegram": " ".join(many)}})
    await worked_off(database)
    assert len(has_words(" ".join(many))) <= JOINED_WORDS + 1
    assert len(texts(await list_comments(api, people, q=" ".join(many)))) == 1
    assert texts(await list_comments(api, people, q=" ".join([*many, "займы"]))) == []
    assert texts(await list_comments(api, people, q=" ".join([*many[:5], "займы", *many[5:]]))) == []
