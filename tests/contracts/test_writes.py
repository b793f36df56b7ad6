"""Writes reject unknown fields, missing or weak versions and ids of another unit (A3, A4, C7, D3)."""

from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import select

from app.core.db import Table
from app.core.ids import new_id
from app.organizations.models import Topic
from app.reply_templates.models import ReplyTemplate
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.contracts.test_bad_input import allowed_role, with_ids
from tests.contracts.test_matrix import example_of, operations
from tests.messages.factories import MESSAGES, act, drafted, message_body, register, registered, triage_body, triaged

COLUMNS = sorted({column.name for table in Table.metadata.tables.values() for column in table.columns})
"""All columns of all tables: fields that a caller might try to set."""


async def test_no_body_accepts_a_column_that_is_not_its_field(application: FastAPI, api: Api, people: People) -> None:
    tried = 0
    schemas = application.openapi()["components"]["schemas"]
    for name, (method, path, operation) in operations(application).items():
        arguments = example_of(application, operation)
        if "json" not in arguments:
            continue
        schema = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        foreign = [column for column in COLUMNS if column not in schemas[schema]["properties"]]
        headers = api.as_(people.of(allowed_role(name))) | {"If-Match": "*", "Idempotency-Key": new_id().hex}
        body = arguments["json"] | dict.fromkeys(foreign, "1")
        answer = await api.request(method, with_ids(path), headers=headers, json=body)
        assert answer.status_code == 422, (name, answer.status_code)
        one = await api.request(method, with_ids(path), headers=headers, json=arguments["json"] | {foreign[0]: "1"})
        assert [error["pointer"] for error in one.json()["errors"]] == [f"/{foreign[0]}"], name
        tried += 1
    assert tried > 40


async def test_no_change_is_possible_without_a_version(application: FastAPI, api: Api, people: People) -> None:
    tried = 0
    for name, (method, path, operation) in operations(application).items():
        if "if-match" not in {parameter["name"].lower() for parameter in operation.get("parameters", [])}:
            assert method not in ("PATCH", "PUT", "DELETE") or name in WITHOUT_VERSION, name
            continue
        headers = api.as_(people.of(allowed_role(name)))
        answer = await api.request(method, with_ids(path), headers=headers, **example_of(application, operation))
        assert (answer.status_code, answer.json()["code"]) == (428, "precondition_required"), name
        tried += 1
    assert tried > 30


WITHOUT_VERSION: frozenset[str] = frozenset()
"""Operations that change objects without a version; there are none."""


@pytest.mark.order("O-10")
async def test_stale_and_weak_versions_are_412_and_change_nothing(api: Api, people: People) -> None:
    message = await triaged(api, people)
    reply = await drafted(api, people, message)
    point, admin = f"/api/v1/interaction-points/{people.point_id}", people.admin
    note = {"object_type": "message", "object_id": message.rpartition("/")[2], "text": "Проверить"}
    created = await api.post("/api/v1/control-notes", headers=api.as_(people.unit_head), json=note)
    for by, url, method, verb, body in (
        (people.operator, message, "POST", "/triage", triage_body(people)),
        (people.operator, message, "POST", "/assign", {"assignee_id": str(people.operator.id)}),
        (people.operator, message, "POST", "/close", {"reason": "Снято"}),
        (people.operator, message, "POST", "/spam", {}),
        (people.operator, message, "POST", "/register_as_appeal", {"came_by": "Почта", "registration_number": "1"}),
        (people.unit_head, message, "POST", "/extend", {"reason": "Нужен архив", "days": 1}),
        (people.operator, reply, "PATCH", "", {"text": "Другой текст"}),
        (people.operator, reply, "POST", "/submit", {}),
        (admin, point, "PATCH", "", {"address": "x"}),
        (admin, point, "POST", "/suspend", {"reason": "x"}),
        (people.unit_head, f"/api/v1/control-notes/{created.json()['id']}", "POST", "/resolve", {"resolution": "x"}),
    ):
        before = await api.get(url, headers=api.as_(by))
        tag = before.headers["etag"]
        for wrong in (f"W/{tag}", '"0"', '"999"', tag.strip('"'), ""):
            answer = await api.request(method, url + verb, headers=api.as_(by) | {"If-Match": wrong}, json=body)
            assert (answer.status_code, answer.json()["code"]) == (412, "stale"), (url + verb, wrong)
        after = await api.get(url, headers=api.as_(by))
        assert (after.headers["etag"], after.content) == (tag, before.content), url + verb


@pytest.mark.order("O-10")
async def test_ids_of_another_unit_in_a_body_or_query_are_rejected(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    theirs_body = message_body(people, interaction_point_id=str(people.other_point_id))
    theirs = (await register(api, people.other_operator, theirs_body)).json()
    async with database.transaction() as session:
        unit_id = people.other_operator.unit_id
        topic = (await session.exec(select(Topic).where(Topic.unit_id == unit_id))).first()
        template = (await session.exec(select(ReplyTemplate).where(ReplyTemplate.unit_id == unit_id))).first()
    assert topic is not None and template is not None
    message = await triaged(api, people)
    before = (await api.get(message, headers=api.as_(people.operator))).json()
    foreign: list[tuple[str, dict[str, Any], str]] = [
        ("assign", {"assignee_id": str(people.other_operator.id)}, "/assignee_id"),
        ("triage", triage_body(people, topic_id=str(topic.id)), "/topic_id"),
        ("duplicate", {"of": theirs["id"]}, "/of"),
        ("merge", {"into": theirs["id"]}, "/into"),
    ]
    for verb, body, pointer in foreign:
        answer = await act(api, people.operator, message, verb, body)
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer], verb
        assert theirs["text"] not in answer.text
    headers = api.as_(people.operator)
    draft = {"kind": "answer", "template_id": str(template.id), "values": {}}
    rejected = await api.post(f"{message}/replies", headers=headers, json=draft)
    assert rejected.status_code in (404, 422) and template.key not in rejected.text
    continued = await register(api, people.operator, message_body(people, continues_id=theirs["id"]))
    assert [error["pointer"] for error in continued.json()["errors"]] == ["/continues_id"]
    elsewhere = await register(api, people.operator, theirs_body | {"external_id": "x"})
    assert elsewhere.json()["code"] == "point_not_found"
    note = {"object_type": "message", "object_id": theirs["id"], "text": "x"}
    note_response = await api.post("/api/v1/control-notes", headers=api.as_(people.unit_head), json=note)
    assert [error["pointer"] for error in note_response.json()["errors"]] == ["/object_id"]
    assert (await api.get(message, headers=headers)).json() == before
    their_ids = {"unit_id": unit_id, "assignee_id": people.other_operator.id, "duplicate_of": theirs["id"]}
    for query in ({name: str(value)} for name, value in their_ids.items()):
        for path in (MESSAGES, "/api/v1/control-notes"):
            params = query if path == MESSAGES else {"object_id": theirs["id"]}
            assert (await api.get(path, params=params, headers=headers)).json()["items"] == []


@pytest.mark.order("O-2.5")
async def test_search_treats_wildcards_and_sql_as_plain_text(api: Api, people: People) -> None:
    plain = await registered(api, people, text="Где льготы?")
    marked = await registered(api, people, text=r"Скидка 50%_тест\путь ' OR 1=1--")
    headers = api.as_(people.operator)
    for q, found in (
        ("%", [marked["id"]]),
        ("_", [marked["id"]]),
        ("\\", [marked["id"]]),
        ("50%_", [marked["id"]]),
        ("' OR 1=1--", [marked["id"]]),
        ("льг_ты", []),
        ("льготы", [plain["id"]]),
    ):
        answer = await api.get(MESSAGES, params={"q": q}, headers=headers)
        assert [item["id"] for item in answer.json()["items"]] == found, q
    for query in ({"sort": "id;drop"}, {"sort": "text"}, {"state": "no' OR '1"}):
        assert (await api.get(MESSAGES, params=query, headers=headers)).status_code == 422
