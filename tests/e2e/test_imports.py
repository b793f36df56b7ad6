"""An import of submissions lives through kills of the server: every row once, in the figures once (A-1.fn, E1)."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.core.tables.writing import csv_lines, csv_start
from tests.e2e.conftest import IS_WHOLE
from tests.servers import ROOT, Server
from tests.surveys.work import by_code

ROWS = 6_000  # more than one slice is adopted
HEADERS = ["12", "13", *by_code()]


def is_checking(report: dict[str, Any]) -> bool:
    """Some chunks are checked and some are not."""
    return 0 < report["rows_done"] < ROWS


def is_adopting(report: dict[str, Any]) -> bool:
    """The first slice is visible and the last is not, unless that is over already."""
    return bool(report["rows_done"] == ROWS and (report["created"] < ROWS or report["state"] == "done"))


# What a killed worker had taken is free after 30 s; so each kill takes as long.
MOMENTS = [is_checking, is_adopting] if IS_WHOLE else [is_adopting]


@pytest.mark.order("A-1.fn", "O-11")
def test_a_kill_in_the_middle_of_an_import_leaves_nothing_double(
    make_server: Callable[..., Server], fresh_database: str, tmp_path: Path
) -> None:
    server = make_server()
    rows = [
        [str(by_code(**{"12": "50701000", "13": "2026-11-24", "22.1": 1 + n % 3})[code]) for code in HEADERS]
        for n in range(ROWS)
    ]
    content = csv_start(HEADERS) + csv_lines(rows)
    reader = server.sign_in("client_centricity")
    headers = reader | {"Content-Type": "text/csv", "Idempotency-Key": "import-1"}
    taken = server.post("/survey-submissions/import", headers=headers, content=content)
    assert taken.status_code == 202, taken.text

    def report(is_moment: Callable[[dict[str, Any]], bool], pause: float) -> dict[str, Any]:
        until = time.monotonic() + 300
        while not is_moment(told := server.get(f"/imports/{taken.json()['id']}", headers=reader).json()):
            assert time.monotonic() < until, told
            time.sleep(pause)
        return told

    for moment in MOMENTS:
        report(moment, 0.01)
        server.kill()
        server.start()
    done = report(lambda told: told["state"] not in ("queued", "running"), 0.5)
    assert (done["state"], done["created"], done["unchanged"], done["faults"]) == ("done", ROWS, 0, [])
    figures = server.get("/monitoring/satisfaction", headers=reader).json()
    assert figures["total"]["n"] == ROWS
    exported = server.get("/survey-submissions/export", headers=reader)
    assert exported.text.count("\r\n") == ROWS + 1
    server.terminate()
    settings = {"APP_PROFILE": "demo", "APP_DATABASE_URL": fresh_database, "APP_VAR_DIR": str(tmp_path / "var")}
    command = [sys.executable, "-m", "app.cli", "recount", "--check"]
    subprocess.run(command, cwd=ROOT, env=os.environ | settings, check=True, timeout=120)
