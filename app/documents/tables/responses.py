"""HTTP responses of exports: CSV is streamed, XLSX is written to a temporary file first to save memory."""

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
    """File formats of exported tables."""

    CSV = "csv"
    XLSX = "xlsx"


TABLE_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The table: CSV in UTF-8 with a BOM and `;`, or XLSX with string cells only.",
        "content": {
            CSV_TYPE: {"schema": {"type": "string"}},
            XLSX_TYPE: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
"""OpenAPI `responses` of an export."""


async def table_response(
    kind: TableFormat, name: str, headers: Sequence[str], pages: AsyncIterable[Iterable[Row]]
) -> Response:
    """Build the response with a table. Pages are read while it is sent, so they open their own transactions.

    CSV is sent page by page. A workbook is written to an unnamed temporary file and sent from there.
    """
    response_headers = {"Content-Disposition": f'attachment; filename="{name}.{kind.value}"'}
    if kind is TableFormat.CSV:
        return StreamingResponse(
            csv_stream(headers, pages), media_type=f"{CSV_TYPE}; charset=utf-8", headers=response_headers
        )
    packed = await _write_xlsx(headers, pages)
    response_headers["Content-Length"] = str(packed.seek(0, io.SEEK_END))
    return StreamingResponse(_read_pieces(packed), media_type=XLSX_TYPE, headers=response_headers)


async def _write_xlsx(headers: Sequence[str], pages: AsyncIterable[Iterable[Row]]) -> BinaryIO:
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


async def _read_pieces(packed: BinaryIO) -> AsyncIterator[bytes]:
    with packed:
        packed.seek(0)
        while piece := await asyncio.to_thread(packed.read, PIECE):
            yield piece
