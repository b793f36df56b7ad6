"""Measure the memory used while a million submissions are exported, on both databases.

    python -m bench.exports [sqlite|postgresql] [count]

The rows are copies of one submission, inserted by executemany. The export is requested over HTTP from a server
process, whose resident memory is read from /proc (malloc keeps part of the freed memory).
"""

import json
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
from sqlmodel import select

from app.cli import migrate, seed
from app.core import clock
from app.core.db import to_driver_url
from app.core.ids import new_id
from app.organizations.models import Organization
from app.organizations.rules import OrganizationKind
from app.surveys.models.forms import SurveyForm
from app.surveys.models.submissions import SurveySubmission
from app.surveys.rules.submissions import SubmissionSource
from bench.serving import for_each_database, get_resident_mib, run_server
from tests.conftest import settings_for
from tests.surveys.factories import by_key

BATCH = 10_000


def fill(address: str, count: int) -> None:
    """Insert submissions of the ministry, a thousand for each day."""
    url = to_driver_url(address)
    engine = sa.create_engine(url.set(drivername="sqlite") if url.get_backend_name() == "sqlite" else url)
    with engine.begin() as connection:
        form = connection.execute(select(SurveyForm.id, SurveyForm.key)).one()
        ministry = select(Organization.id).where(Organization.kind == OrganizationKind.MINISTRY)
        organization_id = connection.execute(ministry).scalar_one()
        now = clock.now()
        for start in range(0, count, BATCH):
            rows = [
                {
                    "id": new_id(),
                    "version": 1,
                    "form_id": form.id,
                    "form": form.key,
                    "form_version": 1,
                    "organization_id": organization_id,
                    "municipality": "50701000",
                    "filled_at": now,
                    "received_at": now,
                    "counted_on": clock.local_date(now - timedelta(days=(start + n) // 1000)),
                    "source": list(SubmissionSource)[n % 4],
                    "satisfaction": 1,
                    "answers": by_key(),
                }
                for n in range(min(BATCH, count - start))
            ]
            connection.execute(sa.insert(SurveySubmission), rows)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("ANALYZE survey_submissions"))
    engine.dispose()


def measure(pid: int, base: str, headers: dict[str, str], **query: str) -> dict[str, Any]:
    """Run one export; return its seconds, megabytes (10⁶ bytes), and memory before and at the peak (MiB)."""
    before, peak, done = get_resident_mib(pid), 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.1):
            peak = max(peak, get_resident_mib(pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    started_at, size = time.monotonic(), 0
    path = f"{base}/api/v1/survey-submissions/export"
    with httpx.stream("GET", path, params=query, headers=headers, timeout=None) as response:
        response.raise_for_status()
        for chunk in response.iter_raw():
            size += len(chunk)
    done.set()
    watcher.join()
    seconds = round(time.monotonic() - started_at, 1)
    return query | {"seconds": seconds, "mb": size // 10**6, "rss_before": before, "rss_peak": peak}


def run(address: str, folder: Path, count: int) -> None:
    """Fill a database, start a server, export in every format, and print a line of figures for each."""
    settings = settings_for(address, folder)
    migrate(settings)
    seed(settings)
    fill(address, count)
    with run_server(address, folder / "var") as server:
        headers = server.sign_in("client_centricity")
        for query in ({"format": "csv"}, {"format": "jsonl", "source": "web"}, {"format": "xlsx"}):
            figures = measure(server.pid, server.base_url, headers, **query)
            print(json.dumps({"database": address.partition(":")[0], "rows": count, **figures}), flush=True)


if __name__ == "__main__":
    for_each_database(run, sqlite=[1_000_000], postgresql=[1_000_000])
