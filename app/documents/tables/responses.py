"""A table as the answer to an export: CSV streams, XLSX is packed into a file first; memory stays flat with both."""

import asyncio
import io
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO

from fastapi import Response
from fastapi.responses import StreamingResponse

from app.documents.tables.writer import Row, XlsxBook, csv_stream

CSV_TYPE = "text/csv"
PIECE = 262_144
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class TableFormat(StrEnum):
    """Files that a table can be had as."""

    CSV = "csv"
    XLSX = "xlsx"


TABLE_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The table: CSV in UTF-8 with BOM and `;`, or XLSX with strings only.",
        "content": {
            CSV_TYPE: {"schema": {"type": "string"}},
            XLSX_TYPE: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
"""`responses` of an export for OpenAPI."""


async def table_response(
    kind: TableFormat, name: str, headers: Sequence[str], pages: AsyncIterable[Iterable[Row]]
) -> Response:
    """The table under a file name. The pages are read while the answer is made, so they open their own transactions.

    CSV is sent page by page. A workbook is packed whole, into a file that has no name, and sent from there.
    """
    shown = {"Content-Disposition": f'attachment; filename="{name}.{kind.value}"'}
    if kind is TableFormat.CSV:
        return StreamingResponse(csv_stream(headers, pages), media_type=f"{CSV_TYPE}; charset=utf-8", headers=shown)
    packed = await _xlsx_file(headers, pages)
    shown["Content-Length"] = str(packed.seek(0, io.SEEK_END))
    return StreamingResponse(_pieces(packed), media_type=XLSX_TYPE, headers=shown)


async def _xlsx_file(headers: Sequence[str], pages: AsyncIterable[Iterable[Row]]) -> BinaryIO:
    packed = await asyncio.to_thread(tempfile.TemporaryFile)
    try:
        with tempfile.TemporaryDirectory() as folder:
            book = await asyncio.to_thread(XlsxBook, packed, Path(folder), headers)
            async for page in pages:
                await asyncio.to_thread(book.write, page)
            await asyncio.to_thread(book.close)
    except BaseException:
        packed.close()
        raise
    return packed


async def _pieces(packed: BinaryIO) -> AsyncIterator[bytes]:
    with packed:
        packed.seek(0)
        while piece := await asyncio.to_thread(packed.read, PIECE):
            yield piece
