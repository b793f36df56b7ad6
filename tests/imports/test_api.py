"""Tests of imports over HTTP: acceptance, immediate refusals, visibility, recovery after a killed worker."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.db import Database
from app.core.idempotency import IdempotencyRecord
from app.core.ids import new_id
from app.core.outbox import OutboxEntry, Relay
from app.core.problems import Unavailable
from app.documents.tables.reader import read_table
from app.documents.tables.writer import xlsx_bytes
from app.importers import IMPORTERS
from app.imports.events import ImportChecked
from app.imports.models import Import, StagedRow
from app.imports.rules import ImportState, format_cell_name
from app.imports.service import staging
from app.imports.service.staging import clear_abandoned, delete_old_imports, queue_import, stage_rows
from app.imports.upload import ImportOptions
from app.interaction_points.importer import POINTS as POINT_IMPORTER
from app.interaction_points.models import Point
from app.worker import HANDLERS
from tests.callers import People
from tests.conftest import Api, JoinedDatabase, principal, settings_for
from tests.imports.factories import CSV, POINTS, XLSX, imported, table, upload, work_off

HEADERS = ("name", "format", "channel", "audience", "unit")
UNIT = "Отдел инвестиционной политики"


def build_table(count: int, **wrong: str) -> bytes:
    """Return a table of new points; `wrong` replaces the channel of a row by its number."""
    rows = [
        [f"Линия {number}", "offline", wrong.get(f"row_{number}", "phone"), "external", UNIT]
        for number in range(2, count + 2)
    ]
    return table(HEADERS, *rows)


async def count_points(database: Database) -> int:
    async with database.transaction(write=False) as session:
        return (await session.exec(select(func.count()).select_from(Point))).one()


async def count_staged_rows(database: Database) -> int:
    async with database.transaction(write=False) as session:
        return (await session.exec(select(func.count()).select_from(StagedRow))).one()


@pytest.mark.parametrize(("column", "name"), [(0, "A17"), (25, "Z17"), (26, "AA17"), (51, "AZ17"), (199, "GR17")])
def test_cells_have_spreadsheet_names(column: int, name: str) -> None:
    assert format_cell_name(column, 17) == name


async def test_an_import_is_accepted_at_once_and_run_by_the_worker(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    before = await count_points(database)
    accepted = await upload(api, people.admin, build_table(3))
    assert accepted.status_code == 202, accepted.text
    payload = accepted.json()
    assert (payload["state"], payload["rows_total"], payload["rows_done"], payload["finished_at"]) == (
        "queued",
        3,
        0,
        None,
    )
    assert accepted.headers["location"] == f"/api/v1/imports/{payload['id']}"
    assert await count_points(database) == before
    await work_off(database)
    response = await api.get(accepted.headers["location"], headers=api.as_(people.admin))
    report = response.json()
    assert (report["state"], report["rows_done"], report["faults"]) == ("done", 3, [])
    assert (report["created"], report["changed"], report["unchanged"]) == (3, 0, 0)
    assert report["finished_at"] is not None and report["kind"] == "interaction_points"
    assert await count_points(database) == before + 3 and await count_staged_rows(database) == 0
    same = await api.get(
        accepted.headers["location"], headers=api.as_(people.admin) | {"If-None-Match": response.headers["etag"]}
    )
    assert same.status_code == 304


async def test_a_workbook_is_imported(api: Api, people: People, database: JoinedDatabase) -> None:
    book = xlsx_bytes(HEADERS, [["Линия", "offline", "phone", "external", UNIT]])
    for kind in (XLSX, "application/octet-stream", CSV):
        report = await imported(api, database, people.admin, book, kind)
        assert report["state"] == "done", "the content decides"
    assert report["unchanged"] == 1


async def test_only_the_requester_sees_an_import(api: Api, people: People, database: JoinedDatabase) -> None:
    accepted = await upload(api, people.admin, build_table(1))
    for other in (people.operator, people.unit_head, people.integration):
        response = await api.get(accepted.headers["location"], headers=api.as_(other))
        assert (response.status_code, response.json()["code"]) == (404, "import_not_found")
    unknown = await api.get(f"/api/v1/imports/{new_id()}", headers=api.as_(people.admin))
    assert unknown.status_code == 404


@pytest.mark.parametrize("role", ["unit_head", "operator", "client_centricity", "press", "integration"])
async def test_other_roles_cannot_import(api: Api, people: People, database: JoinedDatabase, role: str) -> None:
    refused = await upload(api, people.of(role), b"not even a table")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert await count_staged_rows(database) == 0
    anonymous = await api.post(f"{POINTS}/import", headers={"Content-Type": CSV}, content=build_table(1))
    assert anonymous.status_code == 401


async def test_an_idempotency_key_is_required_and_replays_the_response(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    headers = api.as_(people.admin) | {"Content-Type": CSV}
    refused = await api.post(f"{POINTS}/import", headers=headers, content=build_table(2))
    assert (refused.status_code, refused.json()["code"]) == (400, "idempotency_key_required")
    keyed = headers | {"Idempotency-Key": "import-1"}
    first = await api.post(f"{POINTS}/import", headers=keyed, content=build_table(2))
    again = await api.post(f"{POINTS}/import", headers=keyed, content=build_table(2))
    assert (again.status_code, again.content) == (202, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    assert await count_staged_rows(database) == 2, "the repeated request staged nothing"
    for other in ({"content": build_table(3)}, {"content": build_table(2), "params": {"dry_run": True}}):
        reused = await api.post(f"{POINTS}/import", headers=keyed, **other)
        assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"", CSV, 422, "empty"),
        (b"MZ\x90\x00" + bytes(300), XLSX, 422, "not_xlsx"),
        (b"MZ\x90\x00" + bytes(300), "application/octet-stream", 422, "not_text"),
        (build_table(1), "application/json", 415, None),
        (build_table(1), "multipart/form-data", 415, None),
        (b'{"a": 1}', "application/json", 415, None),
        (b"x" * 20_971_521, CSV, 413, None),
        (table(("name", "colour"), ["x", "red"]), CSV, 422, "unknown_column"),
        (table(("name", "format"), ["x", "offline"]), CSV, 422, "missing_column"),
        (table((*HEADERS, "act_number"), ["x"]), CSV, 422, "missing_column"),
    ],
)
async def test_unreadable_tables_are_refused_at_once(
    api: Api, people: People, database: JoinedDatabase, content: bytes, kind: str, status: int, code: str | None
) -> None:
    refused = await upload(api, people.admin, content, kind)
    assert refused.status_code == status, refused.text
    if code:
        assert code in [error["code"] for error in refused.json()["errors"]]
    assert await count_staged_rows(database) == 0


async def test_invalid_options_are_refused_before_staging(api: Api, people: People, database: JoinedDatabase) -> None:
    refused = await upload(api, people.admin, build_table(2), dry_run="perhaps")
    assert refused.status_code == 422
    assert await count_staged_rows(database) == 0


async def test_only_imports_accept_large_bodies(api: Api, people: People) -> None:
    content = b"x" * 1_100_000
    headers = api.as_(people.admin) | {"Content-Type": CSV, "Idempotency-Key": new_id().hex}
    assert (await api.post(f"{POINTS}/import", headers=headers, content=content)).status_code == 422
    for path in (POINTS, f"{POINTS}/import/x", "/api/v1/legal-acts"):
        assert (await api.post(path, headers=headers, content=content)).status_code == 413, path
    assert (await api.post(POINTS, headers=headers, content=b"a;b")).status_code == 415
    assert (await api.put(f"{POINTS}/import", headers=headers, content=b"a;b")).status_code == 405


async def test_one_invalid_row_fails_the_whole_import(api: Api, people: People, database: JoinedDatabase) -> None:
    before = await count_points(database)
    report = await imported(api, database, people.admin, build_table(1200, row_777="pigeon"))
    assert (report["state"], report["rows_done"], report["rows_total"]) == ("failed", 1200, 1200)
    assert (report["created"], report["changed"], report["unchanged"]) == (0, 0, 0)
    assert report["faults"] == [
        {
            "row": 777,
            "column": "channel",
            "cell": "C777",
            "code": "unknown_reference",
            "detail": "Вид канала не найден.",
        }
    ]
    assert await count_points(database) == before and await count_staged_rows(database) == 0


async def test_a_partial_import_applies_the_valid_rows(api: Api, people: People, database: JoinedDatabase) -> None:
    before = await count_points(database)
    report = await imported(
        api, database, people.admin, build_table(600, row_2="pigeon", row_600="pigeon"), partial=True
    )
    assert (report["state"], report["created"], report["faults_total"]) == ("done", 598, 2)
    assert [fault["row"] for fault in report["faults"]] == [2, 600]
    assert await count_points(database) == before + 598 and await count_staged_rows(database) == 0


async def test_a_dry_run_reports_everything_and_changes_nothing(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    before = await count_points(database)
    for content, created, faults in ((build_table(600, row_5="pigeon"), 599, 1), (build_table(600), 600, 0)):
        for partial in (False, True):
            report = await imported(api, database, people.admin, content, dry_run=True, partial=partial)
            assert (report["state"], report["created"], report["faults_total"]) == ("done", created, faults)
            assert (report["is_dry_run"], report["is_partial"]) == (True, partial)
    assert await count_points(database) == before and await count_staged_rows(database) == 0


async def test_all_errors_are_counted_and_500_are_reported(api: Api, people: People, database: JoinedDatabase) -> None:
    content = table(HEADERS, *[[f"Линия {n}", "offline", "pigeon", "external", UNIT] for n in range(700)])
    report = await imported(api, database, people.admin, content, dry_run=True)
    assert (len(report["faults"]), report["faults_total"], report["created"]) == (500, 700, 0)


async def test_repeated_rows_are_an_error_anywhere_in_the_file(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    rows = [[f"Линия {n}", "offline", "phone", "external", UNIT] for n in range(600)]
    content = table(HEADERS, *rows, rows[0], ["Линия", "offline", "phone", "external", UNIT], rows[599])
    report = await imported(api, database, people.admin, content)
    assert report["state"] == "failed"
    assert [(fault["row"], fault["code"], fault["cell"]) for fault in report["faults"]] == [
        (602, "repeated_row", None),
        (604, "repeated_row", None),
    ]


async def test_an_error_after_the_check_is_reported_and_nothing_is_applied(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    before = await count_points(database)
    accepted = await upload(api, people.admin, build_table(3))
    relay = Relay(database, HANDLERS)
    assert await relay.relay_batch() == 1  # the rows are checked
    async with database.transaction() as session:
        await session.exec(sa.update(StagedRow).where(col(StagedRow.number) == 4).values(data=_build_invalid_row()))
    await work_off(database)
    report = (await api.get(accepted.headers["location"], headers=api.as_(people.admin))).json()
    assert (report["state"], report["created"]) == ("failed", 0)
    assert [fault["cell"] for fault in report["faults"]] == ["C4"]
    assert await count_points(database) == before and await count_staged_rows(database) == 0


def _build_invalid_row() -> dict[str, str]:
    return dict(zip(HEADERS, ("Линия 4", "offline", "pigeon", "external", UNIT), strict=True))


class Killed(Exception):
    """Simulates the end of the worker process."""


async def test_an_import_survives_a_killed_worker(api: Api, people: People, database: JoinedDatabase) -> None:
    before = await count_points(database)
    accepted = await upload(api, people.admin, build_table(700))

    async def killed(session: AsyncSession, payload: Mapping[str, Any]) -> None:
        for handler in HANDLERS[ImportChecked]:
            await handler(session, payload)
        seen = (await session.exec(select(func.count()).select_from(Point))).one()
        assert seen == before + 700
        raise Killed

    dying = Relay(database, {**HANDLERS, ImportChecked: [killed]})
    while await dying.relay_batch():
        pass
    report = (await api.get(accepted.headers["location"], headers=api.as_(people.admin))).json()
    assert (report["state"], report["rows_done"], report["finished_at"]) == ("running", 700, None)
    assert await count_points(database) == before
    async with database.transaction() as session:
        await session.exec(sa.update(OutboxEntry).values(due_at=clock.now()))
    await work_off(database)
    report = (await api.get(accepted.headers["location"], headers=api.as_(people.admin))).json()
    assert (report["state"], report["created"]) == ("done", 700)
    assert await count_points(database) == before + 700


async def test_abandoned_imports_fail_and_abandoned_rows_are_deleted(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    old = await upload(api, people.admin, build_table(2))
    young = await upload(api, people.admin, build_table(3))
    long_ago = clock.now() - timedelta(hours=25)
    async with database.transaction() as session:
        await session.exec(sa.update(Import).where(Import.rows_total == 2).values(created_at=long_ago))  # type: ignore[arg-type]
        await session.exec(sa.update(StagedRow).values(staged_at=long_ago))
        session.add(StagedRow(import_id=new_id(), number=2, data={}, staged_at=long_ago))
        session.add(StagedRow(import_id=new_id(), number=2, data={}, staged_at=clock.now()))
    async with database.transaction() as session:
        assert await clear_abandoned(session, hours=24) == 3
    states = [
        (await api.get(accepted.headers["location"], headers=api.as_(people.admin))).json()["state"]
        for accepted in (old, young)
    ]
    assert states == ["failed", "queued"]
    assert await count_staged_rows(database) == 4
    await work_off(database)
    assert await count_staged_rows(database) == 1, "an abandoned import is not resumed"


async def test_two_concurrent_imports_with_other_writers(fresh_database: str, tmp_path: Any) -> None:
    """C5: other writers are not blocked; of two imports of the same file the second changes nothing."""
    database = Database(settings_for(fresh_database, tmp_path))
    second = Database(settings_for(fresh_database, tmp_path))
    others = asyncio.Semaphore(4)  # leaves connections for the workers; another test covers a full pool
    try:
        await _queue(database, 1500)
        await _queue(database, 1500)

        async def write(number: int) -> None:
            record = IdempotencyRecord(
                caller="x", operation="y", key=str(number), fingerprint="", created_at=clock.now()
            )
            while True:
                try:
                    async with others, database.transaction() as session:
                        session.add(record)
                    return
                except Unavailable:  # clients retry when the service is busy
                    await asyncio.sleep(0.1)

        async def work(relay: Relay) -> None:
            for _ in range(1000):
                if not await relay.relay_batch():
                    await asyncio.sleep(0.01)
                async with database.transaction() as session:  # jobs that met a lock are retried at once
                    left = (col(OutboxEntry.done_at).is_(None), col(OutboxEntry.parked_at).is_(None))
                    if (await session.exec(select(OutboxEntry.id).where(*left).limit(1))).first() is None:
                        return
                    waiting = (*left, col(OutboxEntry.lease_owner).is_(None))
                    await session.exec(sa.update(OutboxEntry).where(*waiting).values(due_at=clock.now()))

        workers = [work(Relay(one, HANDLERS)) for one in (database, second)]
        await asyncio.gather(*workers, *[write(number) for number in range(100)])
        async with database.transaction(write=False) as session:
            tasks = (await session.exec(select(Import).order_by(col(Import.id)))).all()
        assert {task.state for task in tasks} == {ImportState.DONE}
        assert sorted((task.created, task.unchanged) for task in tasks) == [(0, 1500), (1500, 0)]
    finally:
        await database.close()
        await second.close()


async def _queue(database: Database, count: int) -> None:
    content = read_table(build_table(count))
    import_id = await stage_rows(database, POINT_IMPORTER, content)
    async with database.transaction() as session:
        by = principal("admin")
        await queue_import(session, POINT_IMPORTER, import_id, content, ImportOptions(), by=by, parameters={})


async def test_old_imports_are_deleted_unless_their_objects_name_them(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    async def queue(days: float, **more: Any) -> str:
        ended = clock.now() - timedelta(days=days)
        values = {
            "kind": "interaction_points",
            "state": ImportState.DONE,
            "is_dry_run": False,
            "is_partial": False,
            "asked_by_kind": "employee",
            "asked_by": people.admin.id,
            "roles": [],
            "created_at": ended,
            "finished_at": ended,
            "columns": [],
            "rows_total": 1,
            "faults": [],
        }
        row = Import.model_validate(values | more)
        async with database.transaction() as session:
            session.add(row)
        return str(row.id)

    old = {await queue(31), await queue(31, kind="survey_submissions", is_dry_run=True)}
    kept = {await queue(29), await queue(31, kind="survey_submissions")}
    kept |= {await queue(31, state=ImportState.RUNNING, finished_at=None)}
    staged = await queue(31)
    async with database.transaction() as session:
        session.add(StagedRow(import_id=UUID(staged), number=2, data={}, staged_at=clock.now()))
    async with database.transaction() as session:
        assert await delete_old_imports(session, IMPORTERS, days=30) == len(old)
        left = {str(import_id) for import_id in (await session.exec(select(Import.id))).all()}
    assert left == kept | {staged}, "an import whose rows are not deleted yet is kept"


async def test_abandoned_rows_are_deleted_in_batches(database: JoinedDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "DELETE_BATCH", 2)
    import_id, moment = new_id(), clock.now() - timedelta(hours=3)
    async with database.transaction() as session:
        session.add_all([StagedRow(import_id=import_id, number=n, data={}, staged_at=moment) for n in range(5)])
    async with database.transaction() as session:
        assert await clear_abandoned(session, hours=4) == 0
        assert [await clear_abandoned(session, hours=2) for _ in range(4)] == [2, 2, 1, 0]
    assert await count_staged_rows(database) == 0
