"""Many at once: one wins and the rest get a clear answer (reliability D2, D3, D4).

The only 5xx is 503 with `Retry-After`: on a busy machine some are told to come again, and do.
"""

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest

from app.core import clock
from tests.e2e.test_crash import SUBMISSION, approved_reply, wait_until_answered
from tests.servers import Server

AT_ONCE = 50
TURNS = 10


async def at_once(server: Server, requests: list[dict[str, Any]]) -> list[httpx.Response]:
    """Send all requests together; those that are told to come again come again."""
    limits = httpx.Limits(max_connections=len(requests))

    async def answer(client: httpx.AsyncClient, request: dict[str, Any]) -> httpx.Response:
        for _ in range(TURNS):
            told = await client.request(**request)
            if told.status_code != 503:
                break
            await asyncio.sleep(float(told.headers["retry-after"]))
        return told

    async with httpx.AsyncClient(base_url=f"{server.base_url}/api/v1", timeout=30, limits=limits, trust_env=False) as c:
        return list(await asyncio.gather(*[answer(c, request) for request in requests]))


def comment(server: Server, external_id: str) -> dict[str, Any]:
    """A comment at the VK page."""
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
async def test_one_external_id_handed_in_by_many_is_one_message(server: Server) -> None:
    platform = server.sign_in("integration")
    body = comment(server, "wall-1_77")
    requests = [
        {"method": "POST", "url": "/messages", "headers": platform | {"Idempotency-Key": f"k{i}"}, "json": body}
        for i in range(AT_ONCE)
    ]
    answers = await at_once(server, requests)
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: AT_ONCE - 1}
    assert len({answer.json()["id"] for answer in answers}) == 1
    listed = server.get("/messages?with_count=true", headers=server.sign_in("operator")).json()
    assert listed["count"] == 1


async def test_one_key_sent_by_many_is_one_effect(server: Server) -> None:
    request = {"method": "POST", "url": "/survey-submissions", "headers": {"Idempotency-Key": "k"}, "json": SUBMISSION}
    answers = await at_once(server, [request] * AT_ONCE)
    assert {answer.status_code for answer in answers} <= {201, 409}
    done = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.json()["id"] for answer in done}) == 1
    assert Counter(answer.headers.get("idempotent-replayed") for answer in done)[None] == 1
    listed = server.get("/survey-submissions?with_count=true", headers=server.sign_in("client_centricity")).json()
    assert listed["count"] == 1


async def test_one_of_many_takes_a_message(server: Server) -> None:
    operator = server.sign_in("operator")
    me = server.get("/auth/me", headers=operator).json()["id"]
    headers = server.sign_in("integration") | {"Idempotency-Key": "k"}
    made = server.post("/messages", headers=headers, json=comment(server, "wall-1_78"))
    path = f"/messages/{made.json()['id']}"
    take = {
        "method": "POST",
        "url": f"{path}/assign",
        "headers": operator | {"If-Match": made.headers["etag"]},
        "json": {"assignee_id": me},
    }
    answers = await at_once(server, [take] * AT_ONCE)
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: AT_ONCE - 1}
    assert [s["what"] for s in server.get(path, headers=operator).json()["history"]] == ["register", "assign"]


async def test_a_reply_sent_by_many_is_sent_once(server: Server) -> None:
    message_id, reply_id = approved_reply(server)
    operator = server.sign_in("operator")
    path = f"/messages/{message_id}/replies/{reply_id}"
    tag = server.get(path, headers=operator).headers["etag"]
    send = {"method": "POST", "url": f"{path}/send", "headers": operator | {"If-Match": tag}, "json": {}}
    answers = await at_once(server, [send] * AT_ONCE)
    assert Counter(answer.status_code for answer in answers) == {202: 1, 412: AT_ONCE - 1}
    wait_until_answered(server, message_id)


async def test_many_different_writes_all_succeed(server: Server) -> None:
    request = {"method": "POST", "url": "/survey-submissions", "json": SUBMISSION}
    answers = await at_once(server, [request] * AT_ONCE)
    assert Counter(answer.status_code for answer in answers) == {201: AT_ONCE}


@pytest.mark.order("O-10")
async def test_of_many_different_acts_on_one_message_one_wins(server: Server) -> None:
    """Takes, closes and spam marks of one version at once: one is done, the rest hear that they came too late."""
    operator = server.sign_in("operator")
    me = server.get("/auth/me", headers=operator).json()["id"]
    headers = server.sign_in("integration") | {"Idempotency-Key": "k"}
    made = server.post("/messages", headers=headers, json=comment(server, "wall-1_79"))
    path = f"/messages/{made.json()['id']}"
    acts: list[tuple[str, dict[str, Any]]] = [
        ("assign", {"assignee_id": me}),
        ("close", {"reason": "Снято"}),
        ("spam", {}),
    ]
    wanted = operator | {"If-Match": made.headers["etag"]}
    requests = [
        {"method": "POST", "url": f"{path}/{verb}", "headers": wanted, "json": body}
        for verb, body in (acts[place % 3] for place in range(AT_ONCE))
    ]
    answers = await at_once(server, requests)
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: AT_ONCE - 1}
    assert len(server.get(path, headers=operator).json()["history"]) == 2


@pytest.mark.order("O-2.5")
async def test_what_comes_into_one_thread_at_once_stands_in_it_once(server: Server) -> None:
    platform = server.sign_in("integration")
    requests = [
        {
            "method": "POST",
            "url": "/messages",
            "headers": platform | {"Idempotency-Key": f"t{place}"},
            "json": comment(server, f"wall-1_9{place % 20}"),
        }
        for place in range(40)
    ]
    answers = await at_once(server, requests)
    assert {answer.status_code for answer in answers} <= {200, 201, 409}, [answer.text for answer in answers]
    operator = server.sign_in("operator")
    (message, *_) = server.get("/messages?limit=1", headers=operator).json()["items"]
    texts = [entry["id"] for entry in message["thread"]]
    assert len(texts) == len(set(texts)) == 20
