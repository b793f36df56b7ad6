"""Import and export of knowledge bases (O-6.2.6)."""

import csv
import io
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
import xlsxwriter

from app.core.security import Principal
from app.documents.tables.reader import read_table
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.imports.factories import CSV, XLSX, imported, table, upload
from tests.reply_templates.factories import PATH, act, make, published

IMPORT = f"{PATH}/import"
HEADERS = ("key", "title", "text", "keywords")


async def run_import(
    api: Api, database: JoinedDatabase, by: Principal, content: bytes, kind: str = CSV, **query: Any
) -> dict[str, Any]:
    return await imported(api, database, by, content, kind, path=IMPORT, **query)


def workbook(rows: Sequence[Sequence[str | int]]) -> bytes:
    """Build a workbook with text cells and number cells."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return content.getvalue()


async def get_by_key(api: Api, by: Principal, key: str) -> dict[str, Any]:
    items = (await api.get(PATH, params={"key": key}, headers=api.as_(by))).json()["items"]
    assert len(items) == 1
    found: dict[str, Any] = items[0]
    return found


async def run_export(api: Api, by: Principal, **query: Any) -> httpx.Response:
    answer = await api.get(f"{PATH}/export", params=query, headers=api.as_(by))
    assert answer.status_code == 200, answer.text
    return answer


@pytest.mark.order("O-6.2.6")
async def test_rows_create_drafts_and_new_draft_versions(api: Api, people: People, database: JoinedDatabase) -> None:
    made = await published(api, people)
    content = table(
        HEADERS,
        ["novyi", "Новый", "Здравствуйте, {имя}!", "заём; займ"],
        ["ezhevika", "Ежевика", "Иначе, {имя}.", "ёжик"],
    )
    dry = await run_import(api, database, people.unit_head, content, dry_run=True)
    assert (dry["state"], dry["created"], dry["changed"], dry["unchanged"]) == ("done", 1, 1, 0)
    assert (await get_by_key(api, people.operator, "ezhevika"))["version"] == 1
    report = await run_import(api, database, people.unit_head, content)
    assert (report["state"], report["created"], report["changed"], report["faults"]) == ("done", 1, 1, [])
    new, old = await get_by_key(api, people.operator, "novyi"), await get_by_key(api, people.operator, "ezhevika")
    assert (new["state"], new["keywords"], new["published_version"]) == ("draft", ["заём", "займ"], None)
    assert (old["state"], old["version"], old["published_version"]) == ("draft", 2, 1)
    assert (old["text"], old["examples"]) == (
        "Иначе, {имя}.",
        ["Что едят ежи?"],
    )  # an omitted column keeps its value
    refused = await act(api, people.unit_head, made, "publish")
    assert refused.json()["code"] == "four_eyes"  # the importing employee is the author
    again = await run_import(api, database, people.unit_head, content)
    assert (again["created"], again["changed"], again["unchanged"]) == (0, 0, 2)
    assert (await get_by_key(api, people.operator, "ezhevika"))["updated_at"] == old["updated_at"]


@pytest.mark.order("O-6.2.6")
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_importing_an_export_changes_nothing(
    api: Api, people: People, database: JoinedDatabase, kind: str
) -> None:
    unit = f"/api/v1/units/{people.operator.unit_id}/topics"
    topic = (await api.get(unit, headers=api.as_(people.operator))).json()["items"][0]["id"]
    await make(
        api,
        people,
        title="=1+1",
        text="=Здравствуйте,\r\n{имя}!\n\t'\"; \\n 👩‍👩‍👧",
        keywords=["a;b"],
        examples=["Две\nстроки", "@кто", "\\"],
        topic_ids=[topic],
        defaults={"телефон": "+7 383 238-67-00", "имя": "коллега"},
        shared_unit_ids=[str(people.other_operator.unit_id)],
        review_days=30,
    )
    answer = await run_export(api, people.operator, format=kind)
    assert f"reply-templates.{kind}" in answer.headers["content-disposition"]
    report = await run_import(api, database, people.operator, answer.content, XLSX if kind == "xlsx" else CSV)
    assert (report["state"], report["faults"], report["created"], report["changed"]) == ("done", [], 0, 0)
    assert report["unchanged"] == report["rows_total"] > 10
    if kind == "csv":
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
        assert [cell for row in rows for cell in row if cell[:1] in tuple("=+@-\t\r")] == []


async def test_an_export_has_only_visible_templates(api: Api, people: People) -> None:
    await make(api, people)
    shared = await published(api, people, key="malina", shared_unit_ids=[str(people.other_operator.unit_id)])
    own = read_table((await run_export(api, people.operator, format="csv")).content)
    assert {"ezhevika", "malina"} <= {row[1] for _, row in own.rows}
    first = str(people.operator.unit_id)
    foreign = read_table((await run_export(api, people.other_operator, unit_id=first)).content)
    assert [row[1] for _, row in foreign.rows] == ["malina"]
    await act(api, people.unit_head, shared, "archive")
    assert "malina" not in (await run_export(api, people.other_operator, unit_id=first)).text
    assert "malina" not in (await run_export(api, people.other_operator)).text
    archived = read_table((await run_export(api, people.operator, state="archived")).content)
    assert [row[1] for _, row in archived.rows] == ["malina"]


@pytest.mark.parametrize(
    ("change", "column", "code"),
    [
        ({"key": "Ёж"}, "key", "string_pattern_mismatch"),
        ({"key": ""}, "key", "missing"),
        ({"title": ""}, "title", "missing"),
        ({"title": " с пробелом"}, "title", "string_pattern_mismatch"),
        ({"text": "Привет, {0.__class__}"}, "text", "unknown_placeholder"),
        ({"text": "{{7*7}}"}, "text", "unknown_placeholder"),
        ({"text": "x" * 10_001}, "text", "string_too_long"),
        ({"keywords": "x" * 101}, "keywords", "string_too_long"),
        ({"topics": "Нет такой"}, "topics", "unknown_reference"),
        ({"shared_with": "Нет такого"}, "shared_with", "unknown_reference"),
        ({"shared_with": "Отдел поддержки предпринимательства"}, "shared_with", "unknown_reference"),
        ({"defaults": "телефон"}, "defaults", "default_form"),
        ({"defaults": "телефон: звоните"}, "defaults", "not_a_phone"),
        ({"defaults": "кличка: Ёж"}, "defaults", "unknown_placeholder"),
        ({"review_days": "полгода"}, "review_days", "int_parsing"),
        ({"review_days": "0"}, "review_days", "greater_than_equal"),
        ({"review_days": "9" * 5000}, "review_days", "int_parsing"),
        ({"unit": "Чужой отдел"}, "unit", "unknown_reference"),
    ],
)
async def test_invalid_cells_are_reported(
    api: Api, people: People, database: JoinedDatabase, change: dict[str, str], column: str, code: str
) -> None:
    row = {"key": "a", "title": "Заголовок", "text": "Текст", "keywords": ""} | change
    content = table([*row], [*row.values()], ["b", "Хороший", "Текст", ""])
    report = await run_import(api, database, people.operator, content)
    assert (report["state"], report["created"]) == ("failed", 0)
    fault = report["faults"][0]
    assert (fault["row"], fault["column"], fault["code"]) == (2, column, code), report["faults"]
    assert fault["cell"] == f"{'ABCDEFG'[list(row).index(column)]}2"
    partial = await run_import(api, database, people.operator, content, partial=True)
    assert (partial["state"], partial["created"], partial["faults_total"]) == ("done", 1, report["faults_total"])


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_all_invalid_cells_of_a_row_are_reported_together(
    api: Api, people: People, database: JoinedDatabase, kind: str
) -> None:
    row = {
        "unit": "Чужой отдел",
        "key": "Ёж",
        "title": " с пробелом",
        "text": "Привет, {кличка}!",
        "keywords": "x" * 101,
        "topics": "Нет такой",
        "defaults": "телефон: звоните",
        "shared_with": "Нет такого",
        "review_days": "полгода",
    }
    content = table([*row], [*row.values()]) if kind == "csv" else workbook([[*row], [*row.values()]])
    report = await run_import(api, database, people.operator, content, CSV if kind == "csv" else XLSX, dry_run=True)
    assert {fault["column"] for fault in report["faults"]} == set(row), report["faults"]
    assert len(report["faults"]) == len(row), "each is reported once"


async def test_number_cells_of_a_workbook_are_read_as_displayed(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    content = workbook([["key", "title", "text", "review_days"], ["god", 2026, "Итоги года.", 30]])
    assert (await run_import(api, database, people.operator, content, XLSX))["created"] == 1
    made = await get_by_key(api, people.operator, "god")
    assert (made["title"], made["review_days"]) == ("2026", 30)


async def test_repeated_keys_archived_templates_and_unknown_headers_are_rejected(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    made = await published(api, people)
    await act(api, people.unit_head, made, "archive")
    content = table(HEADERS, ["ezhevika", "Иначе", "Текст", ""], ["a", "А", "Текст", ""], ["a", "Б", "Текст", ""])
    report = await run_import(api, database, people.operator, content)
    assert [(fault["row"], fault["code"]) for fault in report["faults"]] == [
        (2, "move_not_allowed"),
        (4, "repeated_row"),
    ]
    wrong = await upload(api, people.operator, table(["key", "title", "кот"], ["a", "b", "c"]), path=IMPORT)
    assert [(fault["pointer"], fault["code"]) for fault in wrong.json()["errors"]] == [
        ("/кот", "unknown_column"),
        ("/text", "missing_column"),
    ]


async def test_an_import_does_not_change_another_units_template(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    existing = await published(api, people, shared_unit_ids=[str(people.other_operator.unit_id)])
    report = await run_import(api, database, people.other_operator, table(HEADERS, ["ezhevika", "Чужая", "Текст", ""]))
    assert report["created"] == 1
    unchanged = await api.get(f"{PATH}/{existing.json()['id']}", headers=api.as_(people.operator))
    assert (unchanged.json()["title"], unchanged.json()["version"]) == ("Ежевика", 1)


async def test_converted_line_breaks_are_not_a_change(api: Api, people: People, database: JoinedDatabase) -> None:
    await make(api, people, text="Здравствуйте!\r\nЧем помочь?")
    content = table(HEADERS, ["ezhevika", "Ежевика", "Здравствуйте!\nЧем помочь?", "ёжик"])
    assert (await run_import(api, database, people.operator, content))["unchanged"] == 1
