"""Acknowledged writes survive an immediate kill (reliability E2), and the service restarts."""

import time
from collections.abc import Callable

import httpx
import pytest

from app.core import clock
from tests.e2e.conftest import IS_WHOLE
from tests.servers import Server

KILLS = 20 if IS_WHOLE else 3

SUBMISSION = {
    "form": "information-access",
    "municipality": "50701000",
    "answers": {
        "satisfaction": 1,
        "source_usage": {"official_site": 1, "telegram": 2, "vk": 3, "ok": 3},
        "ease_of_finding": {"official_site": 5, "telegram": 4, "vk": 4, "ok": 4},
    },
}


@pytest.mark.order("O-3", "A-1")
def test_a_kill_right_after_201_loses_nothing(own_server: Server) -> None:
    for _ in range(KILLS):
        with httpx.Client(base_url=own_server.base_url, trust_env=False) as client:
            answer = client.post("/api/v1/survey-submissions", json=SUBMISSION)
            own_server.kill()  # nothing runs after the response was sent
        assert answer.status_code == 201
        own_server.start()
        reader = own_server.sign_in("client_centricity")
        assert own_server.get(f"/survey-submissions/{answer.json()['id']}", headers=reader).status_code == 200


def test_a_killed_send_is_delivered_once_after_the_restart(make_server: Callable[..., Server]) -> None:
    # Without the embedded worker the reply stays queued; the next server delivers it.
    server = make_server(embedded_worker="false")
    message_id, reply_id = approved_reply(server)
    operator = server.sign_in("operator")
    path = f"/messages/{message_id}/replies/{reply_id}"
    tag = server.get(path, headers=operator).headers["etag"]
    sent = server.post(f"{path}/send", headers=operator | {"If-Match": tag}, json={})
    assert sent.status_code == 202
    server.kill()
    restarted = make_server()
    try:
        wait_until_answered(restarted, message_id)
    finally:
        restarted.kill()


def approved_reply(server: Server) -> tuple[str, str]:
    """Create a message with an approved reply over HTTP and return both ids."""
    operator, head, platform = (server.sign_in(role) for role in ("operator", "unit_head", "integration"))
    point = server.get("/interaction-points/public?channel=vk").json()["items"][0]["id"]
    body = {
        "interaction_point_id": point,
        "kind": "comment",
        "external_id": "wall-1_1",
        "thread_external_id": None,
        "text": "Где узнать про льготный заём?",
        "received_at": clock.now().isoformat(),
        "client": {"kind": "individual", "name": "Иван П.", "contacts": []},
    }
    created = server.post("/messages", headers=platform | {"Idempotency-Key": "m1"}, json=body)
    assert created.status_code == 201, created.text
    message_id = created.json()["id"]
    triage = {"competence": "within", "unit_id": created.json()["unit_id"], "need": {"summary": "Льготный заём"}}
    act(server, operator, f"/messages/{message_id}", "triage", triage)
    draft = {"kind": "answer", "text": "Здравствуйте, Иван! Условия есть на сайте. Чем ещё помочь?"}
    reply = server.post(f"/messages/{message_id}/replies", headers=operator, json=draft).json()
    path = f"/messages/{message_id}/replies/{reply['id']}"
    act(server, operator, path, "submit", {})
    act(server, head, path, "approve", {})
    return message_id, reply["id"]


def act(server: Server, caller: dict[str, str], path: str, verb: str, body: object) -> httpx.Response:
    """Call an action on the current version of an object."""
    tag = server.get(path, headers=caller).headers["etag"]
    response = server.post(f"{path}/{verb}", headers=caller | {"If-Match": tag}, json=body)
    assert response.is_success, response.text
    return response


def wait_until_answered(server: Server, message_id: str) -> None:
    """Wait for the delivery and require that it happened once."""
    operator = server.sign_in("operator")
    until = time.monotonic() + 5
    while (message := server.get(f"/messages/{message_id}", headers=operator).json())["state"] != "answered":
        assert time.monotonic() < until, "not delivered within 5 s"
        time.sleep(0.05)
    assert [reply["state"] for reply in message["replies"]] == ["sent"]
    assert [step["what"] for step in message["history"]].count("answer") == 1
