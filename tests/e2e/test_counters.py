"""Counters equal a recount after kills during submissions, folding and indexing (O-11, reliability E1)."""

import json
import random
import threading
import time
from collections.abc import Callable

import httpx
import pytest

from app.core.ids import new_id
from tests.e2e.conftest import IS_WHOLE
from tests.servers import Server

KILLS = 20 if IS_WHOLE else 3
CLIENTS = 4
LOAD_SECONDS = (0.5, 4.0)
"""Seconds under load before a server is killed; counters are folded every two seconds."""


class Load:
    """Clients that post submissions one after the other until they are stopped."""

    def __init__(self, base_url: str, seed: int) -> None:
        self.acknowledged: dict[str, str] = {}
        """Submission ids by idempotency key."""
        self.unanswered: list[tuple[str, dict[str, object]]] = []
        self._base_url = base_url
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(seed + place,)) for place in range(CLIENTS)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def _run(self, seed: int) -> None:
        chance = random.Random(seed)
        with httpx.Client(base_url=self._base_url, trust_env=False, timeout=10) as client:
            while not self._stop.is_set():
                key, body = new_id().hex, random_submission(chance)
                try:
                    self.submit(client, key, body)
                except httpx.TransportError:
                    self.unanswered.append((key, body))
                    if self._stop.wait(0.05):
                        return

    def submit(self, client: httpx.Client, key: str, body: dict[str, object]) -> None:
        """Post one submission; it is either accepted or rejected with 503."""
        answer = client.post("/api/v1/survey-submissions", headers={"Idempotency-Key": key}, json=body)
        if answer.status_code == 201:
            self.acknowledged[key] = answer.json()["id"]
        else:
            assert answer.status_code == 503, answer.text


def random_submission(chance: random.Random) -> dict[str, object]:
    """Return a random filled-in form of a random day of two months."""
    sources = ("official_site", "telegram", "vk", "ok")
    scores = {source: chance.randint(1, 5) for source in sources}
    return {
        "form": "information-access",
        "municipality": chance.choice(["50701000", "50708000"]),
        "filled_at": f"2026-{chance.randint(1, 2):02d}-{chance.randint(1, 28):02d}T12:00:00+07:00",
        "answers": {
            "satisfaction": chance.randint(1, 2),
            "source_usage": {source: chance.randint(1, 3) for source in sources},
            "ease_of_finding": scores,
            "comments": {source: "Не нашёл телефон" for source in sources if scores[source] == 1},
        },
    }


@pytest.mark.order("O-11")
def test_counters_equal_a_recount_after_every_kill(make_server: Callable[..., Server]) -> None:
    server = make_server()
    chance = random.Random(20)
    acknowledged: dict[str, str] = {}
    unanswered: list[tuple[str, dict[str, object]]] = []
    for kill in range(KILLS):
        with Load(server.base_url, kill * CLIENTS) as load:
            time.sleep(chance.uniform(*LOAD_SECONDS))
            server.kill()
        acknowledged |= load.acknowledged
        unanswered += load.unanswered
        server.start()
        recount = server.command("recount", "--check")  # while the worker folds what the killed server left
        assert recount.returncode == 0, (kill, recount.stdout, recount.stderr)
        assert recount.stdout == "0 counters differed\n"
    assert acknowledged, "there was no load"
    with httpx.Client(base_url=server.base_url, trust_env=False, timeout=30) as client:
        for key, body in unanswered:  # stored or not, each is stored once after the retry
            answer = client.post("/api/v1/survey-submissions", headers={"Idempotency-Key": key}, json=body)
            assert answer.status_code == 201, answer.text
            acknowledged[key] = answer.json()["id"]
    reader = server.sign_in("client_centricity")
    exported = server.get("/survey-submissions/export?format=jsonl", headers=reader)
    rows = [json.loads(line) for line in exported.text.splitlines()]
    assert {row["id"] for row in rows} == set(acknowledged.values())
    assert len(rows) == len(acknowledged)
    total = server.get("/monitoring/satisfaction", headers=reader).json()["total"]
    satisfied = sum(row["answers"]["satisfaction"] == 1 for row in rows)
    assert (total["n"], total["satisfied"]) == (len(rows), satisfied)
    wait_until_indexed(server, reader, sum(len(row["answers"]["comments"]) for row in rows))
    recount = server.command("recount", "--check")
    assert (recount.returncode, recount.stdout) == (0, "0 counters differed\n"), recount.stderr


def wait_until_indexed(server: Server, reader: dict[str, str], comments: int) -> None:
    """Wait until the worker has indexed and counted every comment exactly once."""
    until = time.monotonic() + 120
    while (n := server.get("/monitoring/comments", headers=reader).json()["n"]) != comments:
        assert n < comments and time.monotonic() < until, (n, comments)
        time.sleep(0.2)
