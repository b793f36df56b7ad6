"""Reader of CSV and XLSX files into rows of strings, within limits; unclear files are rejected with a reason."""

import asyncio
import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.core.problems import FieldError, ValidationFailed

MAX_ROWS = 50_000
MAX_COLUMNS = 200
MAX_LINE = 262_144
MAX_CHARACTERS = 32 * 1024 * 1024
READING_SECONDS = 20
XLSX_READER = Path(__file__).with_name("xlsx_reader.py")

DELIMITERS = (";", ",", "\t")
QUOTED_BEFORE = frozenset("=+-@'\t\r")
"""Leading characters that exported CSV prefixes with an apostrophe, so that spreadsheets read no formula."""

_ZIP = b"PK\x03\x04"
_READERS = ThreadPoolExecutor(2, "tables")
"""A process reads two files at a time: each may use a processor and half a gigabyte."""

_REASONS = {
    "empty": ("Файл пуст.", "The file is empty."),
    "no_rows": ("В таблице нет строк под заголовками.", "The table has no rows below its headers."),
    "no_headers": ("В первой строке нет заголовков.", "The first row has no headers."),
    "repeated_header": ("Заголовок столбца повторяется.", "A column header is repeated."),
    "header_too_long": ("Заголовок длиннее 100 знаков.", "A header is longer than 100 characters."),
    "not_text": (
        "Это не CSV: файл двоичный или в неизвестной кодировке.",
        "The file is not CSV: binary or unknown encoding.",
    ),
    "line_too_long": ("Слишком длинная строка или ячейка CSV.", "A line or a cell of the CSV file is too long."),
    "broken_quotes": ("Кавычки в CSV расставлены неверно.", "The quotes in the CSV file are unbalanced."),
    "too_many_rows": (f"Строк больше {MAX_ROWS}.", f"The table has more than {MAX_ROWS} rows."),
    "too_many_columns": (f"Столбцов больше {MAX_COLUMNS}.", f"The table has more than {MAX_COLUMNS} columns."),
    "too_many_cells": ("В строке больше ячеек, чем заголовков.", "A row has more cells than the header row."),
    "not_xlsx": ("Файл не является книгой XLSX.", "The file is not an XLSX workbook."),
    "no_sheet": ("В книге нет видимого листа.", "The workbook has no visible sheet."),
    "too_many_sheets": (
        "В книге несколько видимых листов: оставьте один.",
        "The workbook has several visible sheets; keep one.",
    ),
    "nul": ("В ячейке есть нулевой символ.", "A cell contains a NUL character."),
    "too_large": ("Таблица слишком велика, чтобы её прочитать.", "The table is too large to read."),
}


class TableUnreadable(ValidationFailed):
    """The uploaded file is not a readable table; the code of the field error gives the reason."""

    code = "table_unreadable"
    title_ru, title_en = "Таблицу не удалось прочитать", "The table could not be read"
    detail_ru, detail_en = (
        "Загрузите файл «CSV» (в кодировке «UTF-8» или «Windows-1251») или «XLSX».",
        "Upload CSV (UTF-8, Windows-1251) or XLSX.",
    )

    def __init__(self, reason: str) -> None:
        ru, en = _REASONS[reason]
        super().__init__(ru, en, field_errors=[FieldError("", reason, ru, en)])
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ParsedTable:
    """The headers of row 1 and the non-empty rows below it, each with its number in the spreadsheet.

    Every row has as many cells as there are headers; an empty cell is an empty string.
    """

    headers: list[str]
    rows: list[tuple[int, list[str]]]


async def read_upload(content: bytes, *, says_xlsx: bool) -> ParsedTable:
    """Read an uploaded file outside the event loop; the content decides the format. Raises `TableUnreadable`."""
    return await asyncio.get_running_loop().run_in_executor(_READERS, read_table, content, says_xlsx)


def read_table(content: bytes, says_xlsx: bool = False) -> ParsedTable:
    """Read the table in a file. Raises `TableUnreadable`."""
    if not content.strip():
        raise TableUnreadable("empty")
    rows = _read_xlsx(content) if says_xlsx or content.startswith(_ZIP) else list(_read_csv(content))
    return _parse_rows(rows)


def _parse_rows(rows: Sequence[tuple[int, list[str]]]) -> ParsedTable:
    if not rows or rows[0][0] != 1:
        raise TableUnreadable("no_headers")
    headers = [cell.strip() for cell in rows[0][1]]
    while headers and not headers[-1]:
        headers.pop()
    if not headers or not all(headers):
        raise TableUnreadable("no_headers")
    if any(len(header) > 100 for header in headers):  # noqa: PLR2004
        raise TableUnreadable("header_too_long")
    if len(set(headers)) != len(headers):
        raise TableUnreadable("repeated_header")
    if len(rows) == 1:
        raise TableUnreadable("no_rows")
    return ParsedTable(headers, [(number, _fit_to_width(cells, len(headers))) for number, cells in rows[1:]])


def _fit_to_width(cells: list[str], width: int) -> list[str]:
    if any(cells[width:]):
        raise TableUnreadable("too_many_cells")
    return cells[:width] + [""] * (width - len(cells))


def _read_csv(content: bytes) -> Iterator[tuple[int, list[str]]]:
    text = _decode(content)
    if any(len(line) > MAX_LINE for line in re.split(r"[\r\n]", text)):
        raise TableUnreadable("line_too_long")
    first = re.sub(r'"[^"]*"', "", re.split(r"[\r\n]", text, maxsplit=1)[0])
    delimiter = max(DELIMITERS, key=first.count)  # the first one if the line has none
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for number, cells in enumerate(reader, start=1):
            if number > MAX_ROWS + 1:
                raise TableUnreadable("too_many_rows")
            if len(cells) > MAX_COLUMNS:
                raise TableUnreadable("too_many_columns")
            if any(cells):
                yield number, [_remove_apostrophe(cell) for cell in cells]
    except csv.Error as error:
        raise TableUnreadable("line_too_long" if "limit" in str(error) else "broken_quotes") from None


def _decode(content: bytes) -> str:
    if b"\0" in content:
        raise TableUnreadable("not_text")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("cp1251")
    except UnicodeDecodeError:
        raise TableUnreadable("not_text") from None


def _remove_apostrophe(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and cell[1:2] in QUOTED_BEFORE else cell


def _read_xlsx(content: bytes) -> list[tuple[int, list[str]]]:
    command = [sys.executable, "-I", str(XLSX_READER), str(MAX_ROWS), str(MAX_COLUMNS), str(MAX_CHARACTERS)]
    try:
        process = subprocess.run(  # noqa: S603  our own program; the uploaded file is its stdin
            command, input=content, capture_output=True, timeout=READING_SECONDS, check=False, env={}
        )
        output: dict[str, Any] = json.loads(process.stdout) if process.returncode == 0 else {"refused": "too_large"}
    except (subprocess.TimeoutExpired, ValueError):
        output = {"refused": "too_large"}
    if "refused" in output:
        raise TableUnreadable(output["refused"])
    return [(number, cells) for number, cells in output["rows"]]
