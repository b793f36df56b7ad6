"""Memory over idle while a million submissions are exported, on both databases.

    python -m bench.exports [sqlite|postgresql] [count]

The rows are copies of one, made by executemany in a scratch database; the export is asked for over HTTP from a server
process, whose resident memory is read from /proc (RSS of now: malloc keeps some of what was freed).
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
from app.organizations.models import Organization, OrganizationKind
from app.surveys.models import SubmissionSource, SurveyForm, SurveySubmission
from bench.serving import for_each_database, resident, served
from tests.conftest import settings_for
from tests.surveys.factories import by_key

BATCH = 10_000


def fill(address: str, count: int) -> None:
    """So many submissions of the ministry, a day for each thousand."""
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
    """One export: seconds, bytes, and memory before and at its peak."""
    before, peak, done = resident(pid), 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.1):
            peak = max(peak, resident(pid))

    watching = threading.Thread(target=watch)
    watching.start()
    began, size = time.monotonic(), 0
    path = f"{base}/api/v1/survey-submissions/export"
    with httpx.stream("GET", path, params=query, headers=headers, timeout=None) as answer:
        answer.raise_for_status()
        for piece in answer.iter_raw():
            size += len(piece)
    done.set()
    watching.join()
    seconds = round(time.monotonic() - began, 1)
    return query | {"seconds": seconds, "mb": size // 10**6, "rss_before": before, "rss_peak": peak}


def run(address: str, folder: Path, count: int) -> None:
    """Fill, serve, export in every way, and print a line of figures for each."""
    settings = settings_for(address, folder)
    migrate(settings)
    seed(settings)
    fill(address, count)
    with served(address, folder / "var") as server:
        headers = server.sign_in("client_centricity")
        for query in ({"format": "csv"}, {"format": "jsonl", "source": "web"}, {"format": "xlsx"}):
            figures = measure(server.pid, server.base_url, headers, **query)
            print(json.dumps({"database": address.partition(":")[0], "rows": count, **figures}), flush=True)


if __name__ == "__main__":
    for_each_database(run, sqlite=[1_000_000], postgresql=[1_000_000])
