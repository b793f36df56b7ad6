"""Steps with templates over HTTP, for tests that need one in some state."""

from typing import Any

import httpx

from app.core.security import Principal
from tests.callers import People
from tests.conftest import Api

PATH = "/api/v1/reply-templates"


def body(people: People, **more: Any) -> dict[str, Any]:
    """A template of the first unit."""
    return {
        "unit_id": str(people.operator.unit_id),
        "key": "ezhevika",
        "title": "Ежевика",
        "text": "Здравствуйте, {имя}! Ёжики едят 100% ежевики: {ссылка}.",
        "keywords": ["ёжик"],
        "examples": ["Что едят ежи?"],
        **more,
    }


async def make(api: Api, people: People, **more: Any) -> httpx.Response:
    """A draft of the operator."""
    made = await api.post(PATH, headers=api.as_(people.operator), json=body(people, **more))
    assert made.status_code == 201, made.text
    return made


async def act(api: Api, by: Principal, made: httpx.Response, verb: str, sent: object = None) -> httpx.Response:
    """An action on the present version."""
    path = f"{PATH}/{made.json()['id']}"
    tag = (await api.get(path, headers=api.as_(by))).headers.get("etag", '"0"')
    headers = api.as_(by) | {"If-Match": tag}
    if verb == "patch":
        return await api.patch(path, headers=headers, json=sent)
    return await api.post(f"{path}/{verb}", headers=headers, json=sent or {})


async def published(api: Api, people: People, **more: Any) -> httpx.Response:
    """A template that the head published."""
    made = await make(api, people, **more)
    done = await act(api, people.unit_head, made, "publish")
    assert done.status_code == 200, done.text
    return done
