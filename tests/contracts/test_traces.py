"""Every write creates an audit record; logs and records contain no personal data (G1, G4)."""

import json

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from sqlmodel import func, select

from app.core.audit import AuditEvent
from app.core.ids import new_id
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.messages.factories import MESSAGES, act, drafted, message_body, register, triaged


async def count_records(database: JoinedDatabase) -> int:
    async with database.transaction() as session:
        return (await session.exec(select(func.count()).select_from(AuditEvent))).one()


@pytest.mark.order("O-10")
async def test_every_write_creates_an_audit_record(
    application: FastAPI, api: Api, people: People, database: JoinedDatabase
) -> None:
    before = await count_records(database)
    path = await triaged(api, people)
    reply = await drafted(api, people, path)
    for caller, verb in ((people.operator, "submit"), (people.unit_head, "approve"), (people.operator, "send")):
        count = await count_records(database)
        assert (await act(api, caller, reply, verb, {})).is_success
        assert await count_records(database) > count, verb
    assert await count_records(database) >= before + 6
    async with database.transaction() as session:
        row = (await session.exec(select(AuditEvent).where(AuditEvent.action == "reply.approved"))).one()
    assert (row.actor_id, row.actor_roles, row.unit_id) == (
        people.unit_head.id,
        ["unit_head"],
        people.unit_head.unit_id,
    )
    assert (row.object_id, row.address, row.result) == (reply.rpartition("/")[2], "127.0.0.1", "ok")
    assert row.request_id


async def test_a_rejected_write_creates_no_audit_record(api: Api, people: People, database: JoinedDatabase) -> None:
    path = await triaged(api, people)
    before = await count_records(database)
    assert (await act(api, people.operator, path, "reopen", {"reason": "x"})).status_code == 409
    assert await count_records(database) == before


async def test_logs_records_and_errors_contain_no_personal_data(
    api: Api,
    people: People,
    database: JoinedDatabase,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    canary = f"canary{new_id().hex[:12]}"
    client = {"kind": "individual", "name": f"Фамилия {canary}", "contacts": [{"kind": "phone", "value": canary}]}
    body = message_body(people, text=f"Мой телефон {canary}", client=client)
    created = await register(api, people.integration, body)
    assert created.status_code == 201
    headers = api.as_(people.operator)
    await api.get(MESSAGES, params={"q": canary}, headers=headers)
    rejected = [
        await register(api, people.integration, body | {"text": f"Другой {canary}"}),
        await register(api, people.integration, body | {"kind": canary}),
        await register(api, people.integration, body | {canary: 1} | {"client": canary}),
        await api.get(f"{MESSAGES}/{canary}", headers=headers),
        await api.get(f"/api/v1/{canary}?phone={canary}", headers=headers | {"X-Request-ID": f"<{canary}>"}),
        await api.post("/api/v1/auth/token", data={"grant_type": "password", "username": canary, "password": canary}),
    ]
    for answer in rejected:
        assert answer.status_code >= 400
        text = json.dumps({k: v for k, v in answer.json().items() if k != "errors"}, ensure_ascii=False)
        assert canary not in text
        for error in answer.json().get("errors", []):
            assert canary not in error["detail"]
    out, err = capfd.readouterr()
    assert canary not in out + err + caplog.text
    async with database.transaction() as session:
        for table in ("audit_events", "outbox"):
            rows = (await session.exec(sa.text(f"SELECT * FROM {table}"))).all()  # type: ignore[call-overload]
            assert rows and canary not in repr(rows), table
