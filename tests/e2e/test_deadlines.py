"""Reminders and escalations are said exactly once, when the worker is killed and when two run (O-6.2.2, O-10)."""

import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from app.core import clock
from tests.e2e.conftest import IS_WHOLE
from tests.servers import Server

MESSAGES = 60 if IS_WHOLE else 24
KILLS = 6 if IS_WHOLE else 2


def hand_in(server: Server, count: int, first: int = 0) -> None:
    """Comments received twenty days ago: both targets are overdue at once."""
    platform = server.sign_in("integration")
    point = server.get("/interaction-points/public?channel=vk").json()["items"][0]["id"]
    for place in range(first, first + count):
        body = {
            "interaction_point_id": point,
            "kind": "comment",
            "external_id": f"wall-1_{place}",
            "text": "Где узнать про льготный заём?",
            "received_at": (clock.now() - timedelta(days=20)).isoformat(),
            "client": {"kind": "individual", "name": "Иван П."},
        }
        made = server.post("/messages", headers=platform | {"Idempotency-Key": f"m{place}"}, json=body)
        assert made.status_code == 201, made.text


def told(server: Server) -> list[dict[str, Any]]:
    """Every notification of the head."""
    head = server.sign_in("unit_head")
    items: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = server.get(f"/notifications?limit=200{cursor}", headers=head).json()
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        cursor = f"&cursor={page['next_cursor']}"


def wait_for(server: Server, escalations: int) -> list[dict[str, Any]]:
    """Wait until the head was told that often; then a little longer, for what would come twice."""
    until = time.monotonic() + 60
    while len([n for n in told(server) if n["kind"] == "deadline_escalation"]) < escalations:
        assert time.monotonic() < until, Counter(n["kind"] for n in told(server))
        time.sleep(0.2)
    time.sleep(1)
    return told(server)


@pytest.mark.order("O-6.2.2", "O-10")
def test_escalations_are_said_once_though_the_worker_is_killed(make_server: Callable[..., Server]) -> None:
    server = make_server(deadline_poll_seconds="0.05", worker_poll_seconds="0.05")
    each = MESSAGES // KILLS
    for kill in range(KILLS):
        hand_in(server, each, kill * each)
        time.sleep(0.03 * kill)  # each time at another moment of the work
        server.kill()
        server.start()
    found = wait_for(server, 2 * each * KILLS)
    escalations = Counter((n["object_id"], n["text"].rpartition(": ")[2]) for n in found)
    assert len({object_id for object_id, _ in escalations}) == each * KILLS
    # Both targets of a message are overdue: two escalations, each said once.
    assert set(escalations.values()) == {1}
    assert {stage for _, stage in escalations} == {"первый ответ", "окончательный ответ"}


@pytest.mark.order("O-6.2.2", "O-10")
def test_two_workers_say_each_escalation_once(make_server: Callable[..., Server], backend: str) -> None:
    one = make_server(deadline_poll_seconds="0.05", worker_poll_seconds="0.05")
    if backend == "postgresql":  # SQLite has one process by design
        make_server(deadline_poll_seconds="0.05", worker_poll_seconds="0.05")
    hand_in(one, MESSAGES)
    found = wait_for(one, 2 * MESSAGES)
    counted = Counter((n["object_id"], n["kind"], n["text"]) for n in found)
    assert set(counted.values()) == {1}
    assert len(counted) == 2 * MESSAGES
