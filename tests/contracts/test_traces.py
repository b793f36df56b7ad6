"""What a call leaves behind: an audit record for each write, and no personal data in logs or records (G1, G4)."""

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


async def records(database: JoinedDatabase) -> int:
    async with database.transaction() as session:
        return (await session.exec(select(func.count()).select_from(AuditEvent))).one()


@pytest.mark.order("O-10")
async def test_every_write_leaves_a_record(
    application: FastAPI, api: Api, people: People, database: JoinedDatabase
) -> None:
    before = await records(database)
    path = await triaged(api, people)
    reply = await drafted(api, people, path)
    for who, verb in ((people.operator, "submit"), (people.unit_head, "approve"), (people.operator, "send")):
        count = await records(database)
        assert (await act(api, who, reply, verb, {})).is_success
        assert await records(database) > count, verb
    assert await records(database) >= before + 6
    async with database.transaction() as session:
        row = (await session.exec(select(AuditEvent).where(AuditEvent.action == "reply.approved"))).one()
    assert (row.actor_id, row.actor_roles, row.unit_id) == (
        people.unit_head.id,
        ["unit_head"],
        people.unit_head.unit_id,
    )
    assert (row.object_id, row.address, row.result) == (reply.rpartition("/")[2], "127.0.0.1", "ok")
    assert row.request_id


async def test_a_refused_write_leaves_none(api: Api, people: People, database: JoinedDatabase) -> None:
    path = await triaged(api, people)
    before = await records(database)
    assert (await act(api, people.operator, path, "reopen", {"reason": "x"})).status_code == 409
    assert await records(database) == before


async def test_personal_data_stays_out_of_logs_records_and_errors(
    api: Api,
    people: People,
    database: JoinedDatabase,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    canary = f"canary{new_id().hex[:12]}"
    client = {"kind": "individual", "name": f"Фамилия {canary}", "contacts": [{"kind": "phone", "value": canary}]}
    body = message_body(people, text=f"Мой телефон {canary}", client=client)
    made = await register(api, people.integration, body)
    assert made.status_code == 201
    headers = api.as_(people.operator)
    await api.get(MESSAGES, params={"q": canary}, headers=headers)
    refused = [
        await register(api, people.integration, body | {"text": f"Другой {canary}"}),
        await register(api, people.integration, body | {"kind": canary}),
        await register(api, people.integration, body | {canary: 1} | {"client": canary}),
        await api.get(f"{MESSAGES}/{canary}", headers=headers),
        await api.get(f"/api/v1/{canary}?phone={canary}", headers=headers | {"X-Request-ID": f"<{canary}>"}),
        await api.post("/api/v1/auth/token", data={"grant_type": "password", "username": canary, "password": canary}),
    ]
    for answer in refused:
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
