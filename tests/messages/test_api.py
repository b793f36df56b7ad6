"""Messages and replies over HTTP."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from app.core import clock
from app.core.ids import new_id
from app.deliveries.models import Delivery
from app.interaction_points.models import Point, PointState
from app.interaction_points.rules import PointStatus
from app.messages.models import Message
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.deliveries.factories import work_off
from tests.messages.factories import (
    MESSAGES,
    act,
    approved,
    drafted,
    message_body,
    register,
    registered,
    triage_body,
    triaged,
)


@pytest.mark.order("O-2.2", "O-3", "O-6.2.1")
async def test_a_message_is_registered_with_its_client_and_representative(api: Api, people: People) -> None:
    representative = {"name": "Пётр С.", "authority": "доверенность № 5", "contacts": []}
    client = {"kind": "legal_entity", "name": "ООО «Ромашка»", "contacts": [], "representative": representative}
    body = message_body(people, client=client)
    answer = await register(api, people.integration, body)
    assert answer.status_code == 201
    data = answer.json()
    assert answer.headers["etag"] == '"1"'
    assert data["state"] == "received" and data["class"] == "message" and data["priority"] == "normal"
    assert data["client"] == client
    assert data["unit_id"] == str(people.operator.unit_id)
    assert data["number"].startswith(f"{clock.today().year}-0")
    assert (data["competence"], data["topic_id"], data["assignee_id"], data["need"]) == (None, None, None, None)
    assert (data["replies"], data["attachments"]) == ([], [])
    assert [entry["id"] for entry in data["thread"]] == [data["id"]]
    assert data["received_at"].endswith("+07:00")


@pytest.mark.order("O-6.2.1")
async def test_a_repeated_external_id_returns_the_first_message(api: Api, people: People) -> None:
    body = message_body(people)
    first = await register(api, people.integration, body)
    again = await register(api, people.integration, body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = await register(api, people.integration, body | {"text": "Другой текст"})
    assert (other.status_code, other.json()["code"]) == (409, "message_conflict")
    # The same time in another time zone is the same content.
    moved = clock.now().replace(microsecond=0)
    body = message_body(people, received_at=moved.isoformat())
    assert (await register(api, people.integration, body)).status_code == 201
    local = body | {"received_at": moved.astimezone(clock.LOCAL_ZONE).isoformat()}
    assert (await register(api, people.integration, local)).status_code == 200


async def test_messages_without_an_external_id_are_not_compared(api: Api, people: People) -> None:
    body = message_body(people, external_id=None)
    first, second = [await register(api, people.integration, body) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] != second.json()["id"]


async def test_the_text_is_returned_unchanged(api: Api, people: People) -> None:
    text = "  \tНе\u0301 могу 👩‍👩‍👧 найти «заём»\u202e…\r\n\n "
    assert (await registered(api, people, text=text))["text"] == text


@pytest.mark.order("O-3")
@pytest.mark.parametrize(
    ("change", "status", "code", "pointer"),
    [
        ({"received_at": "2024-02-14T16:59:59Z"}, 409, "point_not_in_force", None),  # 14 February in Novosibirsk
        ({"received_at": "2024-02-14T17:00:00Z"}, 201, None, None),  # 15 February: the order is in force
        ({"received_at": "in six minutes"}, 422, "in_the_future", "/received_at"),
        ({"received_at": "2026-01-01T00:00:00"}, 422, "timezone_aware", "/received_at"),
        ({"interaction_point_id": str(UUID(int=7))}, 404, "point_not_found", None),
        ({"text": " \n "}, 422, "string_pattern_mismatch", "/text"),
        ({"text": "x" * 10_001}, 422, "string_too_long", "/text"),
        ({"kind": "letter"}, 422, "enum", "/kind"),
        ({"client": {"kind": "robot", "name": "R2"}}, 422, "enum", "/client/kind"),
        ({"slip": 1}, 422, "extra_forbidden", "/slip"),
    ],
)
async def test_registration_refuses_invalid_messages(
    api: Api, people: People, change: dict[str, Any], status: int, code: str | None, pointer: str | None
) -> None:
    if change.get("received_at") == "in six minutes":  # computed now, not at collection
        change = {"received_at": (clock.now() + timedelta(minutes=6)).isoformat()}
    answer = await register(api, people.integration, message_body(people, **change))
    assert answer.status_code == status, answer.text
    if pointer:
        assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [(pointer, code)]
    elif code:
        assert answer.json()["code"] == code


@pytest.mark.order("O-3")
async def test_a_suspended_point_accepts_no_messages(api: Api, people: People, database: JoinedDatabase) -> None:
    async with database.transaction() as session:
        yesterday = clock.today() - timedelta(days=1)
        session.add(
            PointState(
                point_id=people.point_id,
                sequence=2,
                status=PointStatus.SUSPENDED,
                effective_on=yesterday,
                recorded_at=clock.now(),
            )
        )
    answer = await register(api, people.integration, message_body(people))
    assert (answer.status_code, answer.json()["code"]) == (409, "point_not_in_force")


async def test_points_without_access_are_404(api: Api, people: People) -> None:
    body = message_body(people, interaction_point_id=str(people.other_point_id))
    for caller in (people.integration, people.operator):
        answer = await register(api, caller, body)
        assert (answer.status_code, answer.json()["code"]) == (404, "point_not_found")
    assert (await register(api, people.other_operator, body)).status_code == 201


async def test_only_an_api_client_must_send_an_idempotency_key(api: Api, people: People) -> None:
    answer = await api.post(MESSAGES, headers=api.as_(people.integration), json=message_body(people))
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")
    answer = await api.post(MESSAGES, headers=api.as_(people.operator), json=message_body(people))
    assert answer.status_code == 201


async def test_a_repeated_idempotency_key_returns_the_first_response(api: Api, people: People) -> None:
    body = message_body(people, external_id=None)
    headers = api.as_(people.integration) | {"Idempotency-Key": "k1"}
    bad = await api.post(MESSAGES, headers=headers, json=body | {"kind": "letter"})
    assert bad.status_code == 422  # a refused request does not use up the key
    first = await api.post(MESSAGES, headers=headers, json=body)
    again = await api.post(MESSAGES, headers=headers, json=dict(reversed(body.items())))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content and first.headers["etag"] == again.headers["etag"]
    assert again.headers["idempotent-replayed"] == "true" and "idempotent-replayed" not in first.headers
    other = await api.post(MESSAGES, headers=headers, json=body | {"text": "Другой"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    mine = api.as_(people.operator) | {"Idempotency-Key": "k1"}
    assert (await api.post(MESSAGES, headers=mine, json=body)).json()["id"] != first.json()["id"]
    quoted = headers | {"Idempotency-Key": '"k1"'}
    assert (await api.post(MESSAGES, headers=quoted, json=body)).json()["id"] == first.json()["id"]


@pytest.mark.order("O-2.5", "O-6.2.1", "O-6.2.3a", "O-6.2.3b", "O-10")
async def test_a_message_is_registered_triaged_and_answered(api: Api, people: People, database: JoinedDatabase) -> None:
    path, reply = await approved(api, people)
    sent = await act(api, people.operator, reply, "send", {})
    assert (sent.status_code, sent.json()["state"]) == (202, "sending")
    before = (await api.get(path, headers=api.as_(people.integration))).json()
    assert before["replies"] == [], "the platform sees sent replies, not drafts"
    assert before["state"] == "awaiting_approval"
    await relayed(database)
    data = (await api.get(path, headers=api.as_(people.integration))).json()
    assert data["state"] == "answered"
    assert [r["state"] for r in data["replies"]] == ["sent"]
    assert data["replies"][0]["sent_at"] is not None
    assert data["replies"][0]["approved_by"] == str(people.unit_head.id)
    assert set(data["replies"][0]["readability"]) == {
        "flesch", "fk_grade", "cli", "smog", "ari", "dale_chall", "sentences", "words",
    }  # fmt: skip
    assert [entry["kind"] for entry in data["thread"]] == ["message", "reply"]
    assert data["history"] == []
    whole = (await api.get(path, headers=api.as_(people.operator))).json()
    steps = [step["what"] for step in whole["history"]]
    assert steps == ["register", "triage_within", "draft_reply", "submit_reply", "send_reply", "answer"]
    assert whole["need"]["summary"] == "Хочет узнать условия льготного займа"
    assert whole["need"]["recorded_by"] == str(people.operator.id)


async def relayed(database: JoinedDatabase) -> None:
    """Relay the outbox and dispatch deliveries."""
    await work_off(database)


async def test_a_repeated_delivery_has_no_effect(api: Api, people: People, database: JoinedDatabase) -> None:
    path, reply = await approved(api, people)
    assert (await act(api, people.operator, reply, "send", {})).status_code == 202
    async with database.transaction() as session:  # the same delivery repeated
        row = (await session.exec(select(Delivery))).one()
        copied = row.model_dump(exclude={"id", "idempotency_key"})
        session.add(Delivery(**copied, idempotency_key="other"))
    await relayed(database)
    whole = (await api.get(path, headers=api.as_(people.operator))).json()
    assert [step["what"] for step in whole["history"]].count("answer") == 1


@pytest.mark.order("O-6.2.3b")
async def test_a_channel_transfer_offers_points_in_force_and_awaits_the_client(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    path = await triaged(api, people)
    base = {"kind": "channel_transfer", "text": "Напишите нам в личные сообщения, поможем разобраться."}
    headers = api.as_(people.operator)
    async with database.transaction() as session:
        draft = (await session.exec(select(Point).where(Point.status == PointStatus.DRAFT))).first()
        assert draft is not None
    for offered, pointer in (
        ([], "/offered_point_ids"),
        ([str(new_id())], "/offered_point_ids/0"),
        ([str(people.point_id), str(draft.id)], "/offered_point_ids/1"),
    ):
        refused = await api.post(f"{path}/replies", headers=headers, json=base | {"offered_point_ids": offered})
        assert [e["pointer"] for e in refused.json()["errors"]] == [pointer]
    reply = await drafted(api, people, path, **base, offered_point_ids=[str(people.other_point_id)])
    for who, verb in ((people.operator, "submit"), (people.unit_head, "approve"), (people.operator, "send")):
        assert (await act(api, who, reply, verb, {})).is_success
    await relayed(database)
    assert (await api.get(path, headers=headers)).json()["state"] == "awaiting_client"


@pytest.mark.order("O-6.2.6")
async def test_a_reply_from_a_template_keeps_its_version_and_shows_what_is_missing(api: Api, people: People) -> None:
    headers = api.as_(people.operator)
    found = await api.get("/api/v1/reply-templates", params={"q": "залога поручительство"}, headers=headers)
    template = found.json()["items"][0]
    path = await triaged(api, people)
    reply = await drafted(api, people, path, text=None, template_id=template["id"], values={"имя": "Иван"})
    data = (await api.get(reply, headers=headers)).json()
    assert (data["template_id"], data["template_version"]) == (template["id"], 1)
    assert [f["code"] for f in data["findings"]] == ["placeholder_missing"]
    finding = data["findings"][0]
    assert data["text"][finding["start"] : finding["end"]] == "{ссылка}"
    refused = await act(api, people.operator, reply, "submit", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "reply_not_ready")
    tag = (await api.get(reply, headers=headers)).headers["etag"]
    values = {"имя": "Иван", "ссылка": "https://mbnso.ru"}
    edited = await api.patch(reply, headers=headers | {"If-Match": tag}, json={"values": values})
    assert edited.json()["findings"] == [] and edited.json()["template_version"] == 1
    assert (await act(api, people.operator, reply, "submit", {})).json()["state"] == "awaiting_approval"


@pytest.mark.order("O-10")
async def test_the_author_does_not_approve_a_reply(api: Api, people: People) -> None:
    path = await triaged(api, people)
    body = {"kind": "answer", "text": "Здравствуйте! Чем помочь?"}
    made = await api.post(f"{path}/replies", headers=api.as_(people.unit_head), json=body)
    reply = f"{path}/replies/{made.json()['id']}"
    await act(api, people.unit_head, reply, "submit", {})
    refused = await act(api, people.unit_head, reply, "approve", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "four_eyes")


@pytest.mark.order("O-10")
async def test_a_returned_reply_has_a_reason_and_is_edited(api: Api, people: People) -> None:
    path = await triaged(api, people)
    reply = await drafted(api, people, path)
    await act(api, people.operator, reply, "submit", {})
    assert (await act(api, people.unit_head, reply, "return", {})).status_code == 422
    returned = await act(api, people.unit_head, reply, "return", {"reason": "Добавьте ссылку"})
    assert (returned.json()["state"], returned.json()["returned_reason"]) == ("returned", "Добавьте ссылку")
    assert (await api.get(path, headers=api.as_(people.operator))).json()["state"] == "in_progress"
    tag = {"If-Match": returned.headers["etag"]}
    edited = await api.patch(reply, headers=api.as_(people.operator) | tag, json={"text": "Вот ссылка. Чем помочь?"})
    assert edited.json()["state"] == "draft"
    assert (await act(api, people.operator, reply, "send", {})).json()["code"] == "move_not_allowed"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"competence": "outside"}, "/reason"),
        ({"competence": "unclear"}, "/reason"),
        ({"need": {"summary": " "}}, "/need/summary"),
        ({"unit_id": str(UUID(int=5))}, "/unit_id"),
        ({"topic_id": str(UUID(int=5))}, "/topic_id"),
        ({"priority": "high"}, "/priority"),
    ],
)
@pytest.mark.order("O-6.2.1", "O-6.2.3a")
async def test_triage_refuses_invalid_decisions(api: Api, people: People, change: dict[str, Any], pointer: str) -> None:
    message = await registered(api, people)
    path = f"{MESSAGES}/{message['id']}"
    answer = await act(api, people.operator, path, "triage", triage_body(people, **change))
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


@pytest.mark.order("O-6.2.1")
async def test_triage_moves_a_message_to_another_unit(api: Api, people: People) -> None:
    message = await registered(api, people)
    path = f"{MESSAGES}/{message['id']}"
    body = triage_body(people, unit_id=str(people.other_operator.unit_id))
    moved = await act(api, people.operator, path, "triage", body)
    assert moved.status_code == 200 and moved.json()["unit_id"] == body["unit_id"]
    assert (await api.get(path, headers=api.as_(people.operator))).status_code == 404
    assert (await api.get(path, headers=api.as_(people.other_operator))).status_code == 200


async def test_a_message_is_assigned(api: Api, people: People) -> None:
    path = await triaged(api, people)
    taken = await act(api, people.operator, path, "assign", {"assignee_id": str(people.operator.id)})
    assert (taken.json()["state"], taken.json()["assignee_id"]) == ("in_progress", str(people.operator.id))
    for body, pointer in (
        ({"assignee_id": str(people.other_operator.id)}, "/assignee_id"),
        ({"assignee_id": str(new_id())}, "/assignee_id"),
        ({}, "/assignee_id"),
    ):
        refused = await act(api, people.operator, path, "assign", body)
        assert [e["pointer"] for e in refused.json()["errors"]] == [pointer]
    elsewhere = {"unit_id": str(people.other_operator.unit_id)}
    refused = await act(api, people.operator, path, "assign", elsewhere)
    assert (refused.status_code, refused.json()["code"]) == (403, "move_to_other_unit")
    moved = await act(api, people.unit_head, path, "assign", elsewhere)
    assert (moved.json()["unit_id"], moved.json()["assignee_id"]) == (elsewhere["unit_id"], None)
    assert (await api.get(path, headers=api.as_(people.unit_head))).status_code == 404


async def test_the_etag_changes_with_the_replies_too(api: Api, people: People) -> None:
    path = await triaged(api, people)
    headers = api.as_(people.operator)

    async def tag() -> str:
        return (await api.get(path, headers=headers)).headers["etag"]

    seen = [await tag()]
    reply = await drafted(api, people, path)
    seen.append(await tag())
    edited = {"If-Match": (await api.get(reply, headers=headers)).headers["etag"]}
    await api.patch(reply, headers=headers | edited, json={"text": "Новый текст. Чем помочь?"})
    seen.append(await tag())
    await act(api, people.operator, reply, "submit", {})
    seen.append(await tag())
    await act(api, people.unit_head, reply, "approve", {})
    seen.append(await tag())
    assert len(set(seen)) == 5
    assert (await api.get(path, headers=headers | {"If-None-Match": seen[-1]})).status_code == 304
    body = triage_body(people)
    stale = await api.post(f"{path}/triage", headers=headers | {"If-Match": seen[0]}, json=body)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    weak = await api.post(f"{path}/triage", headers=headers | {"If-Match": f"W/{seen[-1]}"}, json=body)
    assert weak.status_code == 412
    bare = await api.post(f"{path}/triage", headers=headers, json=body)
    assert (bare.status_code, bare.json()["code"]) == (428, "precondition_required")


@pytest.mark.order("O-2.5")
async def test_a_thread_keeps_its_messages_in_order(api: Api, people: People) -> None:
    moment = clock.now() - timedelta(hours=1)
    ids = []
    for minutes in (20, 0, 10):
        received_at = (moment + timedelta(minutes=minutes)).isoformat()
        made = await registered(api, people, thread_external_id="wall-1_70", received_at=received_at)
        ids.append(made["id"])
    data = (await api.get(f"{MESSAGES}/{ids[0]}", headers=api.as_(people.operator))).json()
    assert [entry["id"] for entry in data["thread"]] == [ids[1], ids[2], ids[0]]


async def test_the_list_filters_searches_sorts_and_pages(api: Api, people: People) -> None:
    headers = api.as_(people.operator)
    texts = ["Про ёлку и 100% скидку", "Про елку", "Про сосульку", "a_b"]
    made = [await registered(api, people, text=text) for text in texts]

    async def listed(**query: Any) -> list[str]:
        answer = await api.get(MESSAGES, params=query, headers=headers)
        assert answer.status_code == 200, answer.text
        return [item["text"] for item in answer.json()["items"]]

    assert await listed() == texts[::-1]
    assert await listed(sort="registered_at") == texts
    assert await listed(q="ЁЛКУ") == texts[1::-1]
    assert await listed(q="100%") == texts[:1]
    assert await listed(q="a_b") == ["a_b"]
    assert await listed(q="%") == texts[:1]
    assert await listed(state="closed") == []
    assert await listed(state=["received", "closed"], limit=1) == texts[-1:]
    assert await listed(unit_id=str(people.other_operator.unit_id)) == []
    pages, cursor = [], None
    while True:
        query: dict[str, Any] = {"limit": 3, "with_count": "true"} | ({"cursor": cursor} if cursor else {})
        page = (await api.get(MESSAGES, params=query, headers=headers)).json()
        pages += [item["id"] for item in page["items"]]
        assert page["count"] == 4
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert pages == [message["id"] for message in made[::-1]]
    first = (await api.get(f"{MESSAGES}/{pages[0]}", headers=headers)).json()
    assert (await api.get(MESSAGES, headers=headers)).json()["items"][0] == first, "the schema of GET"
    assert (await api.get(MESSAGES, params={"sort": "id;drop"}, headers=headers)).status_code == 422


async def test_a_list_costs_a_constant_number_of_queries(
    api: Api, people: People, database: JoinedDatabase, count_queries: Callable[[], int]
) -> None:
    headers = api.as_(people.operator)
    await registered(api, people)
    count_queries()
    await api.get(MESSAGES, headers=headers)
    with_one = count_queries()
    for _ in range(5):
        await registered(api, people)
    count_queries()
    await api.get(MESSAGES, headers=headers)
    assert count_queries() == with_one


async def test_numbers_are_unique_and_in_order(api: Api, people: People, database: JoinedDatabase) -> None:
    for _ in range(3):
        await registered(api, people)
    async with database.transaction() as session:
        rows = (await session.exec(select(Message.number).order_by(Message.number))).all()
    assert len(rows) == len(set(rows)) == 3


@pytest.mark.order("O-6.2.1")
async def test_a_repeated_registration_does_not_show_a_message_of_another_unit(api: Api, people: People) -> None:
    body = message_body(people)
    made = await register(api, people.operator, body)
    path = f"{MESSAGES}/{made.json()['id']}"
    moved = triage_body(people, unit_id=str(people.other_operator.unit_id))
    assert (await act(api, people.operator, path, "triage", moved)).status_code == 200
    again = await register(api, people.operator, body)
    assert (again.status_code, again.json()["code"]) == (409, "message_conflict")
    assert (await register(api, people.integration, body)).status_code == 200, "the platform reads its point"


@pytest.mark.order("O-6.2.3a")
async def test_closing_and_reopening_does_not_skip_the_analysis_of_the_need(api: Api, people: People) -> None:
    message = await registered(api, people)
    path = f"{MESSAGES}/{message['id']}"
    assert (await act(api, people.operator, path, "close", {"reason": "Ошибка"})).json()["state"] == "closed"
    assert (await act(api, people.operator, path, "reopen", {"reason": "Всё же нет"})).json()["state"] == "received"
    body = {"kind": "answer", "text": "Здравствуйте!"}
    refused = await api.post(f"{path}/replies", headers=api.as_(people.operator), json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "move_not_allowed")


@pytest.mark.order("O-6.2.6")
async def test_a_changed_text_keeps_the_template_and_version(api: Api, people: People) -> None:
    headers = api.as_(people.operator)
    found = await api.get("/api/v1/reply-templates", params={"key": "demo-reestr-msp"}, headers=headers)
    template = found.json()["items"][0]
    path = await triaged(api, people)
    values = {"имя": "Иван", "ссылка": "https://mbnso.ru"}
    reply = await drafted(api, people, path, text=None, template_id=template["id"], values=values)
    archived = {"If-Match": "*"}
    gone = await api.post(
        f"/api/v1/reply-templates/{template['id']}/archive", headers=api.as_(people.unit_head) | archived, json={}
    )
    assert gone.status_code == 200
    edited = await api.patch(reply, headers=headers | archived, json={"text": "Здравствуйте, Иван! Чем помочь?"})
    assert edited.status_code == 200, edited.text
    assert (edited.json()["template_id"], edited.json()["template_version"]) == (template["id"], 1)
    assert edited.json()["text"] == "Здравствуйте, Иван! Чем помочь?"


@pytest.mark.order("O-6.2.3b")
async def test_the_replies_of_a_message_are_paginated(api: Api, people: People, database: JoinedDatabase) -> None:
    path, reply = await approved(api, people)
    assert (await act(api, people.operator, reply, "send", {})).status_code == 202
    await work_off(database)
    assert (await act(api, people.operator, path, "reopen", {"reason": "Ещё вопрос"})).status_code == 200
    made = [reply] + [await drafted(api, people, path, text=f"Здравствуйте! Вот ответ {n}.") for n in range(4)]
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        asked = {"limit": "2", "with_count": "true", **cursor}
        page = (await api.get(f"{path}/replies", params=asked, headers=api.as_(people.operator))).json()
        assert page["count"] == 5
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == [one.rpartition("/")[2] for one in made], "oldest first"
    platform = await api.get(f"{path}/replies", params={"with_count": "true"}, headers=api.as_(people.integration))
    assert [item["id"] for item in platform.json()["items"]] == seen[:1] and platform.json()["count"] == 1
    foreign = await api.get(f"{path}/replies", headers=api.as_(people.other_operator))
    assert foreign.status_code == 404
