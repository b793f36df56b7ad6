"""Writer of CSV and XLSX files; text cells never become formulas."""

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

# Characters forbidden in XML 1.0: controls except TAB, LF and CR, lone surrogates, two non-characters.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def csv_lines(rows: Iterable[Row]) -> bytes:
    """Encode rows as CSV by RFC 4180 with `;` and CRLF; cells that look like formulas get a leading `'`."""
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerows(
        [_escape_formula(cell) for cell in row] for row in rows
    )
    return out.getvalue().encode("utf-8")


def csv_start(headers: Sequence[str]) -> bytes:
    """Encode the start of a CSV: the byte order mark, which marks UTF-8 for spreadsheets, and the headers."""
    return BOM.encode() + csv_lines([headers])


async def csv_stream(headers: Sequence[str], pages: AsyncIterable[Iterable[Row]]) -> AsyncIterator[bytes]:
    """Yield a CSV in pieces: the start, then one for each page of rows."""
    yield csv_start(headers)
    async for page in pages:
        if lines := csv_lines(page):
            yield lines


def _escape_formula(cell: str | None) -> str:
    text = cell or ""
    return f"'{text}" if text[:1] in QUOTED_BEFORE else text


class XlsxBook:
    """A workbook of one sheet, written row by row; all cells are strings, row 1 holds the headers.

    Rows go to files in `folder`, so that memory use is constant. Every method blocks: use a thread.
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
        """Add rows. Raises `ValueError` above the row limit of a sheet; a cell over the XLSX limit ends with `…`."""
        for number, row in enumerate(rows, start=self._next):
            if number > MAX_XLSX_ROWS:
                raise ValueError("an XLSX sheet holds 1,048,576 rows")
            for column, cell in enumerate(row):
                if text := remove_invalid_xml(cell):
                    self._sheet.write_string(number, column, text)
            self._next = number + 1

    def close(self) -> None:
        """Write the workbook to the target."""
        self._book.close()


def xlsx_bytes(headers: Sequence[str], rows: Iterable[Row]) -> bytes:
    """Encode a small table as a workbook."""
    out = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        book = XlsxBook(out, Path(folder), headers)
        book.write(rows)
        book.close()
    return out.getvalue()


def remove_invalid_xml(cell: str | None) -> str:
    """Remove characters forbidden in XML and cut a text to the length of a cell; return an empty string for None."""
    text = _NOT_XML.sub("", cell or "")
    return text if len(text) <= MAX_XLSX_CELL else text[: MAX_XLSX_CELL - 1] + "…"
