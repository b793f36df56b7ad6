"""Steps of an import over HTTP: hand a table in, let the worker do its jobs, read the report."""

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
    """A CSV as our exports write it."""
    return csv_start(headers) + csv_lines(rows)


async def upload(
    api: Api, by: Principal, content: bytes, kind: str = CSV, path: str = f"{POINTS}/import", **query: Any
) -> httpx.Response:
    """Hand in a table."""
    headers = api.as_(by) | {"Content-Type": kind, "Idempotency-Key": new_id().hex}
    return await api.post(path, headers=headers, params=query, content=content)


async def work_off(database: JoinedDatabase) -> None:
    """What the worker does until nothing is left to do."""
    relay = Relay(database, HANDLERS)
    while await relay.relay_batch():
        pass


async def imported(
    api: Api, database: JoinedDatabase, by: Principal, content: bytes, kind: str = CSV, **query: Any
) -> dict[str, Any]:
    """The report of a whole import."""
    taken = await upload(api, by, content, kind, **query)
    assert taken.status_code == 202, taken.text
    await work_off(database)
    report: dict[str, Any] = (await api.get(taken.headers["location"], headers=api.as_(by))).json()
    return report
