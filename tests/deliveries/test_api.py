"""Failed and uncertain replies over HTTP: visibility, notifications, retries; administrators see no texts."""

from collections.abc import Mapping
from typing import Any

import pytest

from app.deliveries.dispatcher import Dispatcher
from app.deliveries.ports import Dispatch, Limits, PermanentError, Receipt, Registry, UnclearError
from app.deliveries.rules import Recovery
from app.messages.delivery import ReplyDeliveries
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.deliveries.factories import work_off
from tests.messages.factories import act, approved

PATH = "/api/v1/deliveries"


class Failing:
    """An adapter that fails with one error."""

    recovery, dedupes_for, limits = Recovery.NONE, None, Limits()

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def send(self, dispatch: Dispatch, content: Mapping[str, Any]) -> Receipt:
        raise self.error

    async def find(self, dispatch: Dispatch, content: Mapping[str, Any]) -> Receipt | None:
        return None


async def send_and_fail(api: Api, people: People, database: JoinedDatabase, error: Exception) -> tuple[str, str]:
    """Return the paths of a message and of a reply whose delivery ended with the error."""
    path, reply = await approved(api, people)
    assert (await act(api, people.operator, reply, "send", {})).status_code == 202
    registry = Registry({"feedback_platform": Failing(error)}, {"reply": ReplyDeliveries()})
    assert await Dispatcher(database, registry).dispatch_once() == 1
    await work_off(database)
    return path, reply


@pytest.mark.order("O-10")
@pytest.mark.parametrize(
    ("error", "state", "kind", "hint"),
    [
        (PermanentError("http_403"), "failed", "reply_not_sent", "канал его не принял"),
        (UnclearError("timeout"), "uncertain", "reply_uncertain", "Проверьте, есть ли он в канале"),
    ],
)
async def test_the_author_sees_it_is_notified_and_can_send_again(
    api: Api, people: People, database: JoinedDatabase, error: Exception, state: str, kind: str, hint: str
) -> None:
    path, reply = await send_and_fail(api, people, database, error)
    headers = api.as_(people.operator)
    current = (await api.get(path, headers=headers)).json()
    assert (current["state"], current["replies"][0]["state"]) == ("awaiting_approval", state)
    notified = (await api.get("/api/v1/notifications", headers=headers)).json()["items"]
    assert [row["kind"] for row in notified] == [kind]
    assert hint in notified[0]["text"]
    assert (await act(api, people.operator, reply, "send", {})).status_code == 202
    await work_off(database)
    current = (await api.get(path, headers=headers)).json()
    assert (current["state"], current["replies"][0]["state"]) == ("answered", "sent")
    admin = api.as_(people.admin)
    items = (await api.get(PATH, headers=admin)).json()["items"]
    assert [item["state"] for item in items] == ["sent", "cancelled"], "the newer replaced the older"
    refused = await act(api, people.admin, f"{PATH}/{items[1]['id']}", "retry", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "delivery_not_retryable")


@pytest.mark.parametrize("error", [PermanentError("http_403"), UnclearError("timeout")])
async def test_an_administrator_sees_no_text_and_retries_with_one_call(
    api: Api, people: People, database: JoinedDatabase, error: Exception
) -> None:
    path, reply = await send_and_fail(api, people, database, error)
    admin = api.as_(people.admin)
    state = "failed" if isinstance(error, PermanentError) else "uncertain"
    listed = await api.get(PATH, params={"state": state, "target": "feedback_platform"}, headers=admin)
    (item,) = listed.json()["items"]
    assert (await api.get(PATH, params={"target": "other"}, headers=admin)).json()["items"] == []
    url = f"{PATH}/{item['id']}"
    one = await api.get(url, headers=admin)
    assert one.headers["etag"] == item["etag"] and one.json()["object_id"] == reply.rpartition("/")[2]
    assert (one.json()["last_error"], one.json()["attempts"]) == (str(error), 1)
    assert "payload" not in one.text and "Здравствуйте" not in listed.text + one.text
    assert (await api.post(f"{url}/retry", headers=admin, json={})).status_code == 428
    stale = await api.post(f"{url}/retry", headers=admin | {"If-Match": '"1"'}, json={})
    assert stale.status_code == 412
    retried = await api.post(f"{url}/retry", headers=admin | {"If-Match": item["etag"]}, json={})
    assert (retried.status_code, retried.json()["state"]) == (200, "queued"), retried.text
    operator = api.as_(people.operator)
    assert (await api.get(reply, headers=operator)).json()["state"] == "sending"
    assert (await act(api, people.admin, url, "retry", {})).status_code == 409
    await work_off(database)
    current = (await api.get(path, headers=operator)).json()
    assert (current["state"], current["replies"][0]["state"]) == ("answered", "sent")


async def test_a_returned_reply_is_not_retried(api: Api, people: People, database: JoinedDatabase) -> None:
    _, reply = await send_and_fail(api, people, database, PermanentError("http_403"))
    assert (await act(api, people.unit_head, reply, "return", {"reason": "Короче"})).status_code == 200
    (item,) = (await api.get(PATH, headers=api.as_(people.admin))).json()["items"]
    refused = await act(api, people.admin, f"{PATH}/{item['id']}", "retry", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "move_not_allowed")
    assert (await api.get(reply, headers=api.as_(people.operator))).json()["state"] == "returned"
