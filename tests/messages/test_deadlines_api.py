"""Deadlines over HTTP: creation, explanation, completion, misses, pauses, calendar changes, reminders (O-6.2.2)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from sqlmodel import col, select

from app.core.ids import new_id
from app.core.outbox import OutboxEntry
from app.messages.models import Deadline
from app.messages.service import reminders
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.deliveries.factories import work_off
from tests.messages.factories import MESSAGES, act, approved, drafted, registered, triage_body

POLICIES = "/api/v1/deadline-policies"
CALENDAR = "/api/v1/working-calendar"
START = datetime(2026, 11, 24, 3, 15, tzinfo=UTC)
"""Tuesday, 10:15 in Novosibirsk."""


@pytest.fixture(autouse=True)
def stopped_clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def by_stage(data: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(deadline["stage"], deadline["kind"]): deadline for deadline in data["deadlines"]}


async def fetch(api: Api, people: People, path: str) -> dict[str, Any]:
    answer = await api.get(path, headers=api.as_(people.operator))
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()
    return data


async def relayed(database: JoinedDatabase) -> None:
    await work_off(database)


@pytest.mark.order("O-6.2.2", "O-4")
@pytest.mark.parametrize("point", ["point_id", "other_point_id"])
async def test_a_message_has_the_limits_of_order_122_and_the_targets_within_them(
    api: Api, people: People, point: str
) -> None:
    """The deadlines are the same in a social network and by e-mail."""
    body = {"interaction_point_id": str(getattr(people, point)), "received_at": START.isoformat()}
    by = people.operator if point == "point_id" else people.other_operator
    answer = await api.post(
        MESSAGES,
        headers=api.as_(by),
        json={"kind": "message", "text": "Где?", "client": {"kind": "individual", "name": "И."}, **body},
    )
    assert answer.status_code == 201, answer.text
    found = by_stage(answer.json())
    assert {key: value["due_at"] for key, value in found.items()} == {
        ("registration", "limit"): "2026-11-27T23:59:59+07:00",
        ("first_reply", "target"): "2026-11-25T11:15:00+07:00",
        ("final_reply", "target"): "2026-12-03T23:59:59+07:00",
        ("final_reply", "limit"): "2026-12-24T23:59:59+07:00",
        ("redirect", "limit"): "2026-12-01T23:59:59+07:00",
    }
    assert found["final_reply", "limit"]["legal_act"] == "Приказ от 25.11.2019 № 122"
    assert found["first_reply", "target"]["legal_act"] is None
    assert found["registration", "limit"]["state"] == "met" and found["final_reply", "limit"]["state"] == "running"
    assert answer.json()["due_at"] == "2026-11-25T11:15:00+07:00"


@pytest.mark.order("O-6.2.2")
async def test_an_urgent_message_is_due_sooner_and_has_no_redirect_if_within(api: Api, people: People) -> None:
    path = f"{MESSAGES}/{(await registered(api, people))['id']}"
    answer = await act(api, people.operator, path, "triage", triage_body(people, priority="urgent"))
    found = by_stage(answer.json())
    assert found["first_reply", "target"]["due_at"] == "2026-11-24T15:15:00+07:00"
    assert ("redirect", "limit") not in found
    outside = triage_body(people, competence="outside", reason="Вопрос здравоохранения")
    found = by_stage((await act(api, people.operator, path, "triage", outside)).json())
    assert found["redirect", "limit"]["state"] == "running"
    assert found["first_reply", "target"]["due_at"] == "2026-11-25T11:15:00+07:00"


@pytest.mark.order("O-6.2.2")
async def test_the_answer_meets_its_deadlines_and_a_late_one_misses_them(
    api: Api, people: People, database: JoinedDatabase, stopped_clock: time_machine.Traveller
) -> None:
    path, reply = await approved(api, people)
    stopped_clock.move_to(START + timedelta(days=2))  # the first reply is overdue, the final one is not
    assert (await act(api, people.operator, reply, "send", {})).status_code == 202
    await relayed(database)
    data = await fetch(api, people, path)
    assert data["state"] == "answered" and data["due_at"] is None
    states = {key: value["state"] for key, value in by_stage(data).items()}
    assert states == {
        ("registration", "limit"): "met",
        ("first_reply", "target"): "missed",
        ("final_reply", "target"): "met",
        ("final_reply", "limit"): "met",
    }


@pytest.mark.order("O-6.2.2", "O-6.2.3b")
async def test_awaiting_the_client_pauses_and_extends_the_target(
    api: Api, people: People, database: JoinedDatabase, stopped_clock: time_machine.Traveller
) -> None:
    path = f"{MESSAGES}/{(await registered(api, people))['id']}"
    assert (await act(api, people.operator, path, "triage", triage_body(people))).status_code == 200
    reply = await drafted(
        api, people, path, kind="channel_transfer", text="Напишите нам.", offered_point_ids=[str(people.point_id)]
    )
    assert (await act(api, people.operator, reply, "submit", {})).status_code == 200
    assert (await act(api, people.unit_head, reply, "approve", {})).status_code == 200
    assert (await act(api, people.operator, reply, "send", {})).status_code == 202
    await relayed(database)
    data = await fetch(api, people, path)
    found = by_stage(data)
    assert data["state"] == "awaiting_client"
    assert found["first_reply", "target"]["state"] == "met" and found["final_reply", "target"]["state"] == "paused"
    assert found["final_reply", "limit"]["state"] == "running", "the limit of the act does not pause"
    assert data["due_at"] == "2026-12-24T23:59:59+07:00"
    stopped_clock.move_to(START + timedelta(days=6))  # Monday: four working days passed
    answer = await act(api, people.operator, path, "reopen", {"reason": "Клиент перезвонил"})
    found = by_stage(answer.json())
    assert found["final_reply", "target"]["due_at"] == "2026-12-09T23:59:59+07:00"
    data = (await api.get(f"{path}/deadlines/explain", headers=api.as_(people.operator))).json()
    steps = next(s for s in data["stages"] if (s["stage"], s["kind"]) == ("final_reply", "target"))["steps"]
    assert any("Пауза" in step["what"] and "добавлено дней: 4" in step["what"] for step in steps)


@pytest.mark.order("O-6.2.2")
async def test_closing_ends_the_deadlines_and_reopening_starts_new_ones(
    api: Api, people: People, stopped_clock: time_machine.Traveller
) -> None:
    path = f"{MESSAGES}/{(await registered(api, people))['id']}"
    assert (await act(api, people.operator, path, "triage", triage_body(people))).status_code == 200
    data = (await act(api, people.operator, path, "close", {"reason": "Вопрос снят"})).json()
    assert data["due_at"] is None and [d["state"] for d in data["deadlines"]] == ["met"]
    stopped_clock.move_to(START + timedelta(days=1))
    data = (await act(api, people.operator, path, "reopen", {"reason": "Не снят"})).json()
    assert by_stage(data)["final_reply", "limit"]["due_at"] == "2026-12-25T23:59:59+07:00"
    assert ("registration", "limit") not in by_stage(data), "it was registered once"
    spam = f"{MESSAGES}/{(await registered(api, people, received_at=START.isoformat()))['id']}"
    assert (await act(api, people.operator, spam, "spam", {})).json()["due_at"] is None
    data = (await act(api, people.operator, spam, "reopen", {"reason": "Не спам"})).json()
    assert by_stage(data)["first_reply", "target"]["due_at"] == "2026-11-25T11:15:00+07:00", "the due time is kept"


@pytest.mark.order("O-6.2.2")
async def test_the_explanation_has_every_step_in_words(api: Api, people: People) -> None:
    path = f"{MESSAGES}/{(await registered(api, people))['id']}"
    data = (await api.get(f"{path}/deadlines/explain", headers=api.as_(people.operator))).json()
    first = next(stage for stage in data["stages"] if stage["stage"] == "first_reply")
    assert [step["what"] for step in first["steps"]] == [
        "Начало срока: 24.11.2026 10:15.",
        "24.11.2026: учтено 10:15–13:00, осталось 6 ч 15 мин.",
        "24.11.2026: учтено 14:00–18:00, осталось 2 ч 15 мин.",
        "Учтено 2 ч 15 мин до 11:15: срок истекает 25.11.2026 11:15.",
    ]
    assert first["steps"][-1]["at"] == first["due_at"] == "2026-11-25T11:15:00+07:00"
    final = next(stage for stage in data["stages"] if stage["name"] == "Ответ на сообщение")
    assert any("календарный день: 24.12.2026" in step["what"] for step in final["steps"])


@pytest.mark.order("O-6.2.2")
@pytest.mark.parametrize(
    ("start", "roll", "due"),
    [
        ("2025-12-02T10:00:00+07:00", "previous", "2025-12-30T23:59:59+07:00"),
        ("2025-04-02T10:00:00+07:00", "previous", "2025-04-30T23:59:59+07:00"),
        ("2026-12-01T10:00:00+07:00", "previous", "2026-12-30T23:59:59+07:00"),
        ("2025-12-02T10:00:00+07:00", "next", "2026-01-12T23:59:59+07:00"),
        ("2025-12-02T10:00:00+07:00", "none", "2026-01-01T23:59:59+07:00"),
        ("2025-12-01T23:30:00+00:00", "previous", "2025-12-30T23:59:59+07:00"),
    ],
)
async def test_a_preview_needs_no_message(api: Api, people: People, start: str, roll: str, due: str) -> None:
    """The three dates of order.md and the first one with the other roll rules."""
    policy = {"unit": "calendar_days", "amount": 30, "roll": roll}
    for by in (people.operator, people.admin):
        answer = await api.post(
            f"{POLICIES}/preview", headers=api.as_(by), json={"policy": policy, "started_at": start}
        )
        (stage,) = answer.json()["stages"]
        assert (stage["due_at"], stage["provisional"]) == (due, False)
        assert stage["steps"][-1]["at"] == due


@pytest.mark.order("O-6.2.2")
async def test_a_preview_of_a_stored_policy_in_hours_and_after_the_known_years(api: Api, people: People) -> None:
    headers = api.as_(people.operator)
    listed = (await api.get(POLICIES, params={"limit": 200}, headers=headers)).json()["items"]
    known = {policy["key"]: policy for policy in listed}
    assert known["appeal-final-reply"]["extension_days"] == 30 and known["appeal-final-reply"]["class"] == "appeal"
    body = {"policy_id": known["appeal-final-reply"]["id"], "started_at": "2025-12-02T10:00:00+07:00"}
    (stage,) = (await api.post(f"{POLICIES}/preview", headers=headers, json=body)).json()["stages"]
    assert (stage["stage"], stage["due_at"]) == ("final_reply", "2025-12-30T23:59:59+07:00")
    hours = {"unit": "working_hours", "amount": 8, "working_hours": [["09:00", "13:00"], ["14:00", "18:00"]]}
    body = {"policy": hours, "started_at": "2026-11-24T09:00:00+07:00"}
    (stage,) = (await api.post(f"{POLICIES}/preview", headers=headers, json=body)).json()["stages"]
    assert stage["due_at"] == "2026-11-24T18:00:00+07:00", "a term that ends with an interval is due at its end"
    body = {"policy": {"unit": "working_days", "amount": 3}, "started_at": "2029-01-02T09:00:00+07:00"}
    (stage,) = (await api.post(f"{POLICIES}/preview", headers=headers, json=body)).json()["stages"]
    assert stage["provisional"] is True


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"started_at": START.isoformat()}, "/policy"),
        ({"policy": {"unit": "working_days", "amount": 0}, "started_at": START.isoformat()}, "/policy/amount"),
        (
            {
                "policy": {"unit": "working_hours", "amount": 1, "working_hours": [["13:00", "09:00"]]},
                "started_at": START.isoformat(),
            },
            "/policy/working_hours",
        ),
        (
            {
                "policy": {"unit": "working_hours", "amount": 1, "working_hours": [["09:00", "25:00"]]},
                "started_at": START.isoformat(),
            },
            "/policy/working_hours/0/1",
        ),
        (
            {
                "policy": {"unit": "working_hours", "amount": 1000, "working_hours": [["09:00", "09:01"]]},
                "started_at": "2150-01-01T09:00:00+07:00",
            },
            "/policy/working_hours",
        ),
        ({"policy_id": "01900000-0000-7000-8000-00000000dead", "started_at": START.isoformat()}, "/policy_id"),
    ],
)
async def test_a_preview_refuses_invalid_input(api: Api, people: People, body: dict[str, Any], pointer: str) -> None:
    answer = await api.post(f"{POLICIES}/preview", headers=api.as_(people.operator), json=body)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


@pytest.mark.order("O-6.2.2")
async def test_a_message_keeps_the_policy_of_its_start(api: Api, people: People) -> None:
    admin = api.as_(people.admin)
    path = f"{MESSAGES}/{(await registered(api, people))['id']}"
    listed = (await api.get(POLICIES, params={"limit": 200}, headers=admin)).json()["items"]
    target = next(policy for policy in listed if policy["key"] == "message-first-reply-target")
    url = f"{POLICIES}/{target['id']}"
    assert (await api.patch(url, headers=admin, json={"amount": 1})).status_code == 428
    answer = await api.patch(url, headers=admin | {"If-Match": '"1"'}, json={"amount": 1})
    assert (answer.status_code, answer.json()["amount"], answer.headers["etag"]) == (200, 1, '"2"')
    assert by_stage(await fetch(api, people, path))["first_reply", "target"]["due_at"] == "2026-11-25T11:15:00+07:00"
    explained = (await api.get(f"{path}/deadlines/explain", headers=api.as_(people.operator))).json()["stages"]
    assert next(s for s in explained if s["stage"] == "first_reply")["steps"][-1]["at"] == "2026-11-25T11:15:00+07:00"
    later = await registered(api, people)
    assert by_stage(later)["first_reply", "target"]["due_at"] == "2026-11-24T11:15:00+07:00"


@pytest.mark.order("O-6.2.2")
async def test_a_more_specific_policy_applies_while_it_is_in_force(api: Api, people: People) -> None:
    admin = api.as_(people.admin)
    body = {
        "key": "vk-target",
        "name": "ВКонтакте быстрее",
        "stage": "first_reply",
        "is_target": True,
        "class": "message",
        "channel": "vk",
        "unit": "working_hours",
        "amount": 2,
        "roll": "none",
        "start_event": "receipt",
        "valid_from": "2026-11-25",
    }
    answer = await api.post(POLICIES, headers=admin, json=body)
    assert answer.status_code == 201, answer.text
    again = await api.post(POLICIES, headers=admin, json=body)
    assert (again.status_code, again.json()["code"]) == (409, "deadline_policy_exists")
    today = by_stage(await registered(api, people))
    assert today["first_reply", "target"]["name"] != body["name"], "not in force yet"
    url = f"{POLICIES}/{answer.json()['id']}"
    assert (await api.patch(url, headers=admin | {"If-Match": '"1"'}, json={"valid_from": None})).status_code == 200
    found = by_stage(await registered(api, people))
    assert found["first_reply", "target"]["due_at"] == "2026-11-24T12:15:00+07:00"
    refused = await api.post(
        POLICIES, headers=admin, json=body | {"key": "x", "legal_act_id": "01900000-0000-7000-8000-000000000041"}
    )
    assert [fault["pointer"] for fault in refused.json()["errors"]] == ["/legal_act_id"]


@pytest.mark.order("O-6.2.2")
async def test_a_change_of_the_calendar_moves_open_deadlines_and_lists_them(api: Api, people: People) -> None:
    admin = api.as_(people.admin)
    message = await registered(api, people)
    path = f"{MESSAGES}/{message['id']}"
    tag = (await api.get(path, headers=api.as_(people.operator))).headers["etag"]
    day = {"day": "2026-12-24", "kind": "off", "name": "Выходной по указу"}
    answer = await api.post(CALENDAR, headers=admin, json=day)
    assert answer.status_code == 201, answer.text
    assert answer.json()["moved"] == {
        "count": 1,
        "items": [
            {
                "message_id": message["id"],
                "number": message["number"],
                "stage": "final_reply",
                "from": "2026-12-24T23:59:59+07:00",
                "to": "2026-12-23T23:59:59+07:00",
            }
        ],
    }
    assert by_stage(await fetch(api, people, path))["final_reply", "limit"]["due_at"] == "2026-12-23T23:59:59+07:00"
    assert (await api.get(path, headers=api.as_(people.operator))).headers["etag"] != tag
    url = f"{CALENDAR}/{answer.json()['id']}"
    back = await api.delete(url, headers=admin | {"If-Match": answer.headers["etag"]})
    assert (back.status_code, back.json()["count"]) == (200, 1)
    assert back.json()["items"][0]["to"] == "2026-12-24T23:59:59+07:00"
    assert by_stage(await fetch(api, people, path))["final_reply", "limit"]["due_at"] == "2026-12-24T23:59:59+07:00"


@pytest.mark.order("O-6.2.2")
async def test_a_working_saturday_a_shortened_day_and_other_hours(api: Api, people: People) -> None:
    admin = api.as_(people.admin)
    organization = people.operator.organization_id
    path = f"{MESSAGES}/{(await registered(api, people))['id']}"
    saturday = {"day": "2026-11-28", "kind": "working", "name": "Рабочая суббота"}
    answer = await api.post(CALENDAR, headers=admin, json=saturday)
    assert answer.json()["moved"]["items"][0]["to"] == "2026-12-02T23:59:59+07:00"
    short = {"day": "2026-11-24", "kind": "shortened", "name": "Короткий", "working_hours": [["09:00", "12:15"]]}
    assert (await api.post(CALENDAR, headers=admin, json=short)).status_code == 201
    found = by_stage(await fetch(api, people, path))
    assert found["first_reply", "target"]["due_at"] == "2026-11-25T17:00:00+07:00"
    hours = f"{CALENDAR}/hours/{organization}"
    data = await api.get(hours, headers=admin)
    assert data.json()["working_hours"] == [["09:00", "13:00"], ["14:00", "18:00"]]
    answer = await api.put(
        hours, headers=admin | {"If-Match": data.headers["etag"]}, json={"working_hours": [["10:00", "16:00"]]}
    )
    assert answer.status_code == 200 and answer.json()["moved"]["count"] == 1, answer.text
    found = by_stage(await fetch(api, people, path))
    assert found["first_reply", "target"]["due_at"] == "2026-11-26T11:00:00+07:00"


async def list_emitted(database: JoinedDatabase) -> list[str]:
    async with database.transaction() as session:
        query = select(OutboxEntry.event).where(col(OutboxEntry.event).like("deadline.%")).order_by(col(OutboxEntry.id))
        return list((await session.exec(query)).all())


@pytest.mark.order("O-6.2.2", "O-10")
async def test_reminders_and_escalations_are_emitted_once(
    api: Api, people: People, database: JoinedDatabase, stopped_clock: time_machine.Traveller
) -> None:
    path = f"{MESSAGES}/{(await registered(api, people))['id']}"
    tag = (await api.get(path, headers=api.as_(people.operator))).headers["etag"]
    for moment, expected in (
        ("2026-11-25T09:14:59+07:00", []),
        ("2026-11-25T09:15:00+07:00", ["deadline.near"]),
        ("2026-11-25T11:15:00+07:00", ["deadline.near"]),
        ("2026-11-25T11:15:01+07:00", ["deadline.near", "deadline.missed"]),
        ("2026-11-25T12:00:00+07:00", ["deadline.near", "deadline.missed"]),
    ):
        stopped_clock.move_to(datetime.fromisoformat(moment))
        for _worker in range(2):
            async with database.transaction() as session:
                await reminders.remind_and_escalate(session)
        assert await list_emitted(database) == expected, moment
    data = await api.get(path, headers=api.as_(people.operator))
    assert by_stage(data.json())["first_reply", "target"]["state"] == "missed"
    assert data.headers["etag"] != tag
    assert data.json()["due_at"] == "2026-11-25T11:15:00+07:00", "a missed deadline is still open"


@pytest.mark.order("O-6.2.2")
async def test_a_reminder_is_emitted_together_with_its_mark(
    api: Api, people: People, database: JoinedDatabase, stopped_clock: time_machine.Traveller
) -> None:
    await registered(api, people)
    stopped_clock.move_to(datetime.fromisoformat("2026-11-25T09:30:00+07:00"))

    class KilledError(Exception):
        pass

    with pytest.raises(KilledError):
        async with database.transaction() as session:
            assert await reminders.remind_and_escalate(session) == 1
            raise KilledError
    assert await list_emitted(database) == []
    async with database.transaction() as session:
        assert await reminders.remind_and_escalate(session) == 1
        assert not await reminders.has_due_reminders(session)
    assert await list_emitted(database) == ["deadline.near"]


@pytest.mark.order("O-6.2.2")
async def test_the_list_filters_due_and_overdue_messages(
    api: Api, people: People, stopped_clock: time_machine.Traveller
) -> None:
    old = await registered(api, people, received_at=(START - timedelta(days=1)).isoformat())
    new = await registered(api, people)
    headers = api.as_(people.operator)
    listed = await api.get(MESSAGES, params={"overdue": "true"}, headers=headers)
    assert [item["id"] for item in listed.json()["items"]] == []
    stopped_clock.move_to(datetime.fromisoformat("2026-11-25T10:00:00+07:00"))
    listed = await api.get(MESSAGES, params={"overdue": "true"}, headers=headers)
    assert [item["id"] for item in listed.json()["items"]] == [old["id"]]
    listed = await api.get(MESSAGES, params={"overdue": "false"}, headers=headers)
    assert [item["id"] for item in listed.json()["items"]] == [new["id"]]
    listed = await api.get(MESSAGES, params={"due_before": "2026-11-25T23:00:00+07:00"}, headers=headers)
    assert {item["id"] for item in listed.json()["items"]} == {old["id"], new["id"]}


async def test_a_message_received_long_ago_misses_its_registration(api: Api, people: People) -> None:
    data = await registered(api, people, received_at=(START - timedelta(days=10)).isoformat())
    found = by_stage(data)
    assert found["registration", "limit"]["state"] == "missed"
    assert found["final_reply", "limit"]["started_at"] == data["registered_at"]


async def test_messages_without_deadlines_get_them_with_the_policies(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    from app.messages import reference  # noqa: PLC0415  the only test of it

    message = await registered(api, people)
    async with database.transaction() as session:
        await session.exec(sa.delete(Deadline))
        await reference.load_reference(session)
    found = by_stage(await fetch(api, people, f"{MESSAGES}/{message['id']}"))
    assert found["first_reply", "target"]["due_at"] == "2026-11-25T11:15:00+07:00"


async def test_an_unknown_policy_is_404(api: Api, people: People) -> None:
    answer = await api.get(f"{POLICIES}/{new_id()}", headers=api.as_(people.admin))
    assert (answer.status_code, answer.json()["code"]) == (404, "deadline_policy_not_found")


@pytest.mark.order("O-6.2.2")
async def test_an_extended_deadline_has_a_reminder_before_its_new_end(
    api: Api, people: People, stopped_clock: time_machine.Traveller, database: JoinedDatabase
) -> None:
    path = f"{MESSAGES}/{(await registered(api, people))['id']}"
    assert (await act(api, people.operator, path, "triage", triage_body(people))).status_code == 200

    async def count_reminders() -> int:
        async with database.transaction() as session:
            await reminders.remind_and_escalate(session)
            rows = (await session.exec(select(OutboxEntry).where(OutboxEntry.event == "deadline.near"))).all()
        data = [row.payload for row in rows if row.payload["stage"] == "final_reply"]
        return sum(not payload["is_target"] for payload in data)

    async def two_days_before() -> None:
        final = by_stage(await fetch(api, people, path))["final_reply", "limit"]
        stopped_clock.move_to(datetime.fromisoformat(final["due_at"]) - timedelta(days=2))

    await two_days_before()
    assert await count_reminders() == 1
    body = {"reason": "Запрошены сведения", "days": 15}
    assert (await act(api, people.unit_head, path, "extend", body)).status_code == 200
    assert await count_reminders() == 1, "no reminder of the new end yet"
    await two_days_before()
    assert [await count_reminders(), await count_reminders()] == [2, 2]
