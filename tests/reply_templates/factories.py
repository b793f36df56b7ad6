"""Factories that create templates over HTTP in a given state."""

from typing import Any

import httpx

from app.core.security import Principal
from tests.callers import People
from tests.conftest import Api

PATH = "/api/v1/reply-templates"


def template_body(people: People, **more: Any) -> dict[str, Any]:
    """Return the body of a template of the first unit."""
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
    """Create a draft as the operator."""
    response = await api.post(PATH, headers=api.as_(people.operator), json=template_body(people, **more))
    assert response.status_code == 201, response.text
    return response


async def act(api: Api, by: Principal, created: httpx.Response, verb: str, payload: object = None) -> httpx.Response:
    """Perform an action on a template with its present ETag."""
    path = f"{PATH}/{created.json()['id']}"
    tag = (await api.get(path, headers=api.as_(by))).headers.get("etag", '"0"')
    headers = api.as_(by) | {"If-Match": tag}
    if verb == "patch":
        return await api.patch(path, headers=headers, json=payload)
    return await api.post(f"{path}/{verb}", headers=headers, json=payload or {})


async def published(api: Api, people: People, **more: Any) -> httpx.Response:
    """Create a template and publish it as the head."""
    created = await make(api, people, **more)
    response = await act(api, people.unit_head, created, "publish")
    assert response.status_code == 200, response.text
    return response
