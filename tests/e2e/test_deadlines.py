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


SOON: dict[str, Any] = {
    "key": "vk-final-reply-soon",
    "name": "Окончательный ответ во ВКонтакте (цель)",
    "stage": "final_reply",
    "is_target": True,
    "class": "message",
    "channel": "vk",
    "unit": "calendar_days",
    "amount": 21,
    "roll": "none",
    "start_event": "receipt",
    "remind_hours_before": 120,
}
"""Of what was received twenty days ago it is due tomorrow, and reminded of at once."""


def hand_in(server: Server, count: int, first: int = 0) -> None:
    """Comments received twenty days ago: the first reply is overdue at once, and so is the final one unless `SOON`."""
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


def wait_for(server: Server, count: int) -> list[dict[str, Any]]:
    """Wait until the head was told that often; then a little longer, for what would come twice."""
    until = time.monotonic() + 60
    while len(told(server)) < count:
        assert time.monotonic() < until, Counter(n["kind"] for n in told(server))
        time.sleep(0.2)
    time.sleep(1)
    return told(server)


def counted(found: list[dict[str, Any]]) -> Counter[tuple[str, str, str]]:
    """How often the head was told the same: of which message, what, and of which stage."""
    return Counter((n["object_id"], n["kind"], n["text"].rpartition(": ")[2]) for n in found)


def stages(said: Counter[tuple[str, str, str]]) -> set[tuple[str, str]]:
    """What was said of any message."""
    return {(kind, stage) for _, kind, stage in said}


@pytest.mark.order("O-6.2.2", "O-10")
def test_reminders_and_escalations_are_said_once_though_the_worker_is_killed(
    make_server: Callable[..., Server],
) -> None:
    server = make_server(deadline_poll_seconds="0.05", worker_poll_seconds="0.05")
    assert server.post("/deadline-policies", headers=server.sign_in("admin"), json=SOON).status_code == 201
    each = MESSAGES // KILLS
    for kill in range(KILLS):
        hand_in(server, each, kill * each)
        time.sleep(0.03 * kill)  # each time at another moment of the work
        server.kill()
        server.start()
    said = counted(wait_for(server, 2 * each * KILLS))
    assert len({message for message, _, _ in said}) == each * KILLS
    # Of each message one target is overdue and the other one near: both are said, each once.
    assert len(said) == 2 * each * KILLS and set(said.values()) == {1}
    assert stages(said) == {("deadline_escalation", "первый ответ"), ("deadline_reminder", "окончательный ответ")}


@pytest.mark.order("O-6.2.2", "O-10")
def test_two_workers_say_each_once(make_server: Callable[..., Server], backend: str) -> None:
    """And one of the two is killed in the middle of it, without which the other must do all that is left."""
    one = make_server(deadline_poll_seconds="0.05", worker_poll_seconds="0.05")
    assert one.post("/deadline-policies", headers=one.sign_in("admin"), json=SOON).status_code == 201
    other = None
    if backend == "postgresql":  # SQLite has one process by design
        other = make_server(deadline_poll_seconds="0.05", worker_poll_seconds="0.05")
    hand_in(one, MESSAGES // 2)
    if other is not None:
        other.kill()
    hand_in(one, MESSAGES // 2, MESSAGES // 2)
    said = counted(wait_for(one, 2 * MESSAGES))
    assert len(said) == 2 * MESSAGES and set(said.values()) == {1}
    assert stages(said) == {("deadline_escalation", "первый ответ"), ("deadline_reminder", "окончательный ответ")}
