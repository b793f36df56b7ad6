"""Access rights: every operation of the OpenAPI document is called as every role and compared with `matrix.yaml`."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi import FastAPI

from app.core import clock
from app.core.ids import new_id
from app.reply_templates.rules.gaps import GapReason
from app.reply_templates.service.gaps import Unanswered, record_gap
from tests.callers import People
from tests.conftest import Api, JoinedDatabase

MATRIX = yaml.safe_load((Path(__file__).parent / "matrix.yaml").read_text(encoding="utf-8"))
COLUMNS: list[str] = MATRIX["columns"]
ROLES = COLUMNS[1:]
TOKEN_IS_OPTIONAL = {"submit_survey", "list_forms", "get_form_version", "compare_forms", "print_form"}
ME, UNIT = "0198c6f0-0000-7000-8000-000000000000", "unit_id"


def operations(application: FastAPI) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Return operation id → method, path, operation."""
    return {
        operation["operationId"]: (method.upper(), path, operation)
        for path, path_item in application.openapi()["paths"].items()
        for method, operation in path_item.items()
    }


def example_of(application: FastAPI, operation: dict[str, Any]) -> dict[str, Any]:
    """Return httpx arguments with the example of the operation as body."""
    content = operation.get("requestBody", {}).get("content", {})
    if "application/x-www-form-urlencoded" in content:
        return {"data": {"grant_type": "password", "username": "nobody", "password": "x", "token": "x"}}
    if "application/json" not in content:
        return {}
    name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
    body: dict[str, Any] = application.openapi()["components"]["schemas"][name]["examples"][0]
    return {"json": body}


def test_the_matrix_lists_exactly_the_operations(application: FastAPI) -> None:
    assert set(MATRIX["operations"]) == set(operations(application))


def test_only_the_listed_routes_are_undocumented(application: FastAPI) -> None:
    documented = set(application.openapi()["paths"])
    hidden = {"/health/live", "/health/ready", "/metrics", "/docs", "/redoc", "/openapi.json"}
    hidden |= {"/docs/oauth2-redirect", "/static-offline-docs/{path}"}
    hidden |= {f"/monitoring{page}" for page in ("", "/sign-in", "/sign-out", "/report.{format}", "/paper")}
    hidden |= {"/static/{name}", "/survey/{key}", "/survey/{key}/thanks", "/survey/{key}/resume"}

    def paths(routes: Any, prefix: str = "") -> set[str]:
        found = set()
        for route in routes:
            inner = getattr(route, "original_router", None)
            if inner is not None:
                found |= paths(inner.routes, prefix + getattr(route, "prefix", ""))
            else:
                found.add(getattr(route, "path_format", getattr(route, "path", "")))
        return found

    for path in paths(application.router.routes):
        assert path in hidden or any(known.endswith(path) for known in documented), path


async def call(
    api: Api, application: FastAPI, name: str, path: str, headers: dict[str, str], unit: str | None = None
) -> int:
    method, _, operation = operations(application)[name]
    arguments = example_of(application, operation)
    if "unit_id" in arguments.get("json", {}) and unit is not None:
        arguments["json"] = arguments["json"] | {"unit_id": unit}
    headers = headers | {"If-Match": "*", "Idempotency-Key": new_id().hex}
    return (await api.request(method, path, headers=headers, **arguments)).status_code


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_has_exactly_the_rights_in_the_matrix(
    application: FastAPI, api: Api, people: People, role: str
) -> None:
    column = COLUMNS.index(role)
    headers = api.as_(people.of(role))
    wrong = []
    for name, row in MATRIX["operations"].items():
        path = operations(application)[name][1]
        for part in ("{oktmo}", "{key}"):
            path = path.replace(part, "absent")
        path = "/".join(str(new_id()) if step.startswith("{") else step for step in path.split("/"))
        status = await call(api, application, name, path, headers, str(people.of(role).unit_id))
        is_denied = status in (401, 403)
        if is_denied != (row[column] == "deny"):
            # The token endpoint rejects the example's credentials, whatever the role.
            if name == "issue_token" and status == 400:
                continue
            wrong.append(f"{name}: {status}, expected {row[column]}")
    assert not wrong, wrong


async def test_only_public_operations_accept_a_missing_or_invalid_token(application: FastAPI, api: Api) -> None:
    wrong = []
    for name, row in MATRIX["operations"].items():
        path = operations(application)[name][1].replace("{key}", "absent")  # an id would match another operation
        path = "/".join(str(new_id()) if step.startswith("{") else step for step in path.split("/"))
        for headers in ({}, {"Authorization": "Bearer garbage"}, {"Authorization": "Basic bm9wZTpub3Bl"}):
            status = await call(api, application, name, path, dict(headers))
            expected = row[0] == "allow"
            ignores_the_token = expected and name not in TOKEN_IS_OPTIONAL
            if (status == 401) == (expected and (not headers or ignores_the_token)):
                wrong.append(f"{name} {headers}: {status}")
    assert not wrong, wrong


async def test_the_objects_of_another_unit_are_404_for_operators_and_heads_alike(
    application: FastAPI, api: Api, people: People, database: JoinedDatabase
) -> None:
    """Objects of the first unit are 404 for the second unit (A2) and found by the first."""
    operator = api.as_(people.operator)
    message = await api.post(
        "/api/v1/messages",
        headers=operator,
        json={
            "interaction_point_id": str(people.point_id),
            "kind": "comment",
            "external_id": "wall-1_1",
            "text": "Где узнать про льготный заём?",
            "received_at": clock.now().isoformat(),
            "client": {"kind": "individual", "name": "Иван П."},
            "attachments": [{"name": "a.txt", "content_type": "text/plain", "content": "QQ=="}],
        },
    )
    assert message.status_code == 201, message.text
    message_id = message.json()["id"]
    triage = {"competence": "within", "unit_id": str(people.operator.unit_id), "need": {"summary": "Заём"}}
    headers = operator | {"If-Match": message.headers["etag"]}
    assert (await api.post(f"/api/v1/messages/{message_id}/triage", headers=headers, json=triage)).is_success
    body = {"kind": "answer", "text": "Здравствуйте!"}
    reply = await api.post(f"/api/v1/messages/{message_id}/replies", headers=operator, json=body)
    template = await api.post(
        "/api/v1/reply-templates",
        headers=operator,
        json={"unit_id": str(people.operator.unit_id), "key": "own", "title": "Свой", "text": "Здравствуйте!"},
    )
    days = {"starts_on": clock.today().isoformat(), "ends_on": clock.today().isoformat(), "reason": "Отпуск"}
    substitution = await api.post(
        "/api/v1/substitutions",
        headers=api.as_(people.unit_head),
        json=days | {"deputy_id": str(people.operator.id)},
    )
    note_body = {"object_type": "message", "object_id": message_id, "text": "Уточните срок"}
    note = await api.post("/api/v1/control-notes", headers=api.as_(people.unit_head), json=note_body)
    assert people.operator.unit_id is not None
    gap = Unanswered(
        message_id=new_id(),
        unit_id=people.operator.unit_id,
        text="Дирижабль",
        reason=GapReason.NO_TEMPLATE,
    )
    async with database.transaction() as session:
        await record_gap(session, gap)
    gaps = await api.get("/api/v1/reply-templates/gaps", headers=operator)
    ids = {
        "gap_id": gaps.json()["items"][0]["id"],
        "substitution_id": substitution.json()["id"],
        "message_id": message_id,
        "reply_id": reply.json()["id"],
        "template_id": template.json()["id"],
        "unit_id": str(people.unit_head.unit_id),
        "attachment_id": message.json()["attachments"][0]["id"],
        "note_id": note.json()["id"],
        "number": "1",
    }
    called = 0
    for name, row in MATRIX["operations"].items():
        path = operations(application)[name][1]
        if "own" not in row or "{" not in path:
            continue
        path = path.format(**ids)
        for stranger in (people.other_operator, people.other_head, people.integration):
            if row[COLUMNS.index(next(iter(stranger.roles)))] != "own":
                continue
            if stranger is people.integration and "/messages/" in path:
                continue  # the message is at a point granted to it
            unit = str(stranger.unit_id)
            assert await call(api, application, name, path, api.as_(stranger), unit) == 404, name
            called += 1
        owner = people.unit_head
        assert await call(api, application, name, path, api.as_(owner), str(owner.unit_id)) != 404, name
    assert called > 30
    for stranger in (people.other_operator, people.other_head):
        for path in ("/api/v1/messages", "/api/v1/reply-templates?key=own"):
            listed = await api.get(path, params={"with_count": "true"}, headers=api.as_(stranger))
            assert not {item["id"] for item in listed.json()["items"]} & set(ids.values())
