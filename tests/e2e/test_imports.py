"""An import of submissions lives through kills of the server: every row once, in the figures once (A-1.fn, E1)."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.tables.writing import csv_lines, csv_start
from tests.e2e.conftest import IS_WHOLE
from tests.servers import ROOT, Server
from tests.surveys.work import by_code

KILLS = 20 if IS_WHOLE else 4
ROWS = 12_000 if IS_WHOLE else 6_000  # more than one slice is adopted
HEADERS = ["12", "13", *by_code()]


@pytest.mark.order("A-1.fn", "O-11")
def test_kills_in_the_middle_of_an_import_leave_nothing_double(
    make_server: Callable[..., Server], fresh_database: str, tmp_path: Path
) -> None:
    server, chance = make_server(), random.Random(7)
    rows = [
        [str(by_code(**{"12": "50701000", "13": "2026-11-24", "22.1": 1 + n % 3})[code]) for code in HEADERS]
        for n in range(ROWS)
    ]
    content = csv_start(HEADERS) + csv_lines(rows)
    headers = server.sign_in("client_centricity")
    keyed = headers | {"Content-Type": "text/csv", "Idempotency-Key": "import-1"}
    taken = server.post("/survey-submissions/import", headers=keyed, content=content, timeout=60)
    assert taken.status_code == 202, taken.text
    place = f"/imports/{taken.json()['id']}"
    seen = set()
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.1, 2))
        seen.add(server.get(place, headers=headers, timeout=30).json()["state"])
        server.kill()
        server.start()
    until = time.monotonic() + 600
    while (report := server.get(place, headers=headers, timeout=30).json())["state"] in ("queued", "running"):
        assert time.monotonic() < until, report
        time.sleep(0.5)
    assert "running" in seen, "a kill met it at work"
    assert (report["state"], report["created"], report["unchanged"], report["faults"]) == ("done", ROWS, 0, [])
    figures = server.get("/monitoring/satisfaction", headers=server.sign_in("client_centricity")).json()
    assert figures["total"]["n"] == ROWS
    exported = server.get("/survey-submissions/export", headers=headers, timeout=60)
    assert exported.text.count("\r\n") == ROWS + 1
    server.terminate()
    env = {
        **os.environ,
        "APP_PROFILE": "demo",
        "APP_DATABASE_URL": fresh_database,
        "APP_VAR_DIR": str(tmp_path / "var"),
    }
    command = [sys.executable, "-m", "app.cli", "recount", "--check"]
    subprocess.run(command, cwd=ROOT, env=env, check=True, timeout=120)
