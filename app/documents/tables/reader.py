"""Reading of CSV and XLSX into rows of strings, within limits; never a guess, always a clear refusal."""

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
"""What our own CSV puts an apostrophe before, so that no spreadsheet takes it for a formula."""

_ZIP = b"PK\x03\x04"
_READERS = ThreadPoolExecutor(2, "tables")
"""Two files are read at a time in a process: each may take a processor and half a gigabyte."""

_REASONS = {
    "empty": ("Файл пуст.", "The file is empty."),
    "no_rows": ("В таблице нет строк под заголовками.", "The table has no rows below its headers."),
    "no_headers": ("В первой строке нет заголовков.", "The first row has no headers."),
    "repeated_header": ("Заголовок столбца повторяется.", "The header of a column is repeated."),
    "header_too_long": ("Заголовок длиннее 100 знаков.", "A header is over 100 characters."),
    "not_text": ("Это не CSV: файл двоичный или в неизвестной кодировке.", "Not CSV: binary, or of unknown encoding."),
    "line_too_long": ("Слишком длинная строка или ячейка CSV.", "A line or a cell of the CSV is too long."),
    "broken_quotes": ("Кавычки в CSV расставлены неверно.", "The quotes of the CSV are broken."),
    "too_many_rows": (f"Строк больше {MAX_ROWS}.", f"More than {MAX_ROWS} rows."),
    "too_many_columns": (f"Столбцов больше {MAX_COLUMNS}.", f"More than {MAX_COLUMNS} columns."),
    "too_many_cells": ("В строке больше ячеек, чем заголовков.", "A row has more cells than there are headers."),
    "not_xlsx": ("Файл не является книгой XLSX.", "The file is no XLSX workbook."),
    "no_sheet": ("В книге нет видимого листа.", "The workbook shows no sheet."),
    "too_many_sheets": ("Видимых листов несколько: оставьте один.", "Several sheets are shown: leave one."),
    "nul": ("В ячейке есть нулевой символ.", "A cell holds a NUL character."),
    "too_large": ("Таблица слишком велика, чтобы её прочитать.", "The table is too large to be read."),
}


class TableUnreadable(ValidationFailed):
    """The uploaded file is no table that can be read; the code of the error says why."""

    code = "table_unreadable"
    title_ru, title_en = "Таблицу не удалось прочитать", "The table cannot be read"
    detail_ru, detail_en = "Нужен файл CSV (UTF-8 или Windows-1251) или XLSX.", "CSV (UTF-8, cp1251) or XLSX is needed."

    def __init__(self, reason: str) -> None:
        ru, en = _REASONS[reason]
        super().__init__(ru, en, field_errors=[FieldError("", reason, ru, en)])
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ParsedTable:
    """The headers of row 1, and below it each row that holds anything: its number in the spreadsheet and its cells.

    Every row has as many cells as there are headers; an empty cell is an empty string.
    """

    headers: list[str]
    rows: list[tuple[int, list[str]]]


async def read_upload(content: bytes, *, says_xlsx: bool) -> ParsedTable:
    """The table in an uploaded file, read off the event loop. What it is, its content decides."""
    return await asyncio.get_running_loop().run_in_executor(_READERS, read_table, content, says_xlsx)


def read_table(content: bytes, says_xlsx: bool = False) -> ParsedTable:
    """The table in a file. Raises `TableUnreadable`."""
    if not content.strip():
        raise TableUnreadable("empty")
    rows = _xlsx_rows(content) if says_xlsx or content.startswith(_ZIP) else list(_csv_rows(content))
    return _table(rows)


def _table(rows: Sequence[tuple[int, list[str]]]) -> ParsedTable:
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
    return ParsedTable(headers, [(number, _fitted(cells, len(headers))) for number, cells in rows[1:]])


def _fitted(cells: list[str], width: int) -> list[str]:
    if any(cells[width:]):
        raise TableUnreadable("too_many_cells")
    return cells[:width] + [""] * (width - len(cells))


def _csv_rows(content: bytes) -> Iterator[tuple[int, list[str]]]:
    text = _decoded(content)
    if any(len(line) > MAX_LINE for line in re.split(r"[\r\n]", text)):
        raise TableUnreadable("line_too_long")
    first = re.sub(r'"[^"]*"', "", re.split(r"[\r\n]", text, maxsplit=1)[0])
    delimiter = max(DELIMITERS, key=first.count)  # the first of them when there is none
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for number, cells in enumerate(reader, start=1):
            if number > MAX_ROWS + 1:
                raise TableUnreadable("too_many_rows")
            if len(cells) > MAX_COLUMNS:
                raise TableUnreadable("too_many_columns")
            if any(cells):
                yield number, [_without_apostrophe(cell) for cell in cells]
    except csv.Error as error:
        raise TableUnreadable("line_too_long" if "limit" in str(error) else "broken_quotes") from None


def _decoded(content: bytes) -> str:
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


def _without_apostrophe(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and cell[1:2] in QUOTED_BEFORE else cell


def _xlsx_rows(content: bytes) -> list[tuple[int, list[str]]]:
    command = [sys.executable, "-I", str(XLSX_READER), str(MAX_ROWS), str(MAX_COLUMNS), str(MAX_CHARACTERS)]
    try:
        done = subprocess.run(  # noqa: S603  our own program; the stranger's file is its stdin
            command, input=content, capture_output=True, timeout=READING_SECONDS, check=False, env={}
        )
        told: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {"refused": "too_large"}
    except (subprocess.TimeoutExpired, ValueError):
        told = {"refused": "too_large"}
    if "refused" in told:
        raise TableUnreadable(told["refused"])
    return [(number, cells) for number, cells in told["rows"]]
