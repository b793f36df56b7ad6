"""Reminders and escalations are sent exactly once, after kills and with two workers (O-6.2.2, O-10)."""

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
"""A policy whose deadline for messages received twenty days ago is due tomorrow, with an immediate reminder."""


def register_comments(server: Server, count: int, first: int = 0) -> None:
    """Register comments received twenty days ago, whose replies are overdue, except the final reply under `SOON`."""
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
        created = server.post("/messages", headers=platform | {"Idempotency-Key": f"m{place}"}, json=body)
        assert created.status_code == 201, created.text


def list_notifications(server: Server) -> list[dict[str, Any]]:
    """Return all notifications of the head."""
    head = server.sign_in("unit_head")
    items: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = server.get(f"/notifications?limit=200{cursor}", headers=head).json()
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        cursor = f"&cursor={page['next_cursor']}"


def wait_for_notifications(server: Server, count: int) -> list[dict[str, Any]]:
    """Wait for that many notifications of the head, and one more second for duplicates."""
    until = time.monotonic() + 60
    while len(list_notifications(server)) < count:
        assert time.monotonic() < until, Counter(n["kind"] for n in list_notifications(server))
        time.sleep(0.2)
    time.sleep(1)
    return list_notifications(server)


def count_equal(found: list[dict[str, Any]]) -> Counter[tuple[str, str, str]]:
    """Count notifications by message, kind and stage."""
    return Counter((n["object_id"], n["kind"], n["text"].rpartition(": ")[2]) for n in found)


def list_stages(counts: Counter[tuple[str, str, str]]) -> set[tuple[str, str]]:
    """Return the kinds and stages of notifications of any message."""
    return {(kind, stage) for _, kind, stage in counts}


@pytest.mark.order("O-6.2.2", "O-10")
def test_reminders_and_escalations_are_sent_once_although_the_worker_is_killed(
    make_server: Callable[..., Server],
) -> None:
    server = make_server(deadline_poll_seconds="0.05", worker_poll_seconds="0.05")
    assert server.post("/deadline-policies", headers=server.sign_in("admin"), json=SOON).status_code == 201
    each = MESSAGES // KILLS
    for kill in range(KILLS):
        register_comments(server, each, kill * each)
        time.sleep(0.03 * kill)  # each time at a different point of the work
        server.kill()
        server.start()
    counts = count_equal(wait_for_notifications(server, 2 * each * KILLS))
    assert len({message for message, _, _ in counts}) == each * KILLS
    # Each message has one overdue target and one due soon: each is notified once.
    assert len(counts) == 2 * each * KILLS and set(counts.values()) == {1}
    assert list_stages(counts) == {
        ("deadline_escalation", "первый ответ"),
        ("deadline_reminder", "окончательный ответ"),
    }


@pytest.mark.order("O-6.2.2", "O-10")
def test_two_workers_send_each_notification_once(make_server: Callable[..., Server], backend: str) -> None:
    """One of the two is killed midway, and the other one does the rest."""
    one = make_server(deadline_poll_seconds="0.05", worker_poll_seconds="0.05")
    assert one.post("/deadline-policies", headers=one.sign_in("admin"), json=SOON).status_code == 201
    other = None
    if backend == "postgresql":  # SQLite has one process by design
        other = make_server(deadline_poll_seconds="0.05", worker_poll_seconds="0.05")
    register_comments(one, MESSAGES // 2)
    if other is not None:
        other.kill()
    register_comments(one, MESSAGES // 2, MESSAGES // 2)
    counts = count_equal(wait_for_notifications(one, 2 * MESSAGES))
    assert len(counts) == 2 * MESSAGES and set(counts.values()) == {1}
    assert list_stages(counts) == {
        ("deadline_escalation", "первый ответ"),
        ("deadline_reminder", "окончательный ответ"),
    }
