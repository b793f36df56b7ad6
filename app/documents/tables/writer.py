"""Writing of CSV and XLSX: text stays text, whatever a spreadsheet would like to make of it."""

import csv
import io
import re
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

import xlsxwriter

from app.documents.tables.reader import QUOTED_BEFORE

Row = Sequence[str | None]
"""The cells of a row; None and an empty string are an empty cell."""

BOM = "\ufeff"
MAX_XLSX_ROWS = 1_048_575
MAX_XLSX_CELL = 32_767

# What XML 1.0 cannot hold: control characters but TAB, LF and CR, lone surrogates, two non-characters.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def csv_lines(rows: Iterable[Row]) -> bytes:
    """Rows as CSV by RFC 4180 with `;` and CRLF; what a spreadsheet may take for a formula gets one leading `'`."""
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerows([_harmless(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8")


def csv_start(headers: Sequence[str]) -> bytes:
    """What a CSV begins with: the byte order mark, by which spreadsheets know UTF-8, and row 1."""
    return BOM.encode() + csv_lines([headers])


async def csv_stream(headers: Sequence[str], pages: AsyncIterable[Iterable[Row]]) -> AsyncIterator[bytes]:
    """A CSV in pieces, one for each page of rows."""
    yield csv_start(headers)
    async for page in pages:
        if lines := csv_lines(page):
            yield lines


def _harmless(cell: str | None) -> str:
    text = cell or ""
    return f"'{text}" if text[:1] in QUOTED_BEFORE else text


class XlsxBook:
    """A workbook of one sheet, written row after row: row 1 the headers, every cell a string, no formula, no link.

    What is written goes to files in `folder`, so that memory stays flat. Every method blocks: use a thread.
    """

    def __init__(self, target: BinaryIO, folder: Path, headers: Sequence[str]) -> None:
        options = {
            "constant_memory": True,
            "tmpdir": str(folder),
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        self._book = xlsxwriter.Workbook(target, options)
        self._sheet = self._book.add_worksheet("Данные")
        self._next = 0
        self.write([headers])

    def write(self, rows: Iterable[Row]) -> None:
        """Add rows. Raises `ValueError` for more than a sheet holds; a cell longer than XLSX allows ends with `…`."""
        for number, row in enumerate(rows, start=self._next):
            if number > MAX_XLSX_ROWS:
                raise ValueError("an XLSX sheet holds 1,048,576 rows")
            for column, cell in enumerate(row):
                if text := remove_invalid_xml(cell):
                    self._sheet.write_string(number, column, text)
            self._next = number + 1

    def close(self) -> None:
        """Pack the workbook into the target."""
        self._book.close()


def xlsx_bytes(headers: Sequence[str], rows: Iterable[Row]) -> bytes:
    """A small workbook as bytes."""
    out = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        book = XlsxBook(out, Path(folder), headers)
        book.write(rows)
        book.close()
    return out.getvalue()


def remove_invalid_xml(cell: str | None) -> str:
    """A text as a cell of XLSX can hold it: without what XML forbids, no longer than a cell; an empty one of None."""
    text = _NOT_XML.sub("", cell or "")
    return text if len(text) <= MAX_XLSX_CELL else text[: MAX_XLSX_CELL - 1] + "…"
