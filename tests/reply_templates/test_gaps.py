"""Knowledge base gaps and the drafts created from them (O-6.2.6)."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from app.core import clock, example_ids
from app.core.audit import AuditEvent
from app.core.ids import new_id
from app.reply_templates.models import GapDismissal
from app.reply_templates.rules.gaps import GapReason
from app.reply_templates.rules.template_drafts import MAX_EXAMPLE, to_example, to_one_line, to_template_text
from app.reply_templates.service.gaps import Unanswered, record_gap
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.messages.factories import act, drafted
from tests.messages.test_closing import came_in, relayed, sent, sorted_out
from tests.reply_templates.test_review import service

GAPS = "/api/v1/reply-templates/gaps"
SHIPS = ("Когда прилетит дирижабль?", "Где посадят дирижабль", "Дирижабль уже прилетел?")
ANSWER = "Здравствуйте, Иван! Дирижабль прилетит осенью. Подсказать, где его увидеть?"


async def list_gaps(api: Api, by: Any, **query: Any) -> list[dict[str, Any]]:
    answer = await api.get(GAPS, headers=api.as_(by), params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def analyze_message(api: Api, people: People, database: JoinedDatabase, text: str) -> str:
    path = await came_in(api, people, text=text)
    await sorted_out(api, people, path)
    await relayed(database)
    return path


@pytest.mark.order("O-6.2.6")
async def test_messages_without_a_fitting_template_are_grouped_and_drafted(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    paths = [
        await analyze_message(api, people, database, text) for text in (*SHIPS, "Иван, тел. +7 913 123-45-67: дрон")
    ]
    ships, other = await list_gaps(api, people.operator)
    assert (ships["count"], ships["no_template"], ships["not_taken"]) == (3, 3, 0)
    assert ships["unit_id"] == str(people.operator.unit_id) and set(ships["examples"]) == set(SHIPS)
    assert ships["words"][0] == "дирижабль"
    assert other["count"] == 1 and other["examples"] == ["[имя], тел. [телефон]: дрон"]
    assert (ships["dismissed"], other["dismissed"]) == (None, None)
    assert await list_gaps(api, people.other_operator) == [], "the gap belongs to another unit"

    draft = f"{GAPS}/{ships['id']}/draft"
    unanswered = await api.post(draft, headers=api.as_(people.operator), json={"key": "dirizhabl"})
    assert [fault["pointer"] for fault in unanswered.json()["errors"]] == ["/text"]
    await sent(api, people, paths[1], database, text=ANSWER)
    assert (await api.post(draft, headers=api.as_(people.other_operator), json={"key": "x"})).status_code == 404
    made = await api.post(draft, headers=api.as_(people.operator), json={"key": "dirizhabl"})
    data = made.json()
    assert (made.status_code, data["state"], data["key"]) == (201, "draft", "dirizhabl"), made.text
    assert data["text"] == ANSWER.replace("Иван", "{имя}")
    assert set(data["examples"]) == set(SHIPS) and data["title"] in SHIPS and "дирижабль" in data["keywords"]
    assert [item["id"] for item in await list_gaps(api, people.operator)] == [other["id"]], "a drafted gap is closed"
    assert (await api.post(draft, headers=api.as_(people.operator), json={"key": "again"})).status_code == 404


@pytest.mark.order("O-6.2.6")
async def test_a_dismissed_group_is_hidden_until_the_next_message(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    for text in SHIPS[:2]:
        await analyze_message(api, people, database, text)
    (ships,) = await list_gaps(api, people.operator)
    path, reason = f"{GAPS}/{ships['id']}", {"reason": "Один полёт, шаблон не нужен"}
    for body, pointer in (({}, "/reason"), ({"reason": " "}, "/reason"), ({"reason": "x" * 2001}, "/reason")):
        refused = await api.post(f"{path}/dismiss", headers=api.as_(people.operator), json=body)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    for stranger in (people.other_operator, people.other_head):
        assert (await api.post(f"{path}/dismiss", headers=api.as_(stranger), json=reason)).status_code == 404
    key = {"Idempotency-Key": new_id().hex}
    done, again = [await api.post(f"{path}/dismiss", headers=api.as_(people.operator) | key, json=reason) for _ in "12"]
    assert (done.status_code, again.status_code) == (201, 201) and done.json() == again.json(), done.text
    data = done.json()["dismissed"]
    assert (data["reason"], data["dismissed_by"], data["count"]) == (reason["reason"], str(people.operator.id), 2)
    assert data["dismissed_at"].endswith("+07:00")
    assert await list_gaps(api, people.operator) == []
    assert await list_gaps(api, people.unit_head, dismissed=True) == [done.json()], "the head sees the decision"
    assert await list_gaps(api, people.other_head, dismissed=True) == []
    twice = await api.post(f"{path}/dismiss", headers=api.as_(people.operator), json=reason)
    assert (twice.status_code, twice.json()["code"]) == (404, "gap_not_found")

    await analyze_message(api, people, database, SHIPS[2])
    (back,) = await list_gaps(api, people.operator)
    assert (back["id"], back["count"], back["examples"]) == (ships["id"], 1, [SHIPS[2]]), "only later messages count"
    assert back["dismissed"] == data, "the earlier decision is returned too"
    assert await list_gaps(api, people.operator, dismissed=True) == []
    again = await api.post(f"{path}/dismiss", headers=api.as_(people.unit_head), json={"reason": "И этот"})
    assert (again.json()["dismissed"]["count"], again.json()["count"]) == (3, 3)
    async with database.transaction() as session:
        kept = (await session.exec(select(GapDismissal).order_by(col(GapDismissal.id)))).all()
        assert [row.reason for row in kept] == [reason["reason"], "И этот"], "every decision is recorded"
        trail = (await session.exec(select(AuditEvent).where(AuditEvent.action == "template_gap.dismissed"))).all()
        assert {row.actor_id for row in trail} == {people.operator.id, people.unit_head.id}


@pytest.mark.order("O-6.2.6")
async def test_a_dismissed_group_can_still_be_drafted(api: Api, people: People, database: JoinedDatabase) -> None:
    await analyze_message(api, people, database, SHIPS[0])
    (ships,) = await list_gaps(api, people.operator)
    path = f"{GAPS}/{ships['id']}"
    await api.post(f"{path}/dismiss", headers=api.as_(people.operator), json={"reason": "Не нужен"})
    made = await api.post(f"{path}/draft", headers=api.as_(people.operator), json={"key": "a", "text": "Осенью."})
    assert (made.status_code, made.json()["examples"]) == (201, [SHIPS[0]])
    assert await list_gaps(api, people.operator) == await list_gaps(api, people.operator, dismissed=True) == []


@pytest.mark.order("O-6.2.6")
@pytest.mark.parametrize("named", [False, True])
async def test_a_gap_moves_with_its_message_to_another_unit(
    api: Api, people: People, database: JoinedDatabase, *, named: bool
) -> None:
    path = await analyze_message(api, people, database, SHIPS[0])
    (ships,) = await list_gaps(api, people.operator)
    dismissed = await api.post(
        f"{GAPS}/{ships['id']}/dismiss", headers=api.as_(people.operator), json={"reason": "Не нам"}
    )
    assert dismissed.status_code == 201
    body = {"unit_id": str(people.other_operator.unit_id)}
    body |= {"assignee_id": str(people.other_operator.id)} if named else {}
    assert (await act(api, people.unit_head, path, "assign", body)).status_code == 200
    await relayed(database)
    for who in (people.operator, people.unit_head):  # the gap is hidden together with the message
        assert await list_gaps(api, who) == await list_gaps(api, who, dismissed=True) == []
    (moved,) = await list_gaps(api, people.other_operator)
    assert (moved["unit_id"], moved["count"], moved["dismissed"]) == (body["unit_id"], 1, None)


async def test_a_gap_has_the_latest_text_of_the_client(api: Api, people: People, database: JoinedDatabase) -> None:
    path = await analyze_message(api, people, database, SHIPS[0])
    body = {"text": "Где увидеть аэростат?", "changed_at": clock.now().isoformat()}
    data = await api.post(f"{path}/revisions", headers=api.as_(people.operator), json=body)
    assert data.status_code == 201, data.text
    await relayed(database)
    (gap,) = await list_gaps(api, people.operator)
    assert (gap["examples"], gap["words"]) == ([body["text"]], ["аэростат", "увидеть"])


async def test_reassigning_an_answered_message_keeps_its_gap(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    path = await analyze_message(api, people, database, "Где узнать про льготный заём?")
    await sent(api, people, path, database)
    before = await list_gaps(api, people.operator)
    assert [gap["not_taken"] for gap in before] == [1]
    body = {"assignee_id": str(people.colleague.id)}
    assigned = await act(api, people.unit_head, path, "assign", body | {"unit_id": str(people.operator.unit_id)})
    assert assigned.status_code == 200, assigned.text
    await relayed(database)
    assert await list_gaps(api, people.operator) == before


@pytest.mark.order("O-6.2.6")
async def test_names_in_a_message_appear_in_no_gap_and_no_draft(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    client = {"kind": "individual", "name": "masha_s", "contacts": [{"kind": "vk", "value": "id777"}]}
    text = "Я Сидорова Мария, ул. Ленина, д. 15, кв. 3. Где дирижабль? Мой сосед Петров И.И."
    path = await came_in(api, people, text=text, client=client)
    await sorted_out(api, people, path)
    await sent(api, people, path, database, text="Здравствуйте, Мария! Дирижабль прилетит. Чем помочь?")
    (gap,) = await list_gaps(api, people.operator)
    assert gap["examples"] == ["Я [имя], [адрес]. Где дирижабль? Мой сосед [имя]"]
    made = await api.post(f"{GAPS}/{gap['id']}/draft", headers=api.as_(people.operator), json={"key": "a"})
    draft = made.json()
    assert draft["text"] == "Здравствуйте, {имя}! Дирижабль прилетит. Чем помочь?"
    kept = " ".join([draft["title"], *draft["keywords"], *draft["examples"]]).casefold()
    for name in ("мария", "сидоров", "петров", "ленин", "15"):
        assert name not in kept, name
    assert set(draft["keywords"]) == {"дирижабль", "сосед"}, "nor the rest of the address"


async def test_a_reply_too_long_after_masking_requires_a_text(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    client = {"kind": "individual", "name": "Ян", "contacts": [{"kind": "vk", "value": "id777"}]}
    path = await came_in(api, people, text=SHIPS[0], client=client, kind="message")
    await sorted_out(api, people, path)
    reply = await drafted(api, people, path, text="Ян, " * 2_000 + "помочь?")
    for verb, who in (("submit", people.operator), ("approve", people.unit_head), ("send", people.operator)):
        assert (await act(api, who, reply, verb, {})).is_success
    await relayed(database)
    (gap,) = await list_gaps(api, people.operator)
    for draft in (f"{GAPS}/{gap['id']}/draft", f"{reply}/draft_template"):
        refused = await api.post(draft, headers=api.as_(people.operator), json={"key": "a"})
        fault = refused.json()["errors"][0]
        assert (refused.status_code, fault["pointer"], fault["code"]) == (422, "/text", "string_too_long")
    made = await api.post(f"{reply}/draft_template", headers=api.as_(people.operator), json={"key": "a", "text": "Да"})
    assert made.status_code == 201


async def test_only_one_of_concurrent_decisions_on_a_gap_succeeds(fresh_database: str, tmp_path: Path) -> None:
    async with service(fresh_database, tmp_path) as (api, people, database):
        async with database.transaction() as session:
            data = Unanswered(new_id(), people.operator.unit_id or new_id(), SHIPS[0], GapReason.NO_TEMPLATE)
            await record_gap(session, data)
        (gap,) = await list_gaps(api, people.operator)
        path, headers = f"{GAPS}/{gap['id']}", api.as_(people.operator)
        answers = await asyncio.gather(
            *[api.post(f"{path}/draft", headers=headers, json={"key": f"a-{n}", "text": "Да"}) for n in range(4)],
            *[api.post(f"{path}/dismiss", headers=headers, json={"reason": "Нет"}) for _ in range(4)],
        )
        statuses = [answer.status_code for answer in answers]
        assert statuses[:4].count(201) == 1 and set(statuses[:4]) == {201, 404}, statuses
        assert statuses[4:].count(201) <= 1 and set(statuses[4:]) <= {201, 404}, statuses


@pytest.mark.order("O-6.2.6")
async def test_an_unused_suggestion_is_a_gap_and_a_used_one_is_not(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    own, taken = [await analyze_message(api, people, database, "Где узнать про льготный заём?") for _ in range(2)]
    assert await list_gaps(api, people.operator) == [], "a template fits"
    await sent(api, people, own, database)
    filled = {"template_id": example_ids.TEMPLATE, "text": None}
    await sent(api, people, taken, database, **filled, values={"имя": "Иван", "ссылка": "https://mb.example.ru"})
    (gap,) = await list_gaps(api, people.operator)
    assert (gap["count"], gap["not_taken"]) == (1, 1)
    assert len(gap["offered_template_ids"]) == 1


@pytest.mark.order("O-6.2.6", "O-6.2.1")
async def test_a_message_that_needs_no_reply_from_the_unit_is_not_a_gap(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    outside = await came_in(api, people, text="Когда починят лифт?")
    await sorted_out(api, people, outside, competence="outside", reason="Дом")
    spam, repeat = [await analyze_message(api, people, database, SHIPS[0]) for _ in range(2)]
    assert [item["count"] for item in await list_gaps(api, people.operator)] == [2]
    assert (await act(api, people.operator, repeat, "duplicate", {"of": spam.rpartition("/")[2]})).status_code == 200
    assert (await act(api, people.operator, spam, "spam", {})).status_code == 200
    await relayed(database)
    assert await list_gaps(api, people.operator) == []


@pytest.mark.order("O-6.2.6")
async def test_a_sent_reply_becomes_a_draft(api: Api, people: People, database: JoinedDatabase) -> None:
    path = await analyze_message(api, people, database, SHIPS[0])
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
        ("Приходите: [адрес]. [почта]", "Приходите: {адрес}. [почта]"),
        ("{имя} {0.__class__}", "(имя) (0.__class__)"),  # braces of a reply are not placeholders
    ],
)
def test_a_reply_becomes_a_text_with_placeholders(answer: str, text: str) -> None:
    assert to_template_text(answer) == text


def test_a_title_is_one_line_of_limited_length() -> None:
    assert to_one_line("где\n взять   заём") == "где взять заём"
    assert len(to_one_line("а" * 500)) == 200


def test_a_typical_message_is_stripped_and_truncated() -> None:
    assert to_example(" \n" * 2_000 + "где?\n") == "где?"
    assert to_example("а" * 5_000) == "а" * (MAX_EXAMPLE - 1) + "…"
