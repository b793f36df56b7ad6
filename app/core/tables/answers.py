"""A table as the answer to an export: CSV streams, XLSX is made whole."""

import asyncio
from collections.abc import AsyncIterable, Iterable, Sequence
from enum import StrEnum
from typing import Any

from fastapi import Response
from fastapi.responses import StreamingResponse

from app.core.tables.writing import Row, csv_stream, xlsx_bytes

CSV_TYPE = "text/csv"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class TableFormat(StrEnum):
    """Files that a table can be had as."""

    CSV = "csv"
    XLSX = "xlsx"


TABLE_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The table: CSV in UTF-8 with BOM and `;`, or XLSX with strings only.",
        "content": {
            CSV_TYPE: {"schema": {"type": "string"}},
            XLSX_TYPE: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
"""`responses` of an export for OpenAPI."""


async def table_answer(
    kind: TableFormat, name: str, headers: Sequence[str], pages: AsyncIterable[Iterable[Row]]
) -> Response:
    """The table under a file name. The pages are read while the answer is sent, so they open their own transactions."""
    shown = {"Content-Disposition": f'attachment; filename="{name}.{kind.value}"'}
    if kind is TableFormat.CSV:
        return StreamingResponse(csv_stream(headers, pages), media_type=f"{CSV_TYPE}; charset=utf-8", headers=shown)
    rows = [row async for page in pages for row in page]
    return Response(await asyncio.to_thread(xlsx_bytes, headers, rows), 200, shown, XLSX_TYPE)
