"""Factories over HTTP for messages and replies in a given state."""

from typing import Any

import httpx

from app.core import clock
from app.core.ids import new_id
from app.core.security import Principal
from tests.callers import People
from tests.conftest import Api

MESSAGES = "/api/v1/messages"


def message_body(people: People, **more: Any) -> dict[str, Any]:
    """Build the body of a comment at the VK page of the first unit."""
    return {
        "interaction_point_id": str(people.point_id),
        "kind": "comment",
        "external_id": f"wall-1_{new_id().hex[-10:]}",
        "thread_external_id": None,
        "text": "Где узнать про льготный заём?",
        "received_at": clock.now().isoformat(),
        "client": {"kind": "individual", "name": "Иван П.", "contacts": [{"kind": "vk", "value": "id123"}]},
        **more,
    }


async def register(api: Api, by: Principal, body: dict[str, Any]) -> httpx.Response:
    """Register a message."""
    return await api.post(MESSAGES, headers=api.as_(by) | {"Idempotency-Key": new_id().hex}, json=body)


async def registered(api: Api, people: People, **more: Any) -> dict[str, Any]:
    """Register a message through the platform and return it."""
    answer = await register(api, people.integration, message_body(people, **more))
    assert answer.status_code == 201, answer.text
    data: dict[str, Any] = answer.json()
    return data


async def act(api: Api, by: Principal, path: str, verb: str, body: object) -> httpx.Response:
    """Post an action with the current ETag."""
    tag = (await api.get(path, headers=api.as_(by))).headers.get("etag", '"0"')
    return await api.post(f"{path}/{verb}", headers=api.as_(by) | {"If-Match": tag}, json=body)


def triage_body(people: People, **more: Any) -> dict[str, Any]:
    """Build a triage decision within the competence of the first unit."""
    return {
        "competence": "within",
        "unit_id": str(people.operator.unit_id),
        "need": {"summary": "Хочет узнать условия льготного займа"},
        **more,
    }


async def triaged(api: Api, people: People, **more: Any) -> str:
    """Register and triage a message; return its path."""
    message = await registered(api, people, **more)
    path = f"{MESSAGES}/{message['id']}"
    answer = await act(api, people.operator, path, "triage", triage_body(people))
    assert answer.status_code == 200, answer.text
    return path


async def drafted(api: Api, people: People, path: str, **body: Any) -> str:
    """Draft a reply; return its path."""
    body = {"kind": "answer", "text": "Здравствуйте, Иван! Условия есть на сайте. Чем ещё помочь?"} | body
    answer = await api.post(f"{path}/replies", headers=api.as_(people.operator), json=body)
    assert answer.status_code == 201, answer.text
    return f"{path}/replies/{answer.json()['id']}"


async def approved(api: Api, people: People, **more: Any) -> tuple[str, str]:
    """Register a message with an approved reply; return their paths."""
    path = await triaged(api, people, **more)
    reply = await drafted(api, people, path)
    assert (await act(api, people.operator, reply, "submit", {})).status_code == 200
    assert (await act(api, people.unit_head, reply, "approve", {})).status_code == 200
    return path, reply
