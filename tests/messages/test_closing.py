"""Closing, redirects, extensions, duplicates, merged and continued threads, revisions, approval."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
import time_machine
from sqlmodel import select

from app.core.ids import new_id
from app.legal_acts.models import LegalAct
from app.messages.models import Message
from app.messages.service import reminders
from app.organizations.models import Organization
from app.reply_templates.rules.placeholders import EXAMPLES, PLACEHOLDERS
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.deliveries.factories import work_off
from tests.messages.factories import MESSAGES, act, approved, drafted, message_body, register, registered, triage_body
from tests.messages.test_deadlines_api import by_stage

START = datetime(2026, 11, 24, 3, 15, tzinfo=UTC)
ACT = "01900000-0000-7000-8000-000000000041"


@pytest.fixture(autouse=True)
def stopped_clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


async def relayed(database: JoinedDatabase) -> None:
    await work_off(database)


async def fetch(api: Api, people: People, path: str) -> dict[str, Any]:
    answer = await api.get(path, headers=api.as_(people.operator))
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()
    return data


async def came_in(api: Api, people: People, **more: Any) -> str:
    return f"{MESSAGES}/{(await registered(api, people, **more))['id']}"


async def sorted_out(api: Api, people: People, path: str, **more: Any) -> None:
    answer = await act(api, people.operator, path, "triage", triage_body(people, **more))
    assert answer.status_code == 200, answer.text


async def sent(api: Api, people: People, path: str, database: JoinedDatabase, **body: Any) -> None:
    reply = await drafted(api, people, path, **body)
    assert (await act(api, people.operator, reply, "submit", {})).status_code == 200
    assert (await act(api, people.unit_head, reply, "approve", {})).status_code == 200
    assert (await act(api, people.operator, reply, "send", {})).status_code == 202
    await relayed(database)


@pytest.mark.order("O-6.2.1")
async def test_a_message_outside_the_competence_is_redirected_with_a_notice(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    path = await came_in(api, people)
    body = {"to": "Министерство здравоохранения", "legal_act_id": ACT, "text": "Здравствуйте! Вопрос передан."}
    assert (await act(api, people.operator, path, "redirect", body)).status_code == 409, "not triaged yet"
    await sorted_out(api, people, path)
    refused = await act(api, people.operator, path, "redirect", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "move_not_allowed"), "it is within the competence"
    await sorted_out(api, people, path, competence="outside", reason="Здравоохранение")
    unknown = await act(api, people.operator, path, "redirect", body | {"legal_act_id": str(new_id())})
    assert [fault["pointer"] for fault in unknown.json()["errors"]] == ["/legal_act_id"]
    answer = await act(api, people.operator, path, "redirect", body)
    data = answer.json()
    assert (answer.status_code, data["state"]) == (200, "redirected")
    assert data["redirect"] == {"to": body["to"], "legal_act_id": ACT}
    found = by_stage(data)
    assert found["redirect", "limit"]["state"] == "met"
    assert {key for key, value in found.items() if value["state"] == "running"} == {("first_reply", "target")}
    (notice,) = data["replies"]
    assert (notice["kind"], notice["state"], notice["text"]) == ("notice", "sending", body["text"])
    await relayed(database)
    data = await fetch(api, people, path)
    assert (data["state"], data["replies"][0]["state"]) == ("redirected", "sent")
    assert by_stage(data)["first_reply", "target"]["state"] == "met" and data["due_at"] is None
    platform = await api.get(path, headers=api.as_(people.integration))
    assert [entry["kind"] for entry in platform.json()["thread"]] == ["message", "reply"]


@pytest.mark.order("O-6.2.2")
async def test_the_final_reply_is_extended_once_within_the_limit_with_a_notice(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    path = await came_in(api, people)
    await sorted_out(api, people, path)
    body = {"reason": "Запрошены сведения", "days": 15}
    assert (await act(api, people.operator, path, "extend", body)).status_code == 403
    too_long = await act(api, people.unit_head, path, "extend", body | {"days": 31})
    assert [fault["pointer"] for fault in too_long.json()["errors"]] == ["/days"]
    answer = await act(api, people.unit_head, path, "extend", body)
    assert answer.status_code == 200, answer.text
    final = by_stage(answer.json())["final_reply", "limit"]
    assert (final["due_at"], final["extended_days"]) == ("2026-12-30T23:59:59+07:00", 15)
    assert by_stage(answer.json())["final_reply", "target"]["extended_days"] == 0
    again = await act(api, people.unit_head, path, "extend", body)
    assert (again.status_code, again.json()["code"]) == (409, "extension_not_possible")
    await relayed(database)
    data = await fetch(api, people, path)
    (notice,) = data["replies"]
    assert notice["state"] == "sent" and "продлён до 30.12.2026" in notice["text"] and body["reason"] in notice["text"]
    assert data["state"] == "triaged", "a notice is not an answer"
    explained = (await api.get(f"{path}/deadlines/explain", headers=api.as_(people.operator))).json()["stages"]
    steps = next(s for s in explained if s["stage"] == "final_reply" and s["kind"] == "limit")["steps"]
    assert steps[-1]["what"] == "Срок продлён на 15 дн."


@pytest.mark.order("O-6.2.2")
async def test_an_information_request_is_extended_only_before_the_delay_notice_is_due(
    api: Api, people: People, stopped_clock: time_machine.Traveller, database: JoinedDatabase
) -> None:
    early, late = await came_in(api, people), await came_in(api, people)
    for path in (early, late):
        await sorted_out(api, people, path, **{"class": "information_request"})
    data = await fetch(api, people, early)
    assert data["class"] == "information_request"
    assert by_stage(data)["delay_notice", "limit"]["due_at"] == "2026-12-01T23:59:59+07:00"
    assert by_stage(data)["final_reply", "limit"]["legal_act"] == "Федеральный закон от 09.02.2009 № 8-ФЗ"
    body = {"reason": "Нужен архив", "days": 15}
    answer = await act(api, people.unit_head, early, "extend", body)
    assert answer.status_code == 200
    assert by_stage(answer.json())["delay_notice", "limit"]["state"] == "met"
    stopped_clock.move_to(START + timedelta(days=10))
    async with database.transaction() as session:
        await reminders.remind_and_escalate(session)
    data = await fetch(api, people, late)
    assert ("delay_notice", "limit") not in by_stage(data), "a delay notice is optional"
    assert (await act(api, people.unit_head, late, "extend", body)).status_code == 409


@pytest.mark.order("O-6.2.1")
async def test_a_duplicate_is_closed_and_kept(api: Api, people: People) -> None:
    first, second, third = [await came_in(api, people) for _ in range(3)]
    of = {"of": first.rpartition("/")[2]}
    for wrong in (str(new_id()), second.rpartition("/")[2]):
        answer = await act(api, people.operator, second, "duplicate", {"of": wrong})
        assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/of"]
    third_of_second = {"of": second.rpartition("/")[2]}
    assert (await act(api, people.operator, third, "duplicate", third_of_second)).status_code == 200
    answer = await act(api, people.operator, second, "duplicate", of)
    assert (answer.json()["state"], answer.json()["duplicate_of"]) == ("closed", of["of"])
    assert answer.json()["due_at"] is None
    assert (await fetch(api, people, third))["duplicate_of"] == of["of"], "no chains"
    listed = await api.get(MESSAGES, params={"duplicate_of": of["of"]}, headers=api.as_(people.operator))
    assert len(listed.json()["items"]) == 2
    reopened = await act(api, people.operator, second, "reopen", {"reason": "Не повтор"})
    assert (reopened.json()["state"], reopened.json()["duplicate_of"]) == ("received", None)
    foreign = await api.post(
        MESSAGES,
        headers=api.as_(people.other_operator),
        json=message_body(people, interaction_point_id=str(people.other_point_id)),
    )
    answer = await act(api, people.operator, first, "duplicate", {"of": foreign.json()["id"]})
    assert answer.status_code == 422, "a message of another unit cannot be the original"


@pytest.mark.order("O-2.5", "O-6.2.3b")
async def test_a_new_comment_of_the_client_reopens_the_message(
    api: Api, people: People, database: JoinedDatabase, stopped_clock: time_machine.Traveller
) -> None:
    thread = {"thread_external_id": "wall-1_70"}
    path = await came_in(api, people, **thread)
    await sorted_out(api, people, path)
    offered = [str(people.point_id)]
    await sent(api, people, path, database, kind="channel_transfer", text="Напишите нам.", offered_point_ids=offered)
    assert (await fetch(api, people, path))["state"] == "awaiting_client"
    stranger = {"kind": "individual", "name": "Другой", "contacts": [{"kind": "vk", "value": "id999"}]}
    await registered(api, people, client=stranger, **thread)
    assert (await fetch(api, people, path))["state"] == "awaiting_client", "another client wrote under the post"
    stopped_clock.move_to(START + timedelta(days=2))
    again = await registered(api, people, text="Всё равно не понял", **thread)
    data = await fetch(api, people, path)
    assert data["state"] == "in_progress"
    assert by_stage(data)["final_reply", "target"]["due_at"] == "2026-12-07T23:59:59+07:00", "the pause is added"
    step = data["history"][-1]
    assert (step["what"], step["note"]) == ("client_wrote_again", again["number"])
    await sent(api, people, path, database)
    assert (await fetch(api, people, path))["state"] == "answered"
    stopped_clock.move_to(START + timedelta(days=3))
    await registered(api, people, text="Спасибо, но ещё вопрос", **thread)
    data = await fetch(api, people, path)
    assert data["state"] == "in_progress"
    assert by_stage(data)["final_reply", "limit"]["due_at"] == "2026-12-25T23:59:59+07:00", "from the new receipt"


@pytest.mark.order("O-2.5")
async def test_a_client_is_found_among_more_than_500_later_messages_of_others(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    thread = {"thread_external_id": "wall-1_71"}
    path = await came_in(api, people, **thread)
    await sorted_out(api, people, path)
    assert (await act(api, people.operator, path, "close", {"reason": "Решено"})).status_code == 200
    stranger = {"kind": "individual", "name": "Другой", "contacts": [{"kind": "vk", "value": "id999"}]}
    other = UUID((await registered(api, people, client=stranger, **thread))["id"])
    async with database.transaction() as session:
        row = await session.get_one(Message, other)
        copied = row.model_dump() | {"state": "answered", "received_at": START + timedelta(hours=1)}
        copies = [copied | {"id": new_id(), "number": f"x-{n}", "external_id": None} for n in range(501)]
        await session.exec(sa.insert(Message), params=copies)
    await registered(api, people, text="Снова не работает", **thread)
    assert (await fetch(api, people, path))["state"] == "in_progress"


@pytest.mark.order("O-2.5", "O-6.2.3b")
async def test_a_new_comment_reopens_a_closed_message_but_no_duplicate_and_no_untriaged_one(
    api: Api, people: People, stopped_clock: time_machine.Traveller
) -> None:
    thread = {"thread_external_id": "wall-1_70"}
    first, repeat, unanalysed = [await came_in(api, people, **thread) for _ in range(3)]
    await sorted_out(api, people, first)
    await sorted_out(api, people, repeat)
    assert (await act(api, people.operator, first, "close", {"reason": "Решено по телефону"})).status_code == 200
    of = {"of": first.rpartition("/")[2]}
    assert (await act(api, people.operator, repeat, "duplicate", of)).status_code == 200
    assert (await act(api, people.operator, unanalysed, "close", {"reason": "Нет вопроса"})).status_code == 200
    stopped_clock.move_to(START + timedelta(days=3))
    await registered(api, people, text="Снова не работает", **thread)
    data = await fetch(api, people, first)
    assert data["state"] == "in_progress"
    assert by_stage(data)["final_reply", "limit"]["due_at"] == "2026-12-25T23:59:59+07:00", "from the new receipt"
    assert [(await fetch(api, people, path))["state"] for path in (repeat, unanalysed)] == ["closed", "closed"]


@pytest.mark.order("O-6.2.3b")
async def test_the_continuation_at_another_point_stays_linked(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    path = await came_in(api, people)
    await sorted_out(api, people, path)
    await sent(
        api,
        people,
        path,
        database,
        kind="channel_transfer",
        text="Напишите нам.",
        offered_point_ids=[str(people.point_id)],
    )
    client = {"kind": "individual", "name": "Иван Петров", "contacts": [{"kind": "email", "value": "i@x.example"}]}
    first_id = path.rpartition("/")[2]
    body = message_body(people, client=client, continues_id=first_id, text="Пишу сюда, как просили")
    answer = await register(api, people.operator, body)
    assert answer.status_code == 201, answer.text
    data = await fetch(api, people, path)
    assert data["state"] == "in_progress"
    assert [entry["text"] for entry in data["thread"] if entry["kind"] == "message"][-1] == body["text"]
    assert answer.json()["continues_id"] == first_id
    wrong = await register(api, people.operator, body | {"external_id": "other", "continues_id": str(new_id())})
    assert [fault["pointer"] for fault in wrong.json()["errors"]] == ["/continues_id"]


@pytest.mark.order("O-2.5")
async def test_the_threads_of_one_client_are_merged_without_messages_of_others(api: Api, people: People) -> None:
    stranger = {"kind": "individual", "name": "Другой", "contacts": [{"kind": "vk", "value": "id999"}]}
    one = await came_in(api, people, thread_external_id="wall-1_1", text="Первое")
    other = await came_in(api, people, thread_external_id="wall-1_2", text="Второе")
    beside = await came_in(api, people, thread_external_id="wall-1_2", text="Чужое", client=stranger)
    into = {"into": one.rpartition("/")[2]}
    refused = await act(api, people.operator, beside, "merge", into)
    assert (refused.status_code, refused.json()["code"]) == (409, "different_clients")
    answer = await act(api, people.operator, other, "merge", into)
    assert answer.status_code == 200, answer.text
    assert [entry["text"] for entry in answer.json()["thread"]] == ["Первое", "Второе"]
    assert [entry["text"] for entry in (await fetch(api, people, beside))["thread"]] == ["Чужое"]
    again = await act(api, people.operator, other, "merge", into)
    assert (again.status_code, again.json()["code"]) == (409, "same_thread")
    alone = await came_in(api, people, thread_external_id="wall-1_3", text="Третье")
    assert (await act(api, people.operator, alone, "merge", into)).status_code == 200
    later = await registered(api, people, thread_external_id="wall-1_3", text="Четвёртое")
    texts = [entry["text"] for entry in later["thread"]]
    assert texts == ["Первое", "Второе", "Третье", "Четвёртое"], "a new message follows the merged thread"


@pytest.mark.order("O-2.5")
async def test_edits_and_deletions_at_the_source_are_kept_as_revisions(api: Api, people: People) -> None:
    path = await came_in(api, people, text="Где узнать?")
    platform = api.as_(people.integration) | {"Idempotency-Key": new_id().hex}
    moment = "2026-11-24T10:10:00+07:00"
    answer = await api.post(f"{path}/revisions", headers=platform, json={"text": "Где спросить?", "changed_at": moment})
    assert (answer.status_code, answer.json()["text"]) == (201, "Где спросить?")
    assert answer.json()["revisions"] == [], "the platform knows its own edits"
    listed = await api.get(MESSAGES, params={"q": "спросить"}, headers=api.as_(people.operator))
    assert len(listed.json()["items"]) == 1
    headers = platform | {"Idempotency-Key": new_id().hex}
    both = await api.post(
        f"{path}/revisions", headers=headers, json={"text": "x", "is_deleted": True, "changed_at": moment}
    )
    assert [fault["pointer"] for fault in both.json()["errors"]] == ["/text"]
    answer = await api.post(f"{path}/revisions", headers=headers, json={"is_deleted": True, "changed_at": moment})
    assert answer.status_code == 201, answer.text
    twice = platform | {"Idempotency-Key": new_id().hex}
    answer = await api.post(f"{path}/revisions", headers=twice, json={"is_deleted": True, "changed_at": moment})
    assert answer.status_code == 201, "a repeated report"
    data = await fetch(api, people, path)
    assert data["is_deleted_at_source"] and data["text"] == "Где спросить?", "nothing is lost"
    assert [(r["kind"], r["text"]) for r in data["revisions"]] == [
        ("edited", "Где узнать?"),
        ("deleted", "Где спросить?"),
    ]
    timeline = (await api.get(f"{path}/timeline", headers=api.as_(people.operator))).json()["items"]
    assert {"message", "step", "revision", "deadline"} == {entry["kind"] for entry in timeline}
    assert "Изменено клиентом. Прежний текст: Где узнать?" in [entry["what"] for entry in timeline]
    platform_sees = (await api.get(f"{path}/timeline", headers=api.as_(people.integration))).json()["items"]
    assert {entry["kind"] for entry in platform_sees} == {"message"}


@pytest.mark.order("O-10", "O-6.2.6")
@pytest.mark.parametrize(
    ("rule", "own_text", "from_template", "own_over_template"),
    [
        ("always", "awaiting_approval", "awaiting_approval", "awaiting_approval"),
        ("without_template", "awaiting_approval", "approved", "awaiting_approval"),
        ("never", "approved", "approved", "approved"),
    ],
)
async def test_the_approval_rule_of_the_unit_applies(
    api: Api, people: People, rule: str, own_text: str, from_template: str, own_over_template: str
) -> None:
    admin = api.as_(people.admin)
    unit = f"/api/v1/units/{people.operator.unit_id}"
    tag = (await api.get(unit, headers=admin)).headers["etag"]
    answer = await api.patch(unit, headers=admin | {"If-Match": tag}, json={"approval_rule": rule})
    assert answer.json()["approval_rule"] == rule
    headers = api.as_(people.operator)
    listed = (await api.get("/api/v1/reply-templates", params={"state": "published"}, headers=headers)).json()
    known = listed["items"][0]
    values = {name: EXAMPLES[PLACEHOLDERS[name]] for name in known["placeholders"]}
    path = await came_in(api, people)
    await sorted_out(api, people, path)
    for body, state in (
        ({"kind": "answer", "text": "Здравствуйте!"}, own_text),
        ({"kind": "answer", "text": None, "template_id": known["id"], "values": values}, from_template),
        ({"kind": "answer", "text": "Своё", "template_id": known["id"]}, own_over_template),
    ):
        message = await came_in(api, people)
        await sorted_out(api, people, message)
        reply = await drafted(api, people, message, **body)
        answer = await act(api, people.operator, reply, "submit", {})
        assert (answer.status_code, answer.json()["state"]) == (200, state), (rule, body)
        if state == "approved":
            assert answer.json()["approved_by"] is None
            assert (await act(api, people.operator, reply, "send", {})).status_code == 202


@pytest.mark.order("O-10")
async def test_no_author_of_a_text_approves_it(api: Api, people: People) -> None:
    """An employee who edits a draft becomes one of its authors; the first author remains one."""
    path = await came_in(api, people)
    await sorted_out(api, people, path)
    headers = api.as_(people.unit_head)
    answer = await api.post(f"{path}/replies", headers=headers, json={"kind": "answer", "text": "Здравствуйте!"})
    reply = f"{path}/replies/{answer.json()['id']}"
    tag = answer.headers["etag"]
    edited = await api.patch(
        reply, headers=api.as_(people.operator) | {"If-Match": tag}, json={"text": "Здравствуйте! Вот."}
    )
    assert edited.json()["drafted_by"] == str(people.unit_head.id)
    assert (await act(api, people.operator, reply, "submit", {})).status_code == 200
    refused = await act(api, people.unit_head, reply, "approve", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "four_eyes")


@pytest.mark.order("O-6.2.1")
async def test_a_returned_reply_of_an_outside_message_stays_outside(api: Api, people: People) -> None:
    path = await came_in(api, people)
    await sorted_out(api, people, path, competence="outside", reason="Не наше")
    reply = await drafted(api, people, path)
    assert (await act(api, people.operator, reply, "submit", {})).status_code == 200
    assert (await act(api, people.unit_head, reply, "return", {"reason": "Короче"})).status_code == 200
    assert (await fetch(api, people, path))["state"] == "out_of_competence"


@pytest.mark.order("O-6.2.1", "O-2.4")
async def test_a_topic_and_unit_are_proposed_with_the_words_that_led_to_them(api: Api, people: People) -> None:
    data = await registered(api, people, text="Какие субсидии и льготные займы есть для предпринимателей?")
    assert data["proposal"] is None, "not shown to the platform"
    proposal = (await fetch(api, people, f"{MESSAGES}/{data['id']}"))["proposal"]
    assert proposal["words"] == ["субсидии", "предпринимателей"] and proposal["unit_id"] == str(people.operator.unit_id)
    data = await registered(api, people, text="Как заключить соглашение инвестору по его проекту? Нужен заем")
    proposal = (await fetch(api, people, f"{MESSAGES}/{data['id']}"))["proposal"]
    assert proposal["unit_id"] == str(people.other_operator.unit_id), "a topic of another unit is only proposed"
    assert data["unit_id"] == str(people.operator.unit_id)
    data = await registered(api, people, text="Поручительств нет, а заём нужен")
    proposal = (await fetch(api, people, f"{MESSAGES}/{data['id']}"))["proposal"]
    assert proposal["words"] == ["Поручительств", "заём"], "forms of words, ё = е"
    data = await registered(api, people, text="Добрый день!")
    assert (await fetch(api, people, f"{MESSAGES}/{data['id']}"))["proposal"] is None


@pytest.mark.order("O-6.2.1")
async def test_competent_bodies_are_kept_with_their_explanations(api: Api, people: People) -> None:
    admin, operator = api.as_(people.admin), api.as_(people.operator)
    url = "/api/v1/competent-bodies"
    body = {"name": "Минздрав", "questions": "Медицинская помощь", "explanation": "Здравствуйте! Обратитесь туда."}
    assert (await api.post(url, headers=operator, json=body)).status_code == 403
    made = await api.post(url, headers=admin, json=body)
    assert made.status_code == 201, made.text
    assert (await api.post(url, headers=admin, json=body)).json()["code"] == "competent_body_exists"
    listed = (await api.get(url, headers=operator)).json()["items"]
    assert made.json() in listed
    one = f"{url}/{made.json()['id']}"
    closed = await api.patch(one, headers=admin | {"If-Match": '"1"'}, json={"closed_on": "2026-11-23"})
    assert (closed.status_code, closed.headers["etag"]) == (200, '"2"')
    assert made.json()["id"] not in {item["id"] for item in (await api.get(url, headers=operator)).json()["items"]}
    every = await api.get(url, params={"with_closed": "true"}, headers=operator)
    assert made.json()["id"] in {item["id"] for item in every.json()["items"]}
    assert (await api.get(f"{url}/{new_id()}", headers=operator)).json()["code"] == "competent_body_not_found"


async def test_every_act_of_the_default_policies_exists(database: JoinedDatabase) -> None:
    async with database.transaction() as session:
        acts = (await session.exec(select(LegalAct))).all()
        assert {act.number for act in acts} >= {"122", "59-ФЗ", "8-ФЗ", "2124-I"}
        assert (await session.exec(select(Message))).all() == []


@pytest.mark.order("O-10")
async def test_an_approved_reply_can_be_returned(api: Api, people: People) -> None:
    path, reply = await approved(api, people)
    assert (await act(api, people.unit_head, reply, "return", {"reason": "Передумал"})).status_code == 200
    assert (await fetch(api, people, path))["state"] == "in_progress"


@pytest.mark.order("O-6.2.2")
async def test_a_message_keeps_its_policies_when_others_are_added_or_ended(api: Api, people: People) -> None:
    admin = api.as_(people.admin)
    path = await came_in(api, people)
    before = by_stage(await fetch(api, people, path))
    body: dict[str, Any] = {
        "key": "vk-final",
        "name": "Быстрее",
        "stage": "final_reply",
        "class": "message",
        "channel": "vk",
    }
    body |= {"unit": "calendar_days", "amount": 5, "roll": "none", "start_event": "registration"}
    policies = "/api/v1/deadline-policies"
    assert (await api.post(policies, headers=admin, json=body)).status_code == 201
    listed = (await api.get(policies, params={"limit": 200}, headers=admin)).json()["items"]
    old = next(policy["id"] for policy in listed if policy["key"] == "message-final-reply")
    ended = await api.patch(f"{policies}/{old}", headers=admin | {"If-Match": "*"}, json={"valid_to": "2026-01-01"})
    assert ended.status_code == 200
    await sorted_out(api, people, path, competence="unclear", reason="Уточняем")
    assert by_stage(await fetch(api, people, path)) == before
    await sorted_out(api, people, path, priority="urgent")
    found = by_stage(await fetch(api, people, path))
    assert found["final_reply", "limit"]["name"] == "Быстрее", "a change of priority selects policies again"
    later = by_stage(await fetch(api, people, await came_in(api, people)))
    assert later["final_reply", "limit"]["name"] == "Быстрее"


@pytest.mark.order("O-2.5")
async def test_a_new_message_follows_a_thread_merged_twice(api: Api, people: People) -> None:
    paths = [await came_in(api, people, thread_external_id=f"wall-1_{n}", text=f"{n}") for n in (1, 2, 3)]
    for source, target in ((paths[0], paths[1]), (paths[1], paths[2])):
        answer = await act(api, people.operator, source, "merge", {"into": target.rpartition("/")[2]})
        assert answer.status_code == 200, answer.text
    later = await registered(api, people, thread_external_id="wall-1_1", text="4")
    assert {entry["text"] for entry in later["thread"]} == {"1", "2", "3", "4"}


@pytest.mark.order("O-6.2.3b")
async def test_later_messages_of_a_continued_thread_are_linked_too(api: Api, people: People) -> None:
    first = await registered(api, people, text="1")
    there = {"thread_external_id": "chat-7"}
    await registered(api, people, text="2", continues_id=first["id"], **there)
    later = await registered(api, people, text="3", **there)
    assert [entry["text"] for entry in later["thread"]] == ["1", "2", "3"]


@pytest.mark.order("O-2.5", "O-6.2.1")
async def test_a_repeated_edit_is_recorded_once_and_updates_the_proposal(api: Api, people: People) -> None:
    path = await came_in(api, people, text="Добрый день!")

    async def tell(**body: Any) -> Any:
        headers = api.as_(people.integration) | {"Idempotency-Key": new_id().hex}
        return await api.post(f"{path}/revisions", headers=headers, json=body)

    moment = "2026-11-24T10:14:00+07:00"
    for _ in range(2):
        assert (await tell(text="Какие есть субсидии?", changed_at=moment)).status_code == 201
    data = await fetch(api, people, path)
    assert [revision["text"] for revision in data["revisions"]] == ["Добрый день!"]
    assert data["proposal"]["words"] == ["субсидии"]
    await tell(is_deleted=True, changed_at=moment)
    await tell(text="Какие есть субсидии?", changed_at=moment)
    data = await fetch(api, people, path)
    assert not data["is_deleted_at_source"], "restored at the source"
    ahead = await tell(text="Потом", changed_at="2026-11-25T10:00:00+07:00")
    assert [(fault["pointer"], fault["code"]) for fault in ahead.json()["errors"]] == [("/changed_at", "in_the_future")]


@pytest.mark.order("O-6.2.1")
async def test_the_triage_decision_has_an_author_and_a_time(api: Api, people: People) -> None:
    path = await came_in(api, people)
    data = await fetch(api, people, path)
    assert (data["triaged_at"], data["triaged_by"]) == (None, None)
    await sorted_out(api, people, path, competence="outside", reason="Здравоохранение")
    answer = await act(api, people.colleague, path, "triage", triage_body(people))
    data = answer.json()
    assert (data["triaged_at"], data["triaged_by"]) == ("2026-11-24T10:15:00+07:00", str(people.colleague.id))
    decided = [(step["what"], step["by"], step["note"]) for step in data["history"][1:]]
    assert decided == [
        ("triage_outside", str(people.operator.id), "Здравоохранение"),
        ("triage_within", str(people.colleague.id), None),
    ]


@pytest.mark.order("O-6.2.2")
async def test_reopened_spam_is_due_by_the_current_calendar(api: Api, people: People) -> None:
    path = await came_in(api, people)
    assert (await act(api, people.operator, path, "spam", {})).status_code == 200
    day = {"day": "2026-11-25", "kind": "off", "name": "По указу"}
    corrected = await api.post("/api/v1/working-calendar", headers=api.as_(people.admin), json=day)
    assert corrected.status_code == 201
    assert (await act(api, people.operator, path, "reopen", {"reason": "Не спам"})).status_code == 200
    data, new = (
        by_stage(await fetch(api, people, path)),
        by_stage(await fetch(api, people, await came_in(api, people))),
    )
    assert data["first_reply", "target"]["due_at"] == "2026-11-26T11:15:00+07:00"
    assert {key: one["due_at"] for key, one in data.items()} == {key: one["due_at"] for key, one in new.items()}


@pytest.mark.order("O-6.2.2")
@pytest.mark.parametrize(("kind", "days"), [("information_request", 10), ("message", 40)])
async def test_a_late_deadline_is_not_extended_before_the_worker_marks_it(
    api: Api, people: People, stopped_clock: time_machine.Traveller, kind: str, days: int
) -> None:
    path = await came_in(api, people)
    await sorted_out(api, people, path, **{"class": kind})
    stopped_clock.move_to(START + timedelta(days=days))
    refused = await act(api, people.unit_head, path, "extend", {"reason": "Нужен архив", "days": 15})
    assert (refused.status_code, refused.json()["code"]) == (409, "extension_not_possible")


@pytest.mark.order("O-6.2.2")
async def test_a_missed_deadline_without_completion_is_not_reported_as_late(
    api: Api, people: People, database: JoinedDatabase, stopped_clock: time_machine.Traveller
) -> None:
    path = await came_in(api, people)
    stopped_clock.move_to(START + timedelta(days=3))
    async with database.transaction() as session:
        await reminders.remind_and_escalate(session)
    assert (await act(api, people.operator, path, "close", {"reason": "Решено"})).status_code == 200
    stages = (await api.get(f"{path}/deadlines/explain", headers=api.as_(people.operator))).json()["stages"]
    first = next(stage for stage in stages if stage["stage"] == "first_reply")
    assert (first["state"], first["steps"][-1]["what"]) == ("missed", "Не исполнено.")
    timeline = (await api.get(f"{path}/timeline", headers=api.as_(people.operator))).json()["items"]
    assert "Первый ответ на сообщение (цель): не исполнено" in [entry["what"] for entry in timeline]


@pytest.mark.order("O-2.2", "O-6.2.2")
async def test_the_notice_of_an_extension_has_the_local_date_of_the_organization(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    """Midnight in Moscow is four in the morning of the next day in Novosibirsk."""
    async with database.transaction() as session:
        organization = await session.get_one(Organization, people.operator.organization_id)
        organization.zone = "Europe/Moscow"
    path = await came_in(api, people)
    await sorted_out(api, people, path)
    answer = await act(api, people.unit_head, path, "extend", {"reason": "Запрошены сведения", "days": 15})
    (notice,) = answer.json()["replies"]
    assert "продлён до 30.12.2026" in notice["text"]


@pytest.mark.order("O-6.2.2")
async def test_a_completed_stage_does_not_start_again_with_another_priority(
    api: Api, people: People, database: JoinedDatabase, stopped_clock: time_machine.Traveller
) -> None:
    path = await came_in(api, people, thread_external_id="wall-1_70")
    await sorted_out(api, people, path)
    await sorted_out(api, people, path, priority="urgent")
    offered = {"kind": "channel_transfer", "offered_point_ids": [str(people.other_point_id)]}
    await sent(api, people, path, database, **offered)
    stopped_clock.shift(timedelta(hours=1))
    await registered(api, people, thread_external_id="wall-1_70")
    await sorted_out(api, people, path, priority="normal")
    first = [one for one in (await fetch(api, people, path))["deadlines"] if one["stage"] == "first_reply"]
    assert [one["state"] for one in first] == ["met"]
