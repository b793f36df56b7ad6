"""Notifications of replies, assignments and deadlines (O-10)."""

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
from app.messages.service import reminders
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


async def list_notices(api: Api, who: Principal) -> list[dict[str, Any]]:
    answer = await api.get("/api/v1/notifications", headers=api.as_(who))
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def submitted(api: Api, people: People) -> tuple[str, str]:
    """Return the paths of a message and of its submitted reply."""
    path = await triaged(api, people)
    reply = await drafted(api, people, path)
    assert (await act(api, people.operator, reply, "submit", {})).status_code == 200
    return path, reply


@pytest.mark.order("O-10")
async def test_the_head_is_notified_of_a_submitted_reply(api: Api, people: People, database: JoinedDatabase) -> None:
    path, _ = await submitted(api, people)
    message = (await api.get(path, headers=api.as_(people.operator))).json()
    await relay(database)
    (row,) = await list_notices(api, people.unit_head)
    assert (row["kind"], row["object_type"], row["object_id"]) == ("reply_submitted", "message", message["id"])
    assert row["text"] == f"Ответ по сообщению {message['number']} передан на согласование"
    for other in (people.operator, people.colleague, people.other_head, people.admin):
        assert await list_notices(api, other) == []


@pytest.mark.order("O-10")
async def test_the_author_is_notified_of_a_returned_reply_without_the_reason(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    path, reply = await submitted(api, people)
    reason = "Назовите Ивана Петровича по имени"
    assert (await act(api, people.unit_head, reply, "return", {"reason": reason})).status_code == 200
    await relay(database)
    message = (await api.get(path, headers=api.as_(people.operator))).json()
    (row,) = await list_notices(api, people.operator)
    assert (row["kind"], row["object_type"], row["object_id"]) == ("reply_returned", "message", message["id"])
    assert row["text"] == f"Ответ по сообщению {message['number']} возвращён на доработку"
    assert [row["kind"] for row in await list_notices(api, people.unit_head)] == ["reply_submitted"]
    assert await list_notices(api, people.colleague) == []


@pytest.mark.order("O-10")
async def test_the_deputy_is_notified_too_unless_they_are_an_author(
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
    path, reply = await submitted(api, people)  # drafted by the operator, who is the deputy
    await relay(database)
    assert await list_notices(api, people.operator) == []
    assert len(await list_notices(api, people.unit_head)) == 1
    assert (await act(api, people.unit_head, reply, "return", {"reason": "Короче"})).status_code == 200
    body = {"kind": "answer", "text": "Здравствуйте, Иван! Условия есть на сайте."}
    own = await api.post(f"{path}/replies", headers=api.as_(people.unit_head), json=body)
    assert (await act(api, people.unit_head, f"{path}/replies/{own.json()['id']}", "submit", {})).status_code == 200
    await relay(database)
    assert [row["kind"] for row in await list_notices(api, people.operator)] == [
        "reply_submitted",
        "reply_returned",
    ]
    assert [row["kind"] for row in await list_notices(api, people.unit_head)] == ["reply_submitted"], (
        "no notification of the own reply"
    )


@pytest.mark.order("O-10")
async def test_each_submission_and_return_is_notified_once(api: Api, people: People, database: JoinedDatabase) -> None:
    _, reply = await submitted(api, people)
    for _ in range(2):
        assert (await act(api, people.unit_head, reply, "return", {"reason": "Короче"})).status_code == 200
        assert (await act(api, people.operator, reply, "submit", {})).status_code == 200
    await relay(database)
    async with database.transaction() as session:
        entries = (await session.exec(select(OutboxEntry))).all()
        for entry in entries:
            for event, handlers in notification_handlers.HANDLERS.items():
                for handler in handlers if event.type == entry.event else ():
                    await handler(session, event.model_validate(entry.payload))
    assert [row["kind"] for row in await list_notices(api, people.unit_head)] == ["reply_submitted"] * 3
    assert [row["kind"] for row in await list_notices(api, people.operator)] == ["reply_returned"] * 2


def test_an_event_may_have_handlers_in_several_domains() -> None:
    mine, theirs = notification_handlers.notify_author_of_failure, notification_handlers.notify_author_of_return
    merged = merge_handlers({ReplyNotSent: [mine]}, {ReplyNotSent: [theirs], ReplyReturned: [theirs]}, {})
    assert merged == {ReplyNotSent: [mine, theirs], ReplyReturned: [theirs]}
    assert set(HANDLERS) >= {ReplyNotSent, ReplySubmitted, ReplyReturned}


@pytest.mark.order("O-6.2.2", "O-10")
async def test_the_assignee_is_notified_of_a_near_deadline_and_the_head_of_a_missed_one_once(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    start = datetime(2026, 11, 24, 3, 15, tzinfo=UTC)
    with time_machine.travel(start, tick=False) as stopped:
        path = await triaged(api, people)
        body = {"assignee_id": str(people.colleague.id)}
        assert (await act(api, people.operator, path, "assign", body)).status_code == 200
        await relay(database)
        assert [row["kind"] for row in await list_notices(api, people.colleague)] == ["message_assigned"]
        stopped.move_to(start + timedelta(days=1))  # 10:15, due at 11:15, reminder two hours before
        for _twice in range(2):
            async with database.transaction() as session:
                await reminders.remind_and_escalate(session)
            await relay(database)
        assert [row["kind"] for row in await list_notices(api, people.colleague)] == [
            "deadline_reminder",
            "message_assigned",
        ]
        assert await list_notices(api, people.unit_head) == []
        stopped.move_to(start + timedelta(days=1, hours=2))
        for _twice in range(2):
            async with database.transaction() as session:
                await reminders.remind_and_escalate(session)
            await relay(database)
        assert [row["kind"] for row in await list_notices(api, people.unit_head)] == ["deadline_escalation"]
        number = (await api.get(path, headers=api.as_(people.operator))).json()["number"]
        row = (await list_notices(api, people.colleague))[0]
        assert row["text"] == f"Пропущен срок по сообщению {number}: первый ответ"


@pytest.mark.order("O-10")
async def test_a_self_assignment_is_not_notified_and_an_unassigned_message_goes_to_the_head(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    start = datetime(2026, 11, 24, 3, 15, tzinfo=UTC)
    with time_machine.travel(start, tick=False) as stopped:
        taken = await triaged(api, people)
        body = {"assignee_id": str(people.operator.id)}
        assert (await act(api, people.operator, taken, "assign", body)).status_code == 200
        await relay(database)
        assert await list_notices(api, people.operator) == []
        await triaged(api, people)
        stopped.move_to(start + timedelta(days=1))
        async with database.transaction() as session:
            await reminders.remind_and_escalate(session)
        await relay(database)
        assert [row["kind"] for row in await list_notices(api, people.unit_head)] == ["deadline_reminder"]
        assert [row["kind"] for row in await list_notices(api, people.operator)] == ["deadline_reminder"]


@pytest.mark.order("O-10")
async def test_the_heads_are_notified_of_messages_moved_to_their_unit(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    unit = {"unit_id": str(people.other_head.unit_id)}
    given, sorted_there = await triaged(api, people), await triaged(api, people)
    assert (await act(api, people.unit_head, given, "assign", unit)).status_code == 200
    body = triage_body(people, **unit)
    assert (await act(api, people.operator, sorted_there, "triage", body)).status_code == 200
    await relay(database)
    rows = await list_notices(api, people.other_head)
    assert {row["object_id"] for row in rows} == {path.rpartition("/")[2] for path in (given, sorted_there)}
    assert all(row["text"].startswith("Вашему подразделению передано сообщение") for row in rows)


@pytest.mark.order("O-2.5", "O-10")
async def test_the_assignee_or_the_head_is_notified_of_an_edit_at_the_source(
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
    (row,) = await list_notices(api, people.unit_head)
    assert (row["kind"], row["object_id"]) == ("message_revised", message["id"]), "it has no assignee yet"
    assert row["text"] == f"Клиент изменил сообщение {message['number']} в исходном канале"
    mine = {"assignee_id": str(people.colleague.id)}
    assert (await act(api, people.operator, path, "assign", mine)).status_code == 200
    await revise(people.integration, text="Где взять льготный заём?")
    await revise(people.integration, text="Где взять льготный заём?")  # a repeated report
    await revise(people.integration, is_deleted=True)
    rows = await list_notices(api, people.colleague)
    assert [row["text"] for row in rows if row["kind"] == "message_revised"] == [
        f"Клиент удалил сообщение {message['number']} в исходном канале",
        f"Клиент изменил сообщение {message['number']} в исходном канале",
    ]
    await revise(people.colleague, text="Верните заём")
    assert await list_notices(api, people.colleague) == rows, "the reporting employee is not notified"
    assert len(await list_notices(api, people.unit_head)) == 1 and await list_notices(api, people.operator) == []
    assert (await act(api, people.operator, path, "close", {"reason": "Снято"})).status_code == 200
    await revise(people.integration, text="Спасибо")
    assert await list_notices(api, people.colleague) == rows, "the message is closed"
