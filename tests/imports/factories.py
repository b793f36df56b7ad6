"""Steps of an import over HTTP: upload a table, run the worker's jobs, get the report."""

from collections.abc import Sequence
from typing import Any

import httpx

from app.core.ids import new_id
from app.core.outbox import Relay
from app.core.security import Principal
from app.documents.tables.writer import csv_lines, csv_start
from app.worker import HANDLERS
from tests.conftest import Api, JoinedDatabase

POINTS = "/api/v1/interaction-points"
CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def table(headers: Sequence[str], *rows: Sequence[str | None]) -> bytes:
    """Return a CSV in the format of the exports."""
    return csv_start(headers) + csv_lines(rows)


async def upload(
    api: Api, by: Principal, content: bytes, kind: str = CSV, path: str = f"{POINTS}/import", **query: Any
) -> httpx.Response:
    """Upload a table."""
    headers = api.as_(by) | {"Content-Type": kind, "Idempotency-Key": new_id().hex}
    return await api.post(path, headers=headers, params=query, content=content)


async def work_off(database: JoinedDatabase) -> None:
    """Run the worker's jobs until none is left."""
    relay = Relay(database, HANDLERS)
    while await relay.relay_batch():
        pass


async def imported(
    api: Api, database: JoinedDatabase, by: Principal, content: bytes, kind: str = CSV, **query: Any
) -> dict[str, Any]:
    """Run a whole import and return its report."""
    accepted = await upload(api, by, content, kind, **query)
    assert accepted.status_code == 202, accepted.text
    await work_off(database)
    report: dict[str, Any] = (await api.get(accepted.headers["location"], headers=api.as_(by))).json()
    return report
