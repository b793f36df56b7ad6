"""50,000 submissions imported while others write, on both databases.

    python -m bench.imports [sqlite|postgresql] [count]

The table is handed in over HTTP to a server process. Meanwhile a respondent hands in a form every 100 ms: how long that
takes, before and during the import, is what "without holding up others" means. Memory is read from /proc.
"""

import json
import statistics
import threading
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx

from app.core.ids import new_id
from app.documents.tables.writer import csv_lines, csv_start
from bench.serving import for_each_database, resident, served
from tests.surveys.factories import PATH, by_code

LAST = date(2026, 11, 24)
HEADERS = ["12", "13", *by_code()]


def table(count: int) -> bytes:
    """A CSV of so many submissions of ninety days, no two alike within a day and place."""
    rows = []
    for n in range(count):
        known = {
            "12": "50701000",
            "13": f"{LAST - timedelta(days=n % 90)}T{n // 3600 % 24:02d}:{n // 60 % 60:02d}:{n % 60:02d}",
        }
        known |= by_code(**{"21": 1 + n % 2, "22.1": 1 + n % 3, "23.1": 1 + n % 5})
        rows.append([str(known[code]) for code in HEADERS])
    return csv_start(HEADERS) + csv_lines(rows)


class Respondent(threading.Thread):
    """Hands in a form every 100 ms until told to stop; `took` are the seconds of each, None for a refusal."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.took: list[float | None] = []
        self.done = threading.Event()
        self._base = base

    def run(self) -> None:
        """Write."""
        body = {"form": "information-access", "answers": by_code()}
        with httpx.Client(base_url=self._base, timeout=60) as client:
            while not self.done.wait(0.1):
                began = time.monotonic()
                status = client.post(PATH, json=body).status_code
                self.took.append(time.monotonic() - began if status == 201 else None)

    def figures(self, name: str) -> dict[str, Any]:
        """Median, 99th percentile and worst, in milliseconds; refusals."""
        self.done.set()
        self.join()
        sound = sorted(took * 1000 for took in self.took if took is not None)
        told = {"median": statistics.median(sound), "p99": sound[int(len(sound) * 0.99) - 1], "worst": sound[-1]}
        told |= {"many": len(self.took), "refused": len(self.took) - len(sound)}
        return {f"{name}_{key}": round(value) for key, value in told.items()}


def run(address: str, folder: Path, count: int) -> None:
    """Import once, and once more, and print a line of figures for each."""
    content = table(count)
    with served(address, folder) as server:
        headers, base = server.sign_in("client_centricity"), server.base_url
        idle = Respondent(base)
        idle.start()
        time.sleep(5)
        known = idle.figures("idle")
        for what in ("first", "again"):
            figures = once(server.pid, base, headers, content)
            print(json.dumps({"database": address.partition(":")[0], "what": what, **known, **figures}), flush=True)


def once(pid: int, base: str, headers: dict[str, str], content: bytes) -> dict[str, Any]:
    """One import from its upload to its end."""
    before, peak, began = resident(pid), 0, time.monotonic()
    writer = Respondent(base)
    writer.start()
    headers = headers | {"Content-Type": "text/csv", "Idempotency-Key": new_id().hex}
    taken = httpx.post(f"{base}{PATH}/import", headers=headers, content=content, timeout=120)
    taken.raise_for_status()
    uploaded = time.monotonic()
    report = taken.json()
    while report["state"] in ("queued", "running"):
        time.sleep(0.2)
        peak = max(peak, resident(pid))
        report = httpx.get(base + taken.headers["location"], headers=headers, timeout=60).json()
    told = {"state": report["state"], "created": report["created"], "unchanged": report["unchanged"]}
    told |= {"upload_seconds": round(uploaded - began, 1), "seconds": round(time.monotonic() - began, 1)}
    return told | {"rss_before": before, "rss_peak": peak} | writer.figures("meanwhile")


if __name__ == "__main__":
    for_each_database(run, sqlite=[50_000], postgresql=[50_000])
