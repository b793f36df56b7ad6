"""The head's control of a unit: queue, workload, sign-off, notes (O-10)."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine

from app.core import example_ids
from app.core.ids import new_id
from app.core.periods import Period
from app.messages.models import Message
from app.monitoring.models import TargetMeasure
from app.monitoring.service import targets
from app.organizations.models import Organization
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.deliveries.factories import work_off
from tests.messages.factories import MESSAGES, act, drafted, message_body, registered, triage_body
from tests.surveys.factories import by_key, submit

NOTES = "/api/v1/control-notes"
START = datetime(2026, 11, 24, 3, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def stopped_clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


async def queue(api: Api, people: People) -> dict[str, Any]:
    answer = await api.get(f"/api/v1/monitoring/units/{people.unit_head.unit_id}", headers=api.as_(people.unit_head))
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def sorted_out(api: Api, people: People) -> str:
    path = f"{MESSAGES}/{(await registered(api, people))['id']}"
    assert (await act(api, people.operator, path, "triage", triage_body(people))).status_code == 200
    return path


@pytest.mark.order("O-10")
async def test_the_head_sees_what_is_open_due_overdue_waiting_and_whose(
    api: Api, people: People, stopped_clock: time_machine.Traveller
) -> None:
    empty = {"open": 0, "due_today": 0, "overdue": 0, "awaiting_approval": 0, "returned": 0, "without_assignee": 0}
    assert (await queue(api, people))["total"] == empty
    late, waiting, returned, closed = [await sorted_out(api, people) for _ in range(4)]
    assert (await act(api, people.operator, closed, "close", {"reason": "Снято"})).status_code == 200
    await api.post(
        MESSAGES,
        headers=api.as_(people.other_operator),
        json=message_body(people, interaction_point_id=str(people.other_point_id)),
    )
    mine = {"assignee_id": str(people.colleague.id)}
    assert (await act(api, people.operator, late, "assign", mine)).status_code == 200
    for path in (waiting, returned):
        reply = await drafted(api, people, path)
        assert (await act(api, people.operator, reply, "submit", {})).status_code == 200
    assert (await act(api, people.unit_head, reply, "return", {"reason": "Короче"})).status_code == 200
    stopped_clock.move_to(datetime.fromisoformat("2026-11-25T10:30:00+07:00"))
    fresh = await registered(api, people)
    told = await queue(api, people)
    wanted = {"open": 4, "due_today": 3, "overdue": 0, "awaiting_approval": 1, "returned": 1, "without_assignee": 3}
    assert told["total"] == wanted
    stopped_clock.move_to(datetime.fromisoformat("2026-11-25T11:15:01+07:00"))
    told = await queue(api, people)
    assert told["total"] == wanted | {"due_today": 0, "overdue": 3}
    loads = {load["employee_id"]: load for load in told["by_employee"]}
    assert (loads[str(people.colleague.id)]["open"], loads[str(people.colleague.id)]["overdue"]) == (1, 1)
    assert loads[str(people.colleague.id)]["name"] == "Сотрудник operator"
    assert (loads[None]["open"], loads[None]["name"]) == (3, None)
    idle = loads[str(people.operator.id)]
    assert {name: idle[name] for name in empty} == empty, "who has nothing to do is there with zeros"
    assert str(people.unit_head.id) in loads and str(people.other_operator.id) not in loads
    assert told["by_employee"][-1]["employee_id"] is None
    (channel,) = told["by_channel"]
    assert (channel["channel"], channel["name"], channel["open"]) == ("vk", "ВКонтакте", 4)
    headers = api.as_(people.unit_head)
    for filters, ids in (
        ({"overdue": "true"}, {late, waiting, returned}),
        ({"state": "awaiting_approval"}, {waiting}),
        ({"is_returned": "true"}, {returned}),
        ({"without_assignee": "false"}, {late}),
    ):
        listed = (await api.get(MESSAGES, params=filters, headers=headers)).json()["items"]
        assert {f"{MESSAGES}/{item['id']}" for item in listed} == ids, filters
    assert fresh["due_at"] == "2026-11-26T11:30:00+07:00"
    foreign = await api.get(f"/api/v1/monitoring/units/{people.unit_head.unit_id}", headers=api.as_(people.other_head))
    assert (foreign.status_code, foreign.json()["code"]) == (404, "unit_not_found")


@pytest.mark.order("O-10")
async def test_a_head_signs_a_month_off_and_sees_what_changed_after(
    api: Api, people: People, stopped_clock: time_machine.Traveller
) -> None:
    path = await sorted_out(api, people)
    await sorted_out(api, people)
    url = f"/api/v1/monitoring/units/{people.unit_head.unit_id}/sign-offs"
    headers = api.as_(people.unit_head)
    early = await api.post(url, headers=headers, json={"month": "2026-11"})
    assert [fault["pointer"] for fault in early.json()["errors"]] == ["/month"]
    assert (await api.post(url, headers=headers, json={"month": "2026-13"})).status_code == 422
    stopped_clock.move_to(datetime.fromisoformat("2026-12-01T09:00:00+07:00"))
    answer = await api.post(url, headers=headers, json={"month": "2026-11"})
    assert answer.status_code == 201, answer.text
    figures = answer.json()["figures"]
    assert (figures["received"], figures["open"], figures["limits_met"], figures["spam"]) == (2, 2, 2, 0)
    again = await api.post(url, headers=headers, json={"month": "2026-11"})
    assert (again.status_code, again.json()["code"]) == (409, "month_signed_off")
    assert (await api.get(url, headers=headers)).json()["items"][0]["changed"] == []
    assert (await act(api, people.operator, path, "spam", {})).status_code == 200
    (shown,) = (await api.get(url, headers=headers)).json()["items"]
    assert shown["changed"] == ["open", "spam"]
    assert (shown["figures"]["spam"], shown["now"]["spam"]) == (0, 1)
    foreign = await api.get(url, headers=api.as_(people.other_head))
    assert foreign.status_code == 404


@pytest.mark.order("O-10")
async def test_what_was_answered_or_redirected_stays_so_when_it_is_closed(
    api: Api, people: People, database: JoinedDatabase, stopped_clock: time_machine.Traveller
) -> None:
    answered, redirected, dropped = [await sorted_out(api, people) for _ in range(3)]
    reply = await drafted(api, people, answered)
    assert (await act(api, people.operator, reply, "submit", {})).status_code == 200
    assert (await act(api, people.unit_head, reply, "approve", {})).status_code == 200
    assert (await act(api, people.operator, reply, "send", {})).status_code == 202
    outside = triage_body(people, competence="outside", reason="Здравоохранение")
    assert (await act(api, people.operator, redirected, "triage", outside)).status_code == 200
    to = {"to": "Минздрав", "legal_act_id": example_ids.LEGAL_ACT, "text": "Здравствуйте! Вопрос передан."}
    assert (await act(api, people.operator, redirected, "redirect", to)).status_code == 200
    await work_off(database)
    stopped_clock.move_to(datetime.fromisoformat("2026-12-01T09:00:00+07:00"))
    url, headers = f"/api/v1/monitoring/units/{people.unit_head.unit_id}/sign-offs", api.as_(people.unit_head)
    figures = (await api.post(url, headers=headers, json={"month": "2026-11"})).json()["figures"]
    assert (figures["received"], figures["answered"], figures["redirected"], figures["open"]) == (3, 1, 1, 1)
    for path in (answered, redirected, dropped):
        assert (await act(api, people.operator, path, "close", {"reason": "Готово"})).status_code == 200
    (shown,) = (await api.get(url, headers=headers)).json()["items"]
    assert shown["changed"] == ["open"] and shown["now"]["open"] == 0


@pytest.mark.order("O-10")
async def test_signed_off_months_are_pages(api: Api, people: People) -> None:
    url, headers = f"/api/v1/monitoring/units/{people.unit_head.unit_id}/sign-offs", api.as_(people.unit_head)
    months = ["2026-10", "2026-09", "2025-12"]
    for month in (months[1], months[0], months[2]):
        assert (await api.post(url, headers=headers, json={"month": month})).status_code == 201
    first = (await api.get(url, params={"limit": 2, "with_count": "true"}, headers=headers)).json()
    asked = {"limit": 2, "with_count": "true", "cursor": first["next_cursor"]}
    rest = (await api.get(url, params=asked, headers=headers)).json()
    assert [item["month"] for item in first["items"] + rest["items"]] == months, "the latest first"
    assert (first["count"], rest["next_cursor"]) == (3, None)


@pytest.mark.order("O-10")
async def test_a_note_stays_on_the_record_and_is_resolved_by_the_unit(api: Api, people: People) -> None:
    path = await sorted_out(api, people)
    reply = await drafted(api, people, path)
    head, operator = api.as_(people.unit_head), api.as_(people.operator)
    for kind, object_id in (
        ("message", path.rpartition("/")[2]),
        ("reply", reply.rpartition("/")[2]),
        ("reply_template", example_ids.TEMPLATE),
    ):
        body = {"object_type": kind, "object_id": object_id, "text": "Уточните срок"}
        made = await api.post(NOTES, headers=head, json=body)
        assert made.status_code == 201, made.text
        assert (await api.post(NOTES, headers=operator, json=body)).status_code == 403
        foreign = await api.post(NOTES, headers=api.as_(people.other_head), json=body)
        assert [fault["pointer"] for fault in foreign.json()["errors"]] == ["/object_id"]
    assert (await queue(api, people))["open_control_notes"] == 3
    one = f"{NOTES}/{made.json()['id']}"
    assert (await api.get(one, headers=api.as_(people.other_operator))).status_code == 404
    assert (await act(api, people.other_operator, one, "resolve", {"resolution": "Чужое"})).status_code == 404
    answer = await act(api, people.operator, one, "resolve", {"resolution": "Срок назван"})
    told = answer.json()
    assert (answer.status_code, told["resolution"], told["resolved_by"]) == (
        200,
        "Срок назван",
        str(people.operator.id),
    )
    again = await act(api, people.operator, one, "resolve", {"resolution": "Ещё раз"})
    assert (again.status_code, again.json()["code"]) == (409, "control_note_resolved")
    listed = (await api.get(NOTES, params={"is_resolved": "false"}, headers=operator)).json()["items"]
    assert len(listed) == 2
    listed = (await api.get(NOTES, params={"object_id": example_ids.TEMPLATE}, headers=head)).json()["items"]
    assert [note["id"] for note in listed] == [made.json()["id"]]


@pytest.mark.order("O-10", "O-11")
async def test_notes_on_submissions_are_the_client_centricity_units(api: Api, people: People) -> None:
    submission = (await submit(api, by_key(2))).json()
    body = {"object_type": "survey_submission", "object_id": submission["id"], "text": "Позвонить в район"}
    made = await api.post(NOTES, headers=api.as_(people.client_centricity), json=body)
    assert made.status_code == 201, made.text
    refused = await api.post(NOTES, headers=api.as_(people.unit_head), json=body)
    assert refused.status_code == 422, "a head reads no submissions"
    unknown = await api.post(NOTES, headers=api.as_(people.client_centricity), json=body | {"object_id": str(new_id())})
    assert unknown.status_code == 422


@pytest.mark.order("O-10")
async def test_days_of_the_queue_are_local(api: Api, people: People, stopped_clock: time_machine.Traveller) -> None:
    """What is due at 23:59:59 in Novosibirsk is due today at 23:30 there, though it is still the same day in UTC."""
    path = await sorted_out(api, people)
    told = (await api.get(path, headers=api.as_(people.operator))).json()
    assert told["due_at"] == "2026-11-25T11:15:00+07:00"
    stopped_clock.move_to(datetime.fromisoformat("2026-11-24T23:30:00+07:00"))
    assert (await queue(api, people))["total"]["due_today"] == 0
    stopped_clock.move_to(datetime.fromisoformat("2026-11-25T00:30:00+07:00"))
    assert (await queue(api, people))["total"]["due_today"] == 1
    stopped_clock.shift(timedelta(days=1))
    assert (await queue(api, people))["total"]["overdue"] == 1


@pytest.mark.order("O-4", "O-10")
async def test_days_and_months_of_messages_begin_where_their_organization_is(
    api: Api, people: People, database: JoinedDatabase, stopped_clock: time_machine.Traveller
) -> None:
    message = (await registered(api, people))["id"]
    async with database.transaction() as session:
        whose = await session.get_one(Organization, people.unit_head.organization_id)
        whose.zone = "Asia/Kamchatka"
        row = await session.get_one(Message, UUID(message))
        row.received_at = datetime.fromisoformat("2026-10-31T20:00:00+07:00")  # there November has begun
        row.satisfaction = 2
    for period, rated in ((("2026-10-01", "2026-10-31"), 0), (("2026-11-01", "2026-11-01"), 1)):
        query = dict(zip(("from", "to"), period, strict=True))
        answer = await api.get("/api/v1/monitoring/channel-parity", params=query, headers=api.as_(people.unit_head))
        measures = [measure for item in answer.json()["items"] for measure in item["measures"]]
        assert sum(one["n"] for one in measures if one["measure"] == "answer_satisfaction") == rated, period
    async with database.transaction(write=False) as session:
        november = Period(date(2026, 11, 1), date(2026, 11, 30))
        shares = await targets._shares(session, TargetMeasure.ANSWER_SATISFACTION, november)
    assert shares == {people.unit_head.unit_id: (0, 1)}
    stopped_clock.move_to(datetime.fromisoformat("2026-11-30T20:00:00+07:00"))  # there December has begun
    url = f"/api/v1/monitoring/units/{people.unit_head.unit_id}/sign-offs"
    signed = await api.post(url, headers=api.as_(people.unit_head), json={"month": "2026-11"})
    assert (signed.status_code, signed.json().get("figures", {}).get("received")) == (201, 1), signed.text
