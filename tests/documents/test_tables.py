"""Tables: spreadsheets are read, harmful files are rejected, text stays text (C5, bonus 11)."""

import csv
import datetime
import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from app.documents.tables import reader, xlsx_reader
from app.documents.tables.reader import TableUnreadable, read_table
from app.documents.tables.writer import csv_lines, csv_start, xlsx_bytes
from tests.documents.hostile_xlsx import cell, row, shared, workbook

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "'quoted", "\tx", "\rx", "=cmd|' /C calc'!A0", "'=x", "''"]
WORDS = "имя;город\r\nАнна;Бердск\r\n"


def refusal(content: bytes, says_xlsx: bool = False) -> str:
    with pytest.raises(TableUnreadable) as refused:
        read_table(content, says_xlsx)
    return refused.value.reason


@pytest.mark.parametrize(
    "content",
    [
        WORDS.encode(),
        b"\xef\xbb\xbf" + WORDS.encode(),
        WORDS.encode("cp1251"),
        WORDS.replace(";", ",").encode(),
        WORDS.replace(";", "\t").encode("cp1251"),
        WORDS.replace("\r\n", "\n").strip().encode(),
        '"имя";\'город\r\n"Анна";"Бердск"\r\n'.replace("'", "").encode(),
        xlsx_bytes(["имя", "город"], [["Анна", "Бердск"]]),
    ],
    ids=["utf-8", "bom", "cp1251", "comma", "tab", "lf", "quoted", "xlsx"],
)
def test_the_same_table_in_several_formats(content: bytes) -> None:
    table = read_table(content)
    assert (table.headers, table.rows) == (["имя", "город"], [(2, ["Анна", "Бердск"])])


def test_rows_have_their_numbers_in_the_spreadsheet() -> None:
    text = 'a;b\r\n"line\r\nbreak; and ""quotes""";1\r\n;\r\n\r\nx\r\n'
    assert read_table(text.encode()).rows == [(2, ['line\r\nbreak; and "quotes"', "1"]), (5, ["x", ""])]
    book = workbook(row(1, cell("A1", "a"), cell("B1", "b")) + row(4, cell("B4", "x")))
    assert read_table(book).rows == [(4, ["", "x"])]


def test_a_delimiter_inside_quotes_is_ignored() -> None:
    assert read_table(b'"a;b;c",d\n1,2\n').headers == ["a;b;c", "d"]


def test_line_separators_of_unicode_are_part_of_the_text() -> None:
    assert read_table("a;b\nx\u2028y\x0cz\x85;1\n".encode()).rows == [(2, ["x\u2028y\x0cz\x85", "1"])]


def test_numbers_and_dates_of_a_spreadsheet_become_plain_strings() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "dd.mm.yyyy"})
        moment = book.add_format({"num_format": "dd.mm.yyyy hh:mm"})
        sheet.write_row(0, 0, ["a", "b", "c", "d", "e", "f"])
        sheet.write(1, 0, 5.0)
        sheet.write(1, 1, 0.25)
        sheet.write(1, 2, True)
        sheet.write_datetime(1, 3, datetime.datetime(2026, 1, 2), day)
        sheet.write_datetime(1, 4, datetime.datetime(2026, 1, 2, 3, 4), moment)
        sheet.write(1, 5, 50701000)
    expected = ["5", "0.25", "true", "2026-01-02", "2026-01-02T03:04:00", "50701000"]
    assert read_table(out.getvalue()).rows == [(2, expected)]


@pytest.mark.parametrize("text", FORMULAS)
def test_text_that_looks_like_a_formula_survives_export_and_import(text: str) -> None:
    made = csv_start(["a"]) + csv_lines([[text]])
    cell_text = list(csv.reader(io.StringIO(made.decode("utf-8-sig"), newline=""), delimiter=";"))[1][0]
    assert cell_text == f"'{text}"
    assert read_table(made).rows == [(2, [text])]
    book = xlsx_bytes(["a"], [[text]])
    assert read_table(book).rows == [(2, [text])], "a string without an apostrophe"


def test_a_workbook_contains_strings_only() -> None:
    book = xlsx_bytes(["a"], [[text] for text in [*FORMULAS, "5", "https://example.org"]])
    sheet = zipfile.ZipFile(io.BytesIO(book)).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet and "hyperlink" not in sheet and sheet.count('t="inlineStr"') == 13
    assert zipfile.ZipFile(io.BytesIO(book)).read("xl/workbook.xml").count(b"<sheet ") == 1


def test_characters_forbidden_in_xlsx_are_removed() -> None:
    book = xlsx_bytes(["a", "b"], [["x\x00\x08\x1f\ud800\uffffy", "q" * 40_000]])
    assert read_table(book).rows == [(2, ["xy", "q" * 32_766 + "…"])]


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)))
def test_csv_survives_export_and_import(texts: list[str]) -> None:
    made = csv_start(["a", "b"]) + csv_lines([["x", text] for text in [*texts, "last"]])
    assert [cells for _, cells in read_table(made).rows] == [["x", text] for text in [*texts, "last"]]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\r\n \r\n", "empty"),
        (b"a;b\r\n", "no_rows"),
        (b"\r\na;b\r\n1;2\r\n", "no_headers"),
        (b"a;;c\r\n1;2;3\r\n", "no_headers"),
        (b"a;a\r\n1;2\r\n", "repeated_header"),
        (b"a" * 101 + b"\r\n1\r\n", "header_too_long"),
        (b"a;b\r\n1;2;3\r\n", "too_many_cells"),
        (b"MZ\x90\x00" + bytes(200), "not_text"),
        ("a;b\r\n1;2\r\n".encode("utf-16"), "not_text"),
        (b"a\r\n\x98\xff\r\n", "not_text"),
        (b'a;b\r\n"x"y;1\r\n', "broken_quotes"),
        (b'a;b\r\n"x;1\r\n', "broken_quotes"),
        (b"a;b\r\n" + b"x" * 5_000_000 + b";1\r\n", "line_too_long"),
        (b'a;b\r\n"' + b"x\r\n" * 100_000 + b'";1\r\n', "line_too_long"),
        (b";".join(b"%d" % n for n in range(201)) + b"\r\n1\r\n", "too_many_columns"),
        (b"a\r\n" + b"x\r\n" * 50_001, "too_many_rows"),
        (b"PK\x03\x04" + b"x" * 300, "not_xlsx"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_unreadable_files_are_rejected_with_a_reason(content: bytes, reason: str) -> None:
    assert refusal(content) == reason


def test_a_renamed_program_is_not_a_workbook() -> None:
    assert refusal(b"MZ\x90\x00" + bytes(5000), says_xlsx=True) == "not_xlsx"


def sparse() -> bytes:
    return workbook(row(1, cell("A1", "a"), cell("XFD1", "b")) + row(1_048_576, cell("XFD1048576", "x")))


def bomb() -> bytes:
    return workbook(row(1, cell("A1", "a")), shared_string="x" * 260_000_000)


def one_string_everywhere() -> bytes:
    cells = (row(n, *[shared(f"{letter}{n}") for letter in "ABCDEFGHIJ"]) for n in range(1, 120))
    return workbook("".join(cells), shared_string="x" * 30_000)  # 36 MB: fits into memory, but the result is too large


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (sparse, "too_large"),
        (bomb, "too_large"),
        (one_string_everywhere, "too_large"),
        (lambda: workbook(row(1, cell("A1", "a")) + row(1_048_576, cell("A1048576", "x"))), "too_many_rows"),
        (lambda: workbook(row(1, cell("A1", "a")) + row(50_002, cell("A50002", "x"))), "too_many_rows"),
        (lambda: workbook(row(1, cell("A1", "a"), cell("XFD1", "b"))), "too_many_columns"),
        (lambda: workbook(row(1, cell("A1", "a")) + row(2, cell("A2", "x")), sheets=2), "too_many_sheets"),
        (lambda: workbook(row(1, cell("A1", "a")) + row(2, cell("A2", "x_x0000_y"))), "nul"),
    ],
    ids=["sparse", "bomb", "one string everywhere", "tall", "rows", "wide", "sheets", "nul"],
)
def test_hostile_workbooks_are_small_and_rejected(make: Callable[[], bytes], reason: str) -> None:
    content = make()
    assert len(content) < 2_000_000
    assert refusal(content) == reason


def test_the_reader_cannot_exceed_its_memory_limit() -> None:
    greedy = (
        "import runpy, sys; reader = runpy.run_path(sys.argv[1]); reader['limit_resources']()\n"
        "try: bytearray(reader['MEMORY_BYTES'])\n"
        "except MemoryError: print('bounded')"
    )
    command = [sys.executable, "-c", greedy, xlsx_reader.__file__]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "bounded"


def test_a_reader_that_exceeds_its_time_is_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stuck = tmp_path / "stuck.py"
    stuck.write_text("import time\nwhile True: time.sleep(1)\n")
    monkeypatch.setattr(reader, "XLSX_READER", stuck)
    monkeypatch.setattr(reader, "READING_SECONDS", 0.2)
    assert refusal(xlsx_bytes(["a"], [["x"]])) == "too_large"


def test_a_full_table_is_read() -> None:
    rows = [[f"значение {number}", "б"] for number in range(50_000)]
    assert len(read_table(csv_start(["a", "b"]) + csv_lines(rows)).rows) == 50_000
    table = read_table(xlsx_bytes(["a", "b"], rows))
    assert len(table.rows) == 50_000 and table.rows[-1] == (50_001, ["значение 49999", "б"])
