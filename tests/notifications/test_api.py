"""Tests of notifications: once per occasion, own ones only, read and unread (O-10)."""

from collections.abc import Sequence
from uuid import UUID

import pytest
from sqlmodel import select

from app.core.audit import AuditEvent
from app.core.ids import new_id
from app.core.security import Principal
from app.notifications.models import Notification
from app.notifications.rules import NotificationKind
from app.notifications.service import notify
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.messages.factories import act

PATH = "/api/v1/notifications"
OBJECT = UUID("0198c6f0-0000-7000-8000-000000000001")


async def send_notification(
    database: JoinedDatabase, employees: Sequence[Principal], key: str, text: str = "Посмотрите"
) -> None:
    async with database.transaction() as session:
        ids = [principal.id for principal in employees]
        await notify(session, ids, NotificationKind.DEADLINE_REMINDER, text, "message", OBJECT, key)


async def list_texts(api: Api, by: Principal, **query: str) -> list[str]:
    response = await api.get(PATH, params=query, headers=api.as_(by))
    assert response.status_code == 200, response.text
    return [row["text"] for row in response.json()["items"]]


async def count_unread(api: Api, by: Principal) -> int:
    response = await api.get(f"{PATH}/unread-count", headers=api.as_(by))
    assert set(response.json()) == {"count"}
    return int(response.json()["count"])


@pytest.mark.order("O-10")
async def test_an_occasion_notifies_an_employee_once(api: Api, people: People, database: JoinedDatabase) -> None:
    await send_notification(database, [people.operator], "a", "Первое")
    await send_notification(database, [people.operator, people.colleague, people.colleague], "a", "Повтор")
    await send_notification(database, [people.operator], "b", "Второе")
    await send_notification(database, [], "c")
    assert await list_texts(api, people.operator) == ["Второе", "Первое"]
    assert await list_texts(api, people.colleague) == ["Повтор"]


@pytest.mark.order("O-10")
async def test_an_employee_reads_own_notifications(api: Api, people: People, database: JoinedDatabase) -> None:
    await send_notification(database, [people.operator], "a", "Первое")
    await send_notification(database, [people.operator], "b", "Второе")
    headers = api.as_(people.operator)
    row = (await api.get(PATH, headers=headers)).json()["items"][1]
    assert row == {
        "id": row["id"],
        "kind": "deadline_reminder",
        "text": "Первое",
        "object_type": "message",
        "object_id": str(OBJECT),
        "created_at": row["created_at"],
        "read_at": None,
    }
    assert await count_unread(api, people.operator) == 2
    path = f"{PATH}/{row['id']}"
    assert (await api.post(f"{path}/read", headers=headers, json={})).status_code == 428
    assert (await api.post(f"{path}/read", headers=headers | {"If-Match": '"9"'}, json={})).status_code == 412
    done = await act(api, people.operator, path, "read", {})
    assert done.status_code == 200 and done.json()["read_at"] and done.headers["etag"] == '"2"'
    again = await act(api, people.operator, path, "read", {})
    assert (again.status_code, again.json(), again.headers["etag"]) == (200, done.json(), '"2"')
    assert (await api.get(path, headers=headers)).json() == done.json()
    assert await count_unread(api, people.operator) == 1
    assert await list_texts(api, people.operator, is_read="true") == ["Первое"]
    assert await list_texts(api, people.operator, is_read="false") == ["Второе"]
    async with database.transaction() as session:
        query = select(AuditEvent).where(AuditEvent.object_id == row["id"])
        assert [event.action for event in (await session.exec(query)).all()] == ["notification.read"]


@pytest.mark.order("O-10")
async def test_all_notifications_are_marked_as_read(api: Api, people: People, database: JoinedDatabase) -> None:
    for key in ("a", "b", "c"):
        await send_notification(database, [people.operator, people.colleague], key)
    headers = api.as_(people.operator)
    row = (await api.get(PATH, headers=headers)).json()["items"][0]
    tag = (await api.get(f"{PATH}/{row['id']}", headers=headers)).headers["etag"]
    await act(api, people.operator, f"{PATH}/{row['id']}", "read", {})
    for expected in (2, 0):
        assert (await api.post(f"{PATH}/read-all", headers=headers, json={})).json() == {"read": expected}
    assert (await count_unread(api, people.operator), await count_unread(api, people.colleague)) == (0, 3)
    for item in (await api.get(PATH, headers=headers)).json()["items"]:
        fetched = await api.get(f"{PATH}/{item['id']}", headers=headers)
        assert item["read_at"] and fetched.headers["etag"] != tag


@pytest.mark.order("O-10")
async def test_notifications_of_others_are_not_found(api: Api, people: People, database: JoinedDatabase) -> None:
    await send_notification(database, [people.operator], "a")
    async with database.transaction() as session:
        query = select(Notification.id).where(Notification.employee_id == people.operator.id)
        notification_id = (await session.exec(query)).one()
    for stranger in (people.colleague, people.unit_head, people.admin):
        headers = api.as_(stranger) | {"If-Match": "*"}
        assert await list_texts(api, stranger) == []
        assert (await api.get(f"{PATH}/{notification_id}", headers=headers)).status_code == 404
        refused = await api.post(f"{PATH}/{notification_id}/read", headers=headers, json={})
        assert (refused.status_code, refused.json()["code"]) == (404, "notification_not_found")
        assert (await api.post(f"{PATH}/read-all", headers=headers, json={})).json() == {"read": 0}
    absent = await api.get(f"{PATH}/{new_id()}", headers=api.as_(people.operator))
    assert absent.status_code == 404
    assert await count_unread(api, people.operator) == 1


async def test_notifications_are_paginated(api: Api, people: People, database: JoinedDatabase) -> None:
    for number in range(5):
        await send_notification(database, [people.operator], f"key-{number}", f"Номер {number}")
    seen, cursor = [], ""
    for _ in range(3):
        query = {"limit": "2", "with_count": "true"} | ({"cursor": cursor} if cursor else {})
        page = (await api.get(PATH, params=query, headers=api.as_(people.operator))).json()
        seen += [item["text"] for item in page["items"]]
        assert page["count"] == 5
        cursor = page["next_cursor"]
    assert seen == [f"Номер {number}" for number in (4, 3, 2, 1, 0)] and cursor is None
