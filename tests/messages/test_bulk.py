"""Bulk actions: independent messages in independent batches (O-10)."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import OperationalError

from app.core.ids import new_id
from app.messages.service import bulk
from tests.callers import People
from tests.conftest import Api
from tests.messages.factories import MESSAGES, message_body, registered
from tests.messages.test_closing import fetch


@pytest.mark.order("O-10")
async def test_a_bulk_action_returns_a_result_for_each_message(api: Api, people: People) -> None:
    good = [(await registered(api, people))["id"] for _ in range(3)]
    foreign = await api.post(
        MESSAGES,
        headers=api.as_(people.other_operator),
        json=message_body(people, interaction_point_id=str(people.other_point_id)),
    )
    ids = [good[0], str(new_id()), foreign.json()["id"], good[1], good[1]]
    headers = api.as_(people.operator)
    body = {"action": "assign", "ids": ids, "assignee_id": str(people.colleague.id)}
    answer = await api.post(f"{MESSAGES}/bulk", headers=headers, json=body)
    assert answer.status_code == 200, answer.text
    data = answer.json()
    assert data["done"] == 2
    assert [(item["id"], item["status"]) for item in data["items"]] == [
        (ids[0], 200),
        (ids[1], 404),
        (ids[2], 404),
        (ids[3], 200),
    ]
    assert (await fetch(api, people, f"{MESSAGES}/{good[0]}"))["assignee_id"] == str(people.colleague.id)
    body = {"action": "spam", "ids": good}
    assert (await api.post(f"{MESSAGES}/bulk", headers=headers, json=body)).json()["done"] == 3
    answer = await api.post(f"{MESSAGES}/bulk", headers=headers, json=body)
    assert {(item["status"], item["code"]) for item in answer.json()["items"]} == {(409, "move_not_allowed")}
    for wrong, pointer in (
        ({"action": "close", "ids": good}, "/reason"),
        ({"action": "assign", "ids": good}, "/assignee_id"),
        ({"action": "spam", "ids": good, "unit_id": str(new_id())}, "/unit_id"),
        ({"action": "spam", "ids": [str(new_id()) for _ in range(501)]}, "/ids"),
    ):
        refused = await api.post(f"{MESSAGES}/bulk", headers=headers, json=wrong)
        assert [fault["pointer"] for fault in refused.json()["errors"]] == [pointer]


@pytest.mark.order("O-10")
async def test_a_failed_batch_is_reported_and_the_others_are_committed(
    api: Api, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each batch is its own transaction, so a failure affects only its batch."""
    ids = [(await registered(api, people))["id"] for _ in range(5)]
    real = bulk._process_message

    async def failing(session: Any, message_id: UUID, *more: Any) -> Any:
        if str(message_id) == ids[3]:
            raise OperationalError("UPDATE", {}, Exception("the database is gone"))
        return await real(session, message_id, *more)

    monkeypatch.setattr(bulk, "BATCH_SIZE", 2)
    monkeypatch.setattr(bulk, "_process_message", failing)
    body = {"action": "assign", "ids": ids, "assignee_id": str(people.colleague.id)}
    answer = await api.post(f"{MESSAGES}/bulk", headers=api.as_(people.operator), json=body)
    assert [(item["id"], item["status"]) for item in answer.json()["items"]] == list(
        zip(ids, (200, 200, 503, 503, 200), strict=True)
    )
    assert answer.json()["done"] == 3 and answer.json()["items"][2]["code"] == "unavailable"
    given = [(await fetch(api, people, f"{MESSAGES}/{one}"))["assignee_id"] is not None for one in ids]
    assert given == [True, True, False, False, True]
