"""Import of submissions by codes: exported tables are stored once, completely or not at all, with errors by cell."""

import io
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import xlsxwriter
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.db import Database
from app.core.outbox import OutboxEntry, Relay
from app.documents.tables.reader import read_table
from app.documents.tables.writer import xlsx_bytes
from app.imports.events import ImportChecked
from app.imports.models import StagedRow
from app.organizations.models import Organization
from app.organizations.rules import OrganizationKind
from app.surveys import counter_repair, counters, importer
from app.surveys.events import SubmissionsImported
from app.surveys.models.counts import UncountedAnswer
from app.surveys.models.submissions import PreparedSubmission, SurveySubmission
from app.surveys.rules.counts import Span
from app.surveys.statutory_wording import load_order_form
from app.worker import HANDLERS
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.documents.test_tables import bomb, sparse
from tests.imports.factories import CSV, XLSX, table, upload, work_off
from tests.imports.factories import imported as _imported
from tests.surveys.factories import PATH, by_code, submit, subordinate
from tests.surveys.test_import_export import CODES, PAYLOADS, get_export

IMPORT = f"{PATH}/import"
ANSWERED = [code for code in CODES[3:] if not code.endswith("comment")]
HEADERS = ["12", "13", *ANSWERED, "23.2.comment"]


def cells(**more: Any) -> list[str]:
    """Return a valid row of a table with `HEADERS`."""
    known = by_code(**{"12": "50701000", "13": "2026-11-24"} | more)
    return [str(known.get(code, "")) for code in HEADERS]


def lines(count: int, **wrong: str) -> bytes:
    """Return a table of equal rows; `row_7="9"` makes 22.1 in row 7 invalid."""
    rows = [cells(**{"22.1": wrong.get(f"row_{number}", "1")}) for number in range(2, count + 2)]
    return table(HEADERS, *rows)


async def imported(
    api: Api, database: JoinedDatabase, people: People, content: bytes, kind: str = CSV, **query: Any
) -> dict[str, Any]:
    return await _imported(api, database, people.client_centricity, content, kind, path=IMPORT, **query)


async def stored(database: Database) -> list[SurveySubmission]:
    async with database.transaction(write=False) as session:
        return list((await session.exec(select(SurveySubmission).order_by(col(SurveySubmission.id)))).all())


async def count_rows(database: JoinedDatabase, kind: Any) -> int:
    async with database.transaction(write=False) as session:
        return (await session.exec(select(func.count()).select_from(kind))).one()


async def find_drifts(database: Database) -> list[Any]:
    """Return what a recount would repair, before and after folding."""
    async with database.transaction() as session:
        found = []
        for _ in range(2):
            for month in await counter_repair.load_months(session):
                found += [row for span in Span for row in await counter_repair.find_drift(session, month, span)]
            while await counters.fold(session):
                pass
        return found


def outcomes(report: Mapping[str, Any]) -> tuple[Any, ...]:
    return report["state"], report["created"], report["unchanged"], report["faults_total"]


@pytest.mark.order("A-1.fn", "A-1.23x", "A-1.11–13")
@pytest.mark.parametrize("format", ["csv", "xlsx"])
async def test_an_export_is_imported_with_the_same_codes(
    api: Api, people: People, database: JoinedDatabase, format: str
) -> None:
    for payload in PAYLOADS:
        answers = by_code(**{"12": "50701000", "13": "2026-11-24T09:00:00+07:00", "23.2.comment": payload})
        assert (await submit(api, answers)).status_code == 201
    assert (await submit(api, by_code())).status_code == 201, "without municipality and time"
    before = await get_export(api, people, format=format)
    async with database.transaction() as session:  # simulates another installation
        await session.exec(sa.delete(UncountedAnswer))
        await session.exec(sa.delete(SurveySubmission))
    report = await imported(api, database, people, before.content, XLSX if format == "xlsx" else CSV)
    assert outcomes(report) == ("done", len(PAYLOADS) + 1, 0, 0)
    after = await get_export(api, people, format=format)
    assert read_table(after.content) == read_table(before.content)
    items = (await api.get(PATH, headers=api.as_(people.client_centricity))).json()["items"]
    assert {item["source"] for item in items} == {"import"}
    assert {item["keyed_by"] for item in items} == {str(people.client_centricity.id)}
    assert {item["import_id"] for item in items} == {report["id"]}
    assert await find_drifts(database) == []


@pytest.mark.order("A-1.fn")
async def test_a_repeated_import_adds_nothing_and_equal_rows_are_kept(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    content = table(HEADERS, *[cells()] * 700, cells(**{"21": "2"}), *[cells()] * 2)
    for dry_run in (True, False):
        assert outcomes(await imported(api, database, people, content, dry_run=dry_run)) == ("done", 703, 0, 0)
    assert await count_rows(database, SurveySubmission) == 703
    # The same answers in another notation: a workbook, a name instead of the code, an offset, a dot after a code.
    other = ["городской округ город Новосибирск", "24.11.2026 0:00", *cells()[2:]]
    async with database.transaction() as session:
        named = (await session.exec(sa.text("SELECT name FROM municipalities WHERE oktmo = '50701000'"))).scalar_one()  # type: ignore[call-overload]
    other[0] = named
    headers = [f"{header}." for header in HEADERS]
    for again in (content, xlsx_bytes(headers, [other] * 702)):
        assert (await imported(api, database, people, again))["created"] == 0
    assert await count_rows(database, SurveySubmission) == 703
    more = table(HEADERS, *[cells()] * 705)
    for dry_run in (True, False):
        assert outcomes(await imported(api, database, people, more, dry_run=dry_run)) == ("done", 3, 702, 0)
    assert await find_drifts(database) == []
    async with database.transaction(write=False) as session:
        entries = await session.exec(select(OutboxEntry).where(OutboxEntry.event == SubmissionsImported.type))
        assert sorted(entry.payload["count"] for entry in entries) == [3, 703], (
            "an import that adds nothing emits no event"
        )


@pytest.mark.order("A-1.fn")
async def test_a_row_is_identified_by_its_external_id(api: Api, people: People, database: JoinedDatabase) -> None:
    headers = [*HEADERS, "external_id"]
    content = table(headers, [*cells(), "pos-1"], [*cells(), "pos-2"], [*cells(), ""])
    assert outcomes(await imported(api, database, people, content)) == ("done", 3, 0, 0)
    assert outcomes(await imported(api, database, people, content)) == ("done", 0, 3, 0)
    assert sorted(row.external_id or "" for row in await stored(database)) == ["", "pos-1", "pos-2"]
    wrong = table(
        headers,
        [*cells(**{"21": "2"}), "pos-1"],
        [*cells(), "pos-3"],
        [*cells(**{"21": "2"}), "pos-3"],
        [*cells(), "x" * 256],
        *[[*cells(), f"more-{n}"] for n in range(600)],
        [*cells(), "pos-3"],
    )
    report = await imported(api, database, people, wrong, partial=True)
    assert outcomes(report) == ("done", 601, 0, 4)
    assert [(f["cell"], f["code"]) for f in report["faults"]] == [
        ("M2", "external_id_conflict"),
        ("M4", "repeated_row"),
        ("M5", "external_id_malformed"),
        ("M606", "repeated_row"),
    ]


@pytest.mark.order("A-1.fn", "A-1.23x", "A-1.11–13")
async def test_every_invalid_cell_is_reported(api: Api, people: People, database: JoinedDatabase) -> None:
    headers = ["11", *HEADERS, "23.1.comment"]
    ahead = clock.today().replace(year=clock.today().year + 1).isoformat()
    rows: list[tuple[dict[str, str], dict[str, str]]] = [
        ({"21": "3", "22.1": "", "23.4": "четыре"}, {"21": "out_of_range", "22.1": "missing", "23.4": "int_type"}),
        ({"22.1": "1.5", "22.2": "-1", "22.3": "٣"}, dict.fromkeys(("22.1", "22.2", "22.3"), "int_type")),
        ({"12": "Атлантида", "13": "вчера"}, {"12": "municipality_not_in_force", "13": "datetime_parsing"}),
        ({"13": ahead}, {"13": "in_the_future"}),
        ({"13": "31.02.2026"}, {"13": "datetime_parsing"}),
        ({"13": "2024-02-14"}, {"13": "form_not_in_force"}),
        ({"11": "Другое министерство"}, {"11": "unknown_reference"}),
        ({"23.1.comment": "не нашёл"}, {"23.1.comment": "comment_not_asked"}),
        ({"23.2.comment": "x" * 4001}, {"23.2.comment": "string_too_long"}),
        ({"23.2.comment": "a\x07"}, {"23.2.comment": "control_characters"}),
        ({"12": "50608000"}, {"12": "municipality_not_in_force"}),  # abolished in 2025
    ]
    known = [by_code(**{"12": "50701000", "13": "2026-11-24"} | change) for change, _ in rows]
    content = table(headers, *[[str(row.get(code, "")) for code in headers] for row in known])
    report = await imported(api, database, people, content)
    assert (report["state"], report["created"]) == ("failed", 0)
    letters = dict(zip(headers, "ABCDEFGHIJKLMN", strict=True))
    expected = {(f"{letters[c]}{n}", code) for n, (_, faults) in enumerate(rows, 2) for c, code in faults.items()}
    assert {(fault["cell"], fault["code"]) for fault in report["faults"]} == expected
    assert all(fault["detail"] and fault["column"] in headers for fault in report["faults"])
    assert await count_rows(database, SurveySubmission) == 0 == await count_rows(database, PreparedSubmission)


@pytest.mark.order("A-1.fn")
async def test_strict_partial_and_dry_run_imports(api: Api, people: People, database: JoinedDatabase) -> None:
    content = lines(1200, row_2="9", row_777="", row_1201="x")
    report = await imported(api, database, people, content)
    assert outcomes(report) == ("failed", 0, 0, 3) and report["rows_done"] == 1200
    assert await count_rows(database, SurveySubmission) == 0
    dry = await imported(api, database, people, content, dry_run=True)
    assert outcomes(dry) == ("done", 1197, 0, 3)
    assert await count_rows(database, SurveySubmission) == 0
    assert outcomes(await imported(api, database, people, content, partial=True)) == ("done", 1197, 0, 3)
    corrected = await imported(api, database, people, lines(1200))
    assert outcomes(corrected) == ("done", 3, 1197, 0), "corrected rows are added, the others exist"
    assert await count_rows(database, StagedRow) == 0 == await count_rows(database, PreparedSubmission)
    assert await find_drifts(database) == []


class Killed(Exception):
    """The simulated crash of the worker."""


@pytest.mark.order("A-1.fn", "O-11")
async def test_an_import_resumes_after_a_crash_without_duplicates(
    api: Api, people: People, database: JoinedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "ADOPTED_AT_ONCE", 200)
    accepted = await upload(api, people.client_centricity, lines(700), path=IMPORT)
    assert accepted.status_code == 202, accepted.text

    async def fail_midway(session: AsyncSession, event: ImportChecked) -> None:
        for handler in HANDLERS[ImportChecked]:
            await handler(session, event)
        if event.after:
            raise Killed

    failing = Relay(database, {**HANDLERS, ImportChecked: [fail_midway]})
    while await failing.relay_batch():
        pass
    reader = api.as_(people.client_centricity)
    report = (await api.get(accepted.headers["location"], headers=reader)).json()
    assert (report["state"], report["created"], report["rows_done"]) == ("running", 200, 700)
    assert await count_rows(database, SurveySubmission) == 200 == await count_rows(database, UncountedAnswer)
    async with database.transaction() as session:
        await session.exec(sa.update(OutboxEntry).values(due_at=clock.now()))
    await work_off(database)
    report = (await api.get(accepted.headers["location"], headers=reader)).json()
    assert outcomes(report) == ("done", 700, 0, 0)
    assert await count_rows(database, SurveySubmission) == 700 == await count_rows(database, UncountedAnswer)
    assert await find_drifts(database) == []


@pytest.mark.order("A-1.fn")
async def test_concurrent_imports_of_one_table_store_it_once(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    """Both are checked before either is adopted: the unique identity decides, not the check."""
    accepted = [await upload(api, people.client_centricity, lines(20), path=IMPORT) for _ in range(2)]
    checking = Relay(database, {event: known for event, known in HANDLERS.items() if event is not ImportChecked})
    await checking.relay_batch()
    assert await count_rows(database, PreparedSubmission) == 40
    await work_off(database)
    reader = api.as_(people.client_centricity)
    reports = [(await api.get(one.headers["location"], headers=reader)).json() for one in accepted]
    assert sorted(outcomes(report) for report in reports) == [("done", 0, 20, 0), ("done", 20, 0, 0)]
    assert await count_rows(database, SurveySubmission) == 20
    assert await find_drifts(database) == []


@pytest.mark.order("O-2.2", "A-1")
async def test_rows_of_several_organizations_and_versions(api: Api, people: People, database: JoinedDatabase) -> None:
    async with database.transaction() as session:
        theirs = await subordinate(session)
    headers = ["11", *HEADERS]
    content = table(headers, ["", *cells()], ["institution", *cells()], [str(theirs), *cells()])
    assert outcomes(await imported(api, database, people, content)) == ("done", 3, 0, 0)
    assert [row.organization_id == theirs for row in await stored(database)] == [False, True, True]
    ours = await imported(api, database, people, lines(2), organization_id=str(theirs))
    assert outcomes(ours) == ("done", 0, 2, 0), "code 11 imported them before"
    other = await imported(api, database, people, content, organization_id=str(theirs), dry_run=True)
    assert outcomes(other) == ("done", 1, 2, 0), "the row without 11 belongs to the given organization"
    mixed = table(headers, [OrganizationKind.MINISTRY.value, *cells()])
    refused = await imported(api, database, people, mixed, organization_id=str(theirs))
    assert [fault["cell"] for fault in refused["faults"]] == ["A2"]


@pytest.mark.order("O-2.2", "A-1")
async def test_an_ambiguous_organization_name_is_refused(api: Api, people: People, database: JoinedDatabase) -> None:
    async with database.transaction() as session:
        theirs = await subordinate(session)
        for key, name in (("twin", "Учреждение"), ("odd", str(theirs)), ("odder", "institution")):
            session.add(Organization(key=key, kind=OrganizationKind.SUBORDINATE, name=name))
    content = table(["11", *HEADERS], *([name, *cells()] for name in ("Учреждение", "institution", str(theirs), "odd")))
    report = await imported(api, database, people, content, partial=True)
    assert [(fault["cell"], fault["code"]) for fault in report["faults"]] == [("A2", "unknown_reference")]
    assert [row.organization_id == theirs for row in await stored(database)] == [True, True, False]


@pytest.mark.parametrize(
    ("headers", "codes"),
    [
        (["21", "22.1"], {"missing_column"}),
        ([*HEADERS, "23.9"], {"unknown_column"}),
        ([*HEADERS, "satisfaction"], {"unknown_column"}),
        ([*HEADERS, "21."], {"repeated_header"}),
    ],
)
async def test_invalid_headers_are_refused_at_upload(
    api: Api, people: People, database: JoinedDatabase, headers: list[str], codes: set[str]
) -> None:
    refused = await upload(api, people.client_centricity, table(headers, ["1"] * len(headers)), path=IMPORT)
    assert refused.status_code == 422
    assert {error["code"] for error in refused.json()["errors"]} == codes
    assert await count_rows(database, StagedRow) == 0


async def test_parameters_are_validated_before_the_file_is_read(api: Api, people: People) -> None:
    for query in ({"form": "another"}, {"organization_id": "00000000-0000-0000-0000-000000000005"}, {"form": "A"}):
        refused = await upload(api, people.client_centricity, b"", path=IMPORT, **query)
        assert refused.status_code == 422, query
        assert refused.json()["errors"][0]["pointer"].strip("/") == next(iter(query))
    for stranger in (people.admin, people.operator, people.unit_head, people.press, people.integration):
        assert (await upload(api, stranger, b"", path=IMPORT)).status_code == 403
    headers = {"Content-Type": CSV, "Idempotency-Key": "x"}
    assert (await api.post(IMPORT, headers=headers, content=b"")).status_code == 401


SAMPLE = Path(__file__).resolve().parents[2] / "docs" / "exchange-sample.csv"


@pytest.mark.order("A-1.fn")
async def test_the_sample_in_the_documentation_is_imported(api: Api, people: People, database: JoinedDatabase) -> None:
    content = SAMPLE.read_bytes()
    assert outcomes(await imported(api, database, people, content)) == ("done", 5, 0, 0)
    assert outcomes(await imported(api, database, people, content)) == ("done", 0, 5, 0)
    assert set(read_table(content).headers) == {*CODES, "external_id"}, "the sample has every column"
    comments = {row.external_id: row.answers["comments"] for row in await stored(database)}
    assert comments["pos-000003"] == {"vk": "=сайт не открывается", "ok": "не вижу даты приёма"}


@pytest.mark.order("A-1.fn", "A-1")
def test_the_documentation_lists_every_code_with_its_wording() -> None:
    page = SAMPLE.with_name("exchange.md").read_text(encoding="utf-8")
    rows = {
        code: line
        for line in page.splitlines()
        for cell in line.split("|")[1:2]
        for code in re.findall(r"`([\d.]+(?:comment)?)`", cell)
    }
    assert sorted(rows) == sorted(CODES)
    form = load_order_form()
    for source in form["sources"]:
        assert all(source["text"] in rows[f"{code}.{source['suffix']}"] for code in ("22", "23"))
    for question in (question for block in form["blocks"] for question in block["questions"]):
        for option in question.get("options", []):
            assert f"`{option['value']}` {option['text']}" in page
    assert SAMPLE.name in page


@pytest.mark.order("A-1.fn")
async def test_files_of_other_programs_are_imported(api: Api, people: People, database: JoinedDatabase) -> None:
    """cp1251 and `,` as older programs write them; typed cells as a spreadsheet writes them."""
    old = ",".join(HEADERS) + "\n" + ",".join(cells(**{"23.2.comment": "не нашёл №"}))
    assert outcomes(await imported(api, database, people, old.encode("cp1251"))) == ("done", 1, 0, 0)
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    page = book.add_worksheet()
    day = book.add_format({"num_format": "dd.mm.yyyy"})
    for column, (code, text) in enumerate(zip(HEADERS, cells(**{"23.2.comment": "=1+1"}), strict=True)):
        page.write_string(0, column, code)
        if code == "13":
            page.write_datetime(1, column, datetime(2026, 11, 24), day)
        elif code == "22.1":
            page.write_formula(1, column, "=1+1", None, 2)
        elif code in ANSWERED:
            page.write_number(1, column, float(text))
        else:
            page.write_string(1, column, text)
    book.close()
    assert outcomes(await imported(api, database, people, out.getvalue(), XLSX)) == ("done", 1, 0, 0)
    first, second = await stored(database)
    assert first.answers["comments"] == {"telegram": "не нашёл №"}
    assert (second.filled_at, second.answers["source_usage"]["official_site"]) == (first.filled_at, 2)
    assert second.answers["comments"] == {"telegram": "=1+1"}


@pytest.mark.parametrize(
    ("make", "kind", "reason"),
    [
        (sparse, XLSX, "too_large"),
        (bomb, XLSX, "too_large"),
        (lambda: b"MZ\x90\x00" + bytes(5000), XLSX, "not_xlsx"),
        (lambda: b"MZ\x90\x00" + bytes(5000), "application/octet-stream", "not_text"),
        (lambda: lines(2).replace(b"\r\n", b"\0", 1), CSV, "not_text"),
        (lambda: lines(2) + b"x" * 300_000, CSV, "line_too_long"),
        (lambda: table(HEADERS, *[cells()] * 50_001), CSV, "too_many_rows"),
    ],
    ids=["sparse", "bomb", "renamed", "renamed as a stream", "nul", "long", "rows"],
)
async def test_malicious_files_are_refused_at_upload(
    api: Api, people: People, database: JoinedDatabase, make: Callable[[], bytes], kind: str, reason: str
) -> None:
    refused = await upload(api, people.client_centricity, make(), kind, path=IMPORT)
    assert (refused.status_code, refused.json()["code"]) == (422, "table_unreadable")
    assert [error["code"] for error in refused.json()["errors"]] == [reason]
    assert await count_rows(database, StagedRow) == 0
