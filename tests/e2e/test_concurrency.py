"""Concurrent requests: one wins and the others get a clear response (reliability D2, D3, D4).

The only 5xx is 503 with `Retry-After`, after which a busy machine's clients retry.
"""

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest

from app.core import clock
from tests.e2e.test_crash import SUBMISSION, approved_reply, wait_until_answered
from tests.servers import Server

CONCURRENT = 50
MAX_RETRIES = 10


async def send_together(server: Server, requests: list[dict[str, Any]]) -> list[httpx.Response]:
    """Send all requests at the same time and retry those that get 503."""
    limits = httpx.Limits(max_connections=len(requests))

    async def send(client: httpx.AsyncClient, request: dict[str, Any]) -> httpx.Response:
        for _ in range(MAX_RETRIES):
            response = await client.request(**request)
            if response.status_code != 503:
                break
            await asyncio.sleep(float(response.headers["retry-after"]))
        return response

    async with httpx.AsyncClient(base_url=f"{server.base_url}/api/v1", timeout=30, limits=limits, trust_env=False) as c:
        return list(await asyncio.gather(*[send(c, request) for request in requests]))


def comment_body(server: Server, external_id: str) -> dict[str, Any]:
    """Return the body of a comment on the VK page."""
    return {
        "interaction_point_id": server.get("/interaction-points/public?channel=vk").json()["items"][0]["id"],
        "kind": "comment",
        "external_id": external_id,
        "thread_external_id": "wall-1_70",
        "text": "Где узнать про льготный заём?",
        "received_at": clock.now().isoformat(),
        "client": {"kind": "individual", "name": "Иван П.", "contacts": []},
    }


@pytest.mark.order("O-3", "O-6.2.1")
async def test_concurrent_requests_with_one_external_id_create_one_message(server: Server) -> None:
    platform = server.sign_in("integration")
    body = comment_body(server, "wall-1_77")
    requests = [
        {"method": "POST", "url": "/messages", "headers": platform | {"Idempotency-Key": f"k{i}"}, "json": body}
        for i in range(CONCURRENT)
    ]
    answers = await send_together(server, requests)
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: CONCURRENT - 1}
    assert len({answer.json()["id"] for answer in answers}) == 1
    listed = server.get("/messages?with_count=true", headers=server.sign_in("operator")).json()
    assert listed["count"] == 1


async def test_concurrent_requests_with_one_key_have_one_effect(server: Server) -> None:
    request = {"method": "POST", "url": "/survey-submissions", "headers": {"Idempotency-Key": "k"}, "json": SUBMISSION}
    answers = await send_together(server, [request] * CONCURRENT)
    assert {answer.status_code for answer in answers} <= {201, 409}
    done = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.json()["id"] for answer in done}) == 1
    assert Counter(answer.headers.get("idempotent-replayed") for answer in done)[None] == 1
    listed = server.get("/survey-submissions?with_count=true", headers=server.sign_in("client_centricity")).json()
    assert listed["count"] == 1


async def test_one_of_many_assignments_wins(server: Server) -> None:
    operator = server.sign_in("operator")
    me = server.get("/auth/me", headers=operator).json()["id"]
    headers = server.sign_in("integration") | {"Idempotency-Key": "k"}
    created = server.post("/messages", headers=headers, json=comment_body(server, "wall-1_78"))
    path = f"/messages/{created.json()['id']}"
    assign = {
        "method": "POST",
        "url": f"{path}/assign",
        "headers": operator | {"If-Match": created.headers["etag"]},
        "json": {"assignee_id": me},
    }
    answers = await send_together(server, [assign] * CONCURRENT)
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: CONCURRENT - 1}
    assert [s["what"] for s in server.get(path, headers=operator).json()["history"]] == ["register", "assign"]


async def test_concurrent_sends_of_a_reply_send_it_once(server: Server) -> None:
    message_id, reply_id = approved_reply(server)
    operator = server.sign_in("operator")
    path = f"/messages/{message_id}/replies/{reply_id}"
    tag = server.get(path, headers=operator).headers["etag"]
    send = {"method": "POST", "url": f"{path}/send", "headers": operator | {"If-Match": tag}, "json": {}}
    answers = await send_together(server, [send] * CONCURRENT)
    assert Counter(answer.status_code for answer in answers) == {202: 1, 412: CONCURRENT - 1}
    wait_until_answered(server, message_id)


async def test_independent_concurrent_writes_all_succeed(server: Server) -> None:
    request = {"method": "POST", "url": "/survey-submissions", "json": SUBMISSION}
    answers = await send_together(server, [request] * CONCURRENT)
    assert Counter(answer.status_code for answer in answers) == {201: CONCURRENT}


@pytest.mark.order("O-10")
async def test_one_of_many_actions_on_a_message_wins(server: Server) -> None:
    """Concurrent assignments, closings and spam marks of one version: one succeeds, the others get 412."""
    operator = server.sign_in("operator")
    me = server.get("/auth/me", headers=operator).json()["id"]
    headers = server.sign_in("integration") | {"Idempotency-Key": "k"}
    created = server.post("/messages", headers=headers, json=comment_body(server, "wall-1_79"))
    path = f"/messages/{created.json()['id']}"
    actions: list[tuple[str, dict[str, Any]]] = [
        ("assign", {"assignee_id": me}),
        ("close", {"reason": "Снято"}),
        ("spam", {}),
    ]
    headers = operator | {"If-Match": created.headers["etag"]}
    requests = [
        {"method": "POST", "url": f"{path}/{verb}", "headers": headers, "json": body}
        for verb, body in (actions[place % 3] for place in range(CONCURRENT))
    ]
    answers = await send_together(server, requests)
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: CONCURRENT - 1}
    assert len(server.get(path, headers=operator).json()["history"]) == 2


@pytest.mark.order("O-2.5")
async def test_concurrent_comments_appear_in_their_thread_once(server: Server) -> None:
    platform = server.sign_in("integration")
    requests = [
        {
            "method": "POST",
            "url": "/messages",
            "headers": platform | {"Idempotency-Key": f"t{place}"},
            "json": comment_body(server, f"wall-1_9{place % 20}"),
        }
        for place in range(40)
    ]
    answers = await send_together(server, requests)
    assert {answer.status_code for answer in answers} <= {200, 201, 409}, [answer.text for answer in answers]
    operator = server.sign_in("operator")
    (message, *_) = server.get("/messages?limit=1", headers=operator).json()["items"]
    texts = [entry["id"] for entry in message["thread"]]
    assert len(texts) == len(set(texts)) == 20
