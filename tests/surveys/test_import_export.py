"""Export of submissions by the codes of the form (A-1.fn), parsed as another program would."""

import csv
import io
import json
import zipfile
from datetime import date
from typing import Any

import pytest
from sqlmodel import select

from app.documents.tables.reader import read_table
from app.surveys import export
from app.surveys.models.forms import SurveyForm
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.imports.factories import upload
from tests.surveys.factories import PATH, by_code, by_key, submit, subordinate
from tests.surveys.test_forms import drafted

CODES = ["11", "12", "13", "21"]
CODES += [f"{code}.{n}{end}" for code, end in (("22", ""), ("23", ""), ("23", ".comment")) for n in range(1, 5)]
PAYLOADS = ["=1+1", "+1", "-1", "@SUM(A1)", "'x", "\tx", "\rx", '";=cmd', "＝1+1", "=cmd|' /C calc'!A0", "a;b\r\nc"]


async def get_export(api: Api, people: People, **query: Any) -> Any:
    answer = await api.get(f"{PATH}/export", params=query, headers=api.as_(people.client_centricity))
    assert answer.status_code == 200, answer.text
    return answer


@pytest.mark.order("A-1.fn", "A-1.23x")
async def test_a_table_by_codes_as_csv_xlsx_and_jsonl(api: Api, people: People) -> None:
    submissions = []
    for payload in PAYLOADS:
        answers = by_code(**{"12": "50701000", "13": "2026-11-24T09:00:00+07:00", "23.2.comment": payload})
        created = await submit(api, answers)
        assert created.status_code == 201, created.text
        submissions.append(created.json())
    csv_ = await get_export(api, people)
    assert csv_.headers["content-type"] == "text/csv; charset=utf-8" and csv_.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(csv_.content.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert rows[0] == CODES
    records = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    assert [row["23.2.comment"] for row in records] == [f"'{p}" if p[0] in "=+-@'\t\r" else p for p in PAYLOADS]
    expected = [
        {code: "" if (v := one["codes"].get(code)) is None else str(v) for code in CODES} for one in submissions
    ]
    for one in (csv_, await get_export(api, people, format="xlsx")):
        table = read_table(one.content)
        assert table.headers == CODES
        assert [dict(zip(CODES, cells, strict=True)) for _, cells in table.rows] == expected
    book = zipfile.ZipFile(io.BytesIO(one.content))
    cells = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in cells and "<v>" not in cells, "all cells are strings"
    lines = (await get_export(api, people, format="jsonl", **{"from": "2026-11-24"})).text
    assert [json.loads(line) for line in lines.split("\n")[:-1]] == submissions


async def test_a_missing_answer_is_an_empty_cell(api: Api, people: People) -> None:
    created = (await submit(api, by_key(comments={}))).json()
    row = read_table((await get_export(api, people)).content).rows[0][1]
    assert row[:4] == [created["organization_id"], "", "", "1"] and row[-4:] == ["", "", "", ""]


@pytest.mark.order("A-1.fn", "A-1", "O-2.2")
async def test_filters_and_columns_of_all_versions(api: Api, people: People, database: JoinedDatabase) -> None:
    async with database.transaction() as session:
        theirs = await subordinate(session)
        first = (await session.exec(select(SurveyForm))).one()
        form = first.definition["form"]
        sources = [*form["sources"], *({"suffix": n, "key": f"own-{n}", "text": f"Свой {n}"} for n in (10, 5))]
        data = first.model_dump(exclude={"id", "version"}) | {"form_version": 2, "organization_id": theirs}
        data |= {"valid_from": date(2026, 1, 1), "definition": {"form": form | {"version": 2, "sources": sources}}}
        session.add(SurveyForm(**data))
    own = {f"{code}.{n}": 1 for code in ("22", "23") for n in (5, 10)} | {"23.10.comment": "нет", "23.5.comment": "да"}
    ids = [
        (await submit(api, by_code(), filled_at="2026-11-01T00:00:00+07:00")).json()["id"],
        (await submit(api, by_code(**own), organization_id=str(theirs))).json()["id"],
    ]
    platform = api.as_(people.integration)
    created = await submit(api, by_code(), platform | {"Idempotency-Key": "1"})
    ids.append(created.json()["id"])

    async def found(**query: Any) -> list[int]:
        lines = (await get_export(api, people, format="jsonl", **query)).text.splitlines()
        return [ids.index(json.loads(line)["id"]) for line in lines]

    assert await found() == [0, 1, 2]
    assert await found(**{"from": "2026-11-01", "to": "2026-11-01"}) == [0]
    assert await found(source="feedback_platform") == [2]
    assert await found(organization_id=str(theirs)) == [1] == await found(version=2)
    assert await found(form="another") == []
    headers = read_table((await get_export(api, people)).content).headers
    assert headers[3:10] == ["21", "22.1", "22.2", "22.3", "22.4", "22.5", "22.10"]
    assert headers[-2:] == ["23.5.comment", "23.10.comment"]
    lines = (await api.get(f"{PATH}/export", params={"format": "jsonl"}, headers=platform)).text.splitlines()
    assert [json.loads(line)["id"] for line in lines] == [ids[2]], "an API client gets only its own submissions"


@pytest.mark.order("A-1.fn", "A-1")
async def test_a_draft_has_no_columns(api: Api, people: People) -> None:
    await submit(api, by_code())
    await drafted(api, people)
    exported = await get_export(api, people)
    assert read_table(exported.content).headers == CODES
    assert (await upload(api, people.client_centricity, exported.content, path=f"{PATH}/import")).status_code == 202


async def test_pages_are_joined_without_gaps(api: Api, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "PAGE", 2)
    created = [(await submit(api, by_code())).json()["id"] for _ in range(5)]
    for count in (5, 6):  # also with a full last page
        lines = (await get_export(api, people, format="jsonl")).text.splitlines()
        assert [json.loads(line)["id"] for line in lines] == created, count
        created.append((await submit(api, by_code())).json()["id"])


async def test_xlsx_export_over_the_limit_is_refused_and_csv_is_not(
    api: Api, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "MAX_XLSX_ROWS", 2)
    for _ in range(2):
        await submit(api, by_code())
    await get_export(api, people, format="xlsx")
    await submit(api, by_code())
    reader = api.as_(people.client_centricity)
    refused = await api.get(f"{PATH}/export", params={"format": "xlsx"}, headers=reader)
    assert (refused.status_code, refused.json()["code"]) == (422, "too_many_for_sheet")
    assert len(read_table((await get_export(api, people)).content).rows) == 3


async def test_invalid_filters_and_unauthorized_callers_are_refused(api: Api, people: People) -> None:
    reader = api.as_(people.client_centricity)
    for query in ({"format": "pdf"}, {"source": "pigeon"}, {"from": "2026-11-02", "to": "2026-11-01"}, {"version": -1}):
        assert (await api.get(f"{PATH}/export", params=query, headers=reader)).status_code == 422, query
    for stranger in (people.operator, people.unit_head, people.admin, people.press):
        assert (await api.get(f"{PATH}/export", headers=api.as_(stranger))).status_code == 403
    assert (await api.get(f"{PATH}/export")).status_code == 401
