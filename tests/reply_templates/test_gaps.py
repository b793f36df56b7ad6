"""What the knowledge base lacks, and the drafts made of it (O-6.2.6)."""

from typing import Any

import pytest

from app.core import example_ids
from app.core.ids import new_id
from app.reply_templates.rules.drafting import one_line, template_text
from tests.conftest import Api, JoinedDatabase
from tests.messages.test_endings import came_in, relayed, sent, sorted_out
from tests.messages.work import act, drafted
from tests.people import People

GAPS = "/api/v1/reply-templates/gaps"
SHIPS = ("Когда прилетит дирижабль?", "Где посадят дирижабль", "Дирижабль уже прилетел?")
ANSWER = "Здравствуйте, Иван! Дирижабль прилетит осенью. Подсказать, где его увидеть?"


async def gaps(api: Api, by: Any) -> list[dict[str, Any]]:
    answer = await api.get(GAPS, headers=api.as_(by))
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def analysed(api: Api, people: People, database: JoinedDatabase, text: str) -> str:
    path = await came_in(api, people, text=text)
    await sorted_out(api, people, path)
    await relayed(database)
    return path


@pytest.mark.order("O-6.2.6")
async def test_messages_that_nothing_fits_are_grouped_and_become_a_draft(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    paths = [await analysed(api, people, database, text) for text in (*SHIPS, "Иван, тел. +7 913 123-45-67: дрон")]
    ships, other = await gaps(api, people.operator)
    assert (ships["count"], ships["no_template"], ships["not_taken"]) == (3, 3, 0)
    assert ships["unit_id"] == str(people.operator.unit_id) and set(ships["examples"]) == set(SHIPS)
    assert ships["words"][0] == "дирижабль"
    assert other["count"] == 1 and other["examples"] == ["[имя], тел. [телефон]: дрон"]
    assert await gaps(api, people.other_operator) == [], "another unit's needs"

    draft = f"{GAPS}/{ships['id']}/draft"
    nobody_answered = await api.post(draft, headers=api.as_(people.operator), json={"key": "dirizhabl"})
    assert [fault["pointer"] for fault in nobody_answered.json()["errors"]] == ["/text"]
    await sent(api, people, paths[1], database, text=ANSWER)
    assert (await api.post(draft, headers=api.as_(people.other_operator), json={"key": "x"})).status_code == 404
    made = await api.post(draft, headers=api.as_(people.operator), json={"key": "dirizhabl"})
    told = made.json()
    assert (made.status_code, told["state"], told["key"]) == (201, "draft", "dirizhabl"), made.text
    assert told["text"] == ANSWER.replace("Иван", "{имя}")
    assert set(told["examples"]) == set(SHIPS) and told["title"] in SHIPS and "дирижабль" in told["keywords"]
    assert [item["id"] for item in await gaps(api, people.operator)] == [other["id"]], "drafted: no gap any more"
    assert (await api.post(draft, headers=api.as_(people.operator), json={"key": "again"})).status_code == 404


@pytest.mark.order("O-6.2.6")
async def test_a_suggestion_that_was_not_taken_is_a_gap_and_one_that_was_is_none(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    own, taken = [await analysed(api, people, database, "Где узнать про льготный заём?") for _ in range(2)]
    assert await gaps(api, people.operator) == [], "something fits"
    await sent(api, people, own, database)
    filled = {"template_id": example_ids.TEMPLATE, "text": None}
    await sent(api, people, taken, database, **filled, values={"имя": "Иван", "ссылка": "https://mb.example.ru"})
    (gap,) = await gaps(api, people.operator)
    assert (gap["count"], gap["not_taken"]) == (1, 1)
    assert len(gap["offered_template_ids"]) == 1


@pytest.mark.order("O-6.2.6", "O-6.2.1")
async def test_what_needs_no_answer_of_the_unit_is_no_gap(api: Api, people: People, database: JoinedDatabase) -> None:
    outside = await came_in(api, people, text="Когда починят лифт?")
    await sorted_out(api, people, outside, competence="outside", reason="Дом")
    spam, repeat = [await analysed(api, people, database, SHIPS[0]) for _ in range(2)]
    assert [item["count"] for item in await gaps(api, people.operator)] == [2]
    assert (await act(api, people.operator, repeat, "duplicate", {"of": spam.rpartition("/")[2]})).status_code == 200
    assert (await act(api, people.operator, spam, "spam", {})).status_code == 200
    await relayed(database)
    assert await gaps(api, people.operator) == []


@pytest.mark.order("O-6.2.6")
async def test_a_sent_reply_becomes_a_draft(api: Api, people: People, database: JoinedDatabase) -> None:
    path = await analysed(api, people, database, SHIPS[0])
    body = {"key": "dirizhabl", "title": "Дирижабль"}
    waiting = await drafted(api, people, path, text=ANSWER)
    early = await api.post(f"{waiting}/draft_template", headers=api.as_(people.operator), json=body)
    assert (early.status_code, early.json()["code"]) == (409, "not_answered_yet")
    assert (await act(api, people.operator, waiting, "submit", {})).status_code == 200
    assert (await act(api, people.unit_head, waiting, "approve", {})).status_code == 200
    assert (await act(api, people.operator, waiting, "send", {})).status_code == 202
    await relayed(database)
    key = {"Idempotency-Key": new_id().hex}
    made = [
        await api.post(f"{waiting}/draft_template", headers=api.as_(people.operator) | key, json=body) for _ in range(2)
    ]
    assert [answer.status_code for answer in made] == [201, 201]
    assert made[0].json() == made[1].json() and made[0].json()["text"] == ANSWER.replace("Иван", "{имя}")
    assert made[0].json()["examples"] == [SHIPS[0]]
    taken = await api.post(f"{waiting}/draft_template", headers=api.as_(people.operator), json=body)
    assert (taken.status_code, taken.json()["code"]) == (409, "template_exists")


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("Здравствуйте, [имя]! Звоните: [телефон].", "Здравствуйте, {имя}! Звоните: {телефон}."),
        ("{имя} {0.__class__}", "(имя) (0.__class__)"),  # what looks like a placeholder is none
    ],
)
def test_an_answer_becomes_a_text_with_placeholders(answer: str, text: str) -> None:
    assert template_text(answer) == text


def test_a_title_is_one_line() -> None:
    assert one_line("где\n взять   заём") == "где взять заём"
    assert len(one_line("а" * 500)) == 200
