"""Measure the import of 50,000 submissions during concurrent writes, on both databases.

    python -m bench.imports [sqlite|postgresql] [count]

The table is uploaded over HTTP to a server process. Meanwhile a respondent submits a form every 100 ms; the latencies
before and during the import show how much it delays other requests. Memory is read from /proc.
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
from bench.serving import for_each_database, get_resident_mib, run_server
from tests.surveys.factories import PATH, by_code

LAST = date(2026, 11, 24)
HEADERS = ["12", "13", *by_code()]


def build_table(count: int) -> bytes:
    """Build a CSV of distinct submissions over ninety days."""
    rows = []
    for n in range(count):
        values = {
            "12": "50701000",
            "13": f"{LAST - timedelta(days=n % 90)}T{n // 3600 % 24:02d}:{n // 60 % 60:02d}:{n % 60:02d}",
        }
        values |= by_code(**{"21": 1 + n % 2, "22.1": 1 + n % 3, "23.1": 1 + n % 5})
        rows.append([str(values[code]) for code in HEADERS])
    return csv_start(HEADERS) + csv_lines(rows)


class Respondent(threading.Thread):
    """Submits a form every 100 ms until stopped; `latencies` are in seconds, None for a rejected form."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.latencies: list[float | None] = []
        self.done = threading.Event()
        self._base = base

    def run(self) -> None:
        """Submit forms until stopped."""
        body = {"form": "information-access", "answers": by_code()}
        with httpx.Client(base_url=self._base, timeout=60) as client:
            while not self.done.wait(0.1):
                started_at = time.monotonic()
                status = client.post(PATH, json=body).status_code
                self.latencies.append(time.monotonic() - started_at if status == 201 else None)

    def stop(self, name: str) -> dict[str, Any]:
        """Stop, and return the median, 99th percentile and maximum in milliseconds, and the number of rejections."""
        self.done.set()
        self.join()
        accepted = sorted(seconds * 1000 for seconds in self.latencies if seconds is not None)
        values = {
            "median": statistics.median(accepted),
            "p99": accepted[int(len(accepted) * 0.99) - 1],
            "worst": accepted[-1],
        }
        values |= {"many": len(self.latencies), "refused": len(self.latencies) - len(accepted)}
        return {f"{name}_{key}": round(value) for key, value in values.items()}


def run(address: str, folder: Path, count: int) -> None:
    """Import the same table twice and print a line of figures for each import."""
    content = build_table(count)
    with run_server(address, folder) as server:
        headers, base = server.sign_in("client_centricity"), server.base_url
        idle = Respondent(base)
        idle.start()
        time.sleep(5)
        idle_figures = idle.stop("idle")
        for what in ("first", "again"):
            figures = measure_import(server.pid, base, headers, content)
            print(
                json.dumps({"database": address.partition(":")[0], "what": what, **idle_figures, **figures}), flush=True
            )


def measure_import(pid: int, base: str, headers: dict[str, str], content: bytes) -> dict[str, Any]:
    """Measure one import from its upload to its end."""
    before, peak, started_at = get_resident_mib(pid), 0, time.monotonic()
    writer = Respondent(base)
    writer.start()
    headers = headers | {"Content-Type": "text/csv", "Idempotency-Key": new_id().hex}
    response = httpx.post(f"{base}{PATH}/import", headers=headers, content=content, timeout=120)
    response.raise_for_status()
    uploaded = time.monotonic()
    report = response.json()
    while report["state"] in ("queued", "running"):
        time.sleep(0.2)
        peak = max(peak, get_resident_mib(pid))
        report = httpx.get(base + response.headers["location"], headers=headers, timeout=60).json()
    figures = {"state": report["state"], "created": report["created"], "unchanged": report["unchanged"]}
    figures |= {"upload_seconds": round(uploaded - started_at, 1), "seconds": round(time.monotonic() - started_at, 1)}
    return figures | {"rss_before": before, "rss_peak": peak} | writer.stop("meanwhile")


if __name__ == "__main__":
    for_each_database(run, sqlite=[50_000], postgresql=[50_000])
