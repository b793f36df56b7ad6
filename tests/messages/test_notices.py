"""Who is notified of what: replies, assignments, near and missed deadlines (O-10)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlmodel import col, select

from app.core import clock
from app.core.ids import new_id
from app.core.outbox import OutboxEntry
from app.core.security import Principal
from app.identity.models import Substitution
from app.messages import notification_handlers
from app.messages.events import ReplyNotSent, ReplyReturned, ReplySubmitted
from app.messages.service import deadlines
from app.worker import HANDLERS, merge_handlers
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.deliveries.factories import work_off
from tests.messages.factories import act, drafted, triage_body, triaged


async def relay(database: JoinedDatabase) -> None:
    await work_off(database)
    async with database.transaction() as session:
        open_entries = await session.exec(select(OutboxEntry.last_error).where(col(OutboxEntry.done_at).is_(None)))
        assert open_entries.all() == []


async def told(api: Api, who: Principal) -> list[dict[str, Any]]:
    answer = await api.get("/api/v1/notifications", headers=api.as_(who))
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def submitted(api: Api, people: People) -> tuple[str, str]:
    """The paths of a message and of its reply that waits for approval."""
    path = await triaged(api, people)
    reply = await drafted(api, people, path)
    assert (await act(api, people.operator, reply, "submit", {})).status_code == 200
    return path, reply


@pytest.mark.order("O-10")
async def test_a_reply_that_waits_is_told_to_the_head(api: Api, people: People, database: JoinedDatabase) -> None:
    path, _ = await submitted(api, people)
    message = (await api.get(path, headers=api.as_(people.operator))).json()
    await relay(database)
    (row,) = await told(api, people.unit_head)
    assert (row["kind"], row["object_type"], row["object_id"]) == ("reply_submitted", "message", message["id"])
    assert row["text"] == f"Ответ по сообщению {message['number']} передан на утверждение"
    for other in (people.operator, people.colleague, people.other_head, people.admin):
        assert await told(api, other) == []


@pytest.mark.order("O-10")
async def test_a_returned_reply_is_told_to_its_author_without_the_reason(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    path, reply = await submitted(api, people)
    reason = "Назовите Ивана Петровича по имени"
    assert (await act(api, people.unit_head, reply, "return", {"reason": reason})).status_code == 200
    await relay(database)
    message = (await api.get(path, headers=api.as_(people.operator))).json()
    (row,) = await told(api, people.operator)
    assert (row["kind"], row["object_type"], row["object_id"]) == ("reply_returned", "message", message["id"])
    assert row["text"] == f"Ответ по сообщению {message['number']} возвращён на доработку"
    assert [row["kind"] for row in await told(api, people.unit_head)] == ["reply_submitted"]
    assert await told(api, people.colleague) == []


@pytest.mark.order("O-10")
async def test_the_deputy_is_told_too_and_never_whom_four_eyes_stop(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    assert people.unit_head.unit_id is not None
    running = Substitution(
        unit_id=people.unit_head.unit_id,
        head_id=people.unit_head.id,
        deputy_id=people.operator.id,
        starts_on=clock.today(),
        ends_on=clock.today(),
        reason="Отпуск",
        created_at=clock.now(),
        created_by=people.unit_head.id,
    )
    async with database.transaction() as session:
        session.add(running)
    path, reply = await submitted(api, people)  # drafted by the operator, who is the deputy today
    await relay(database)
    assert await told(api, people.operator) == []
    assert len(await told(api, people.unit_head)) == 1
    assert (await act(api, people.unit_head, reply, "return", {"reason": "Короче"})).status_code == 200
    body = {"kind": "answer", "text": "Здравствуйте, Иван! Условия есть на сайте."}
    own = await api.post(f"{path}/replies", headers=api.as_(people.unit_head), json=body)
    assert (await act(api, people.unit_head, f"{path}/replies/{own.json()['id']}", "submit", {})).status_code == 200
    await relay(database)
    assert [row["kind"] for row in await told(api, people.operator)] == ["reply_submitted", "reply_returned"]
    assert [row["kind"] for row in await told(api, people.unit_head)] == ["reply_submitted"], "not of the own one"


@pytest.mark.order("O-10")
async def test_each_submission_and_return_is_told_once_even_when_relayed_again(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    _, reply = await submitted(api, people)
    for _ in range(2):
        assert (await act(api, people.unit_head, reply, "return", {"reason": "Короче"})).status_code == 200
        assert (await act(api, people.operator, reply, "submit", {})).status_code == 200
    await relay(database)
    async with database.transaction() as session:
        entries = (await session.exec(select(OutboxEntry))).all()
        for entry in entries:
            for handler in {event.name(): known for event, known in notification_handlers.HANDLERS.items()}.get(
                entry.event, ()
            ):
                await handler(session, entry.payload)
    assert [row["kind"] for row in await told(api, people.unit_head)] == ["reply_submitted"] * 3
    assert [row["kind"] for row in await told(api, people.operator)] == ["reply_returned"] * 2


def test_an_event_may_have_handlers_in_several_domains() -> None:
    mine, theirs = notification_handlers.notify_author_of_failure, notification_handlers.notify_author_of_return
    merged = merge_handlers({ReplyNotSent: [mine]}, {ReplyNotSent: [theirs], ReplyReturned: [theirs]}, {})
    assert merged == {ReplyNotSent: [mine, theirs], ReplyReturned: [theirs]}
    assert set(HANDLERS) >= {ReplyNotSent, ReplySubmitted, ReplyReturned}


@pytest.mark.order("O-6.2.2", "O-10")
async def test_a_near_deadline_is_told_to_who_works_and_a_missed_one_to_the_head_once(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    start = datetime(2026, 11, 24, 3, 15, tzinfo=UTC)
    with time_machine.travel(start, tick=False) as stopped:
        path = await triaged(api, people)
        body = {"assignee_id": str(people.colleague.id)}
        assert (await act(api, people.operator, path, "assign", body)).status_code == 200
        await relay(database)
        assert [row["kind"] for row in await told(api, people.colleague)] == ["message_assigned"]
        stopped.move_to(start + timedelta(days=1))  # 10:15, due at 11:15, told two hours before
        for _twice in range(2):
            async with database.transaction() as session:
                await deadlines.remind_and_escalate(session)
            await relay(database)
        assert [row["kind"] for row in await told(api, people.colleague)] == ["deadline_reminder", "message_assigned"]
        assert await told(api, people.unit_head) == []
        stopped.move_to(start + timedelta(days=1, hours=2))
        for _twice in range(2):
            async with database.transaction() as session:
                await deadlines.remind_and_escalate(session)
            await relay(database)
        assert [row["kind"] for row in await told(api, people.unit_head)] == ["deadline_escalation"]
        number = (await api.get(path, headers=api.as_(people.operator))).json()["number"]
        row = (await told(api, people.colleague))[0]
        assert row["text"] == f"Пропущен срок по сообщению {number}: первый ответ"


@pytest.mark.order("O-10")
async def test_taking_is_no_news_and_nobodys_message_is_the_heads(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    start = datetime(2026, 11, 24, 3, 15, tzinfo=UTC)
    with time_machine.travel(start, tick=False) as stopped:
        taken = await triaged(api, people)
        body = {"assignee_id": str(people.operator.id)}
        assert (await act(api, people.operator, taken, "assign", body)).status_code == 200
        await relay(database)
        assert await told(api, people.operator) == []
        await triaged(api, people)
        stopped.move_to(start + timedelta(days=1))
        async with database.transaction() as session:
            await deadlines.remind_and_escalate(session)
        await relay(database)
        assert [row["kind"] for row in await told(api, people.unit_head)] == ["deadline_reminder"]
        assert [row["kind"] for row in await told(api, people.operator)] == ["deadline_reminder"]


@pytest.mark.order("O-10")
async def test_the_heads_of_another_unit_are_told_what_was_given_to_it(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    unit = {"unit_id": str(people.other_head.unit_id)}
    given, sorted_there = await triaged(api, people), await triaged(api, people)
    assert (await act(api, people.unit_head, given, "assign", unit)).status_code == 200
    body = triage_body(people, **unit)
    assert (await act(api, people.operator, sorted_there, "triage", body)).status_code == 200
    await relay(database)
    rows = await told(api, people.other_head)
    assert {row["object_id"] for row in rows} == {path.rpartition("/")[2] for path in (given, sorted_there)}
    assert all(row["text"].startswith("Вашему подразделению передано сообщение") for row in rows)


@pytest.mark.order("O-2.5", "O-10")
async def test_an_edit_at_the_source_is_told_to_who_works_on_it_or_to_the_head(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    path = await triaged(api, people)
    message = (await api.get(path, headers=api.as_(people.operator))).json()

    async def revise(by: Principal, **body: Any) -> None:
        headers = api.as_(by) | {"Idempotency-Key": new_id().hex}
        told_of = body | {"changed_at": clock.now().isoformat()}
        assert (await api.post(f"{path}/revisions", headers=headers, json=told_of)).status_code == 201
        await relay(database)

    await revise(people.integration, text="Где взять заём?")
    (row,) = await told(api, people.unit_head)
    assert (row["kind"], row["object_id"]) == ("message_revised", message["id"]), "nobody works on it yet"
    assert row["text"] == f"Клиент изменил сообщение {message['number']} в источнике"
    mine = {"assignee_id": str(people.colleague.id)}
    assert (await act(api, people.operator, path, "assign", mine)).status_code == 200
    await revise(people.integration, text="Где взять льготный заём?")
    await revise(people.integration, text="Где взять льготный заём?")  # told twice
    await revise(people.integration, is_deleted=True)
    rows = await told(api, people.colleague)
    assert [row["text"] for row in rows if row["kind"] == "message_revised"] == [
        f"Клиент удалил сообщение {message['number']} в источнике",
        f"Клиент изменил сообщение {message['number']} в источнике",
    ]
    await revise(people.colleague, text="Верните заём")
    assert await told(api, people.colleague) == rows, "who told of it knows"
    assert len(await told(api, people.unit_head)) == 1 and await told(api, people.operator) == []
    assert (await act(api, people.operator, path, "close", {"reason": "Снято"})).status_code == 200
    await revise(people.integration, text="Спасибо")
    assert await told(api, people.colleague) == rows, "nothing is to be done any more"
