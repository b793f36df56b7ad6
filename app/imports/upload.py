"""Uploads of tables: a request's table is parsed and staged before the request's own transaction begins.

Parsing may take seconds, and SQLite has a single writer. So the caller is loaded in a separate transaction, the file is
parsed in a thread, and its rows are staged in short transactions before the operation's own transaction begins.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.deps import get_database
from app.core.etags import versioned
from app.core.idempotency import Idempotency, IdempotencyInProgress, IdempotencyKeyRequired
from app.core.problems import problems
from app.core.security import Principal
from app.documents.tables.reader import ParsedTable, TableUnreadable, read_upload
from app.documents.tables.responses import CSV_TYPE, XLSX_TYPE
from app.imports.ports import BulkImporter, Importable
from app.imports.schemas import ImportRead
from app.imports.service import staging

IMPORT_RESPONSES = problems(TableUnreadable, IdempotencyKeyRequired)
"""The problem responses of every import, for OpenAPI."""


def import_body(csv_example: str) -> dict[str, Any]:
    """Build the `openapi_extra` of an import: the accepted media types."""
    table = {"schema": {"type": "string", "format": "binary"}}
    return {
        "requestBody": {
            "required": True,
            "description": "A table of up to 20 MiB; row 1 contains the headers.",
            "content": {
                CSV_TYPE: table | {"example": csv_example},
                XLSX_TYPE: table,
                "application/octet-stream": table,  # generated clients send this type: the content decides
            },
        }
    }


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """Query parameters of an import, a dependency: invalid values are reported before anything is staged."""

    dry_run: Annotated[bool, Query(description="Check all rows and report without changing anything.")] = False
    partial: Annotated[
        bool, Query(description="Apply the valid rows; otherwise a single invalid row rejects the whole file.")
    ] = False


OptionsDep = Annotated[ImportOptions, Depends()]


@dataclass(frozen=True, slots=True)
class Staged:
    """A table whose rows are staged for an import."""

    import_id: UUID
    table: ParsedTable
    options: ImportOptions
    parameters: Mapping[str, str]


async def stage_upload(
    request: Request,
    importer: Importable,
    by: Principal,
    idempotency: Idempotency,
    options: ImportOptions,
    parameters: Mapping[str, str] | None = None,
) -> Staged | None:
    """Parse the request's table and stage its rows; None when the idempotency key is known and nothing is to do.

    Raises `TableUnreadable`, and 422 for headers that the importer does not accept.
    """
    database = get_database(request)
    async with database.transaction(write=False) as session:
        if await idempotency.is_known(session, by):
            return None
    says_xlsx = request.headers.get("content-type", "").partition(";")[0].strip().lower() == XLSX_TYPE
    table = await read_upload(await request.body(), says_xlsx=says_xlsx)
    return Staged(await staging.stage_rows(database, importer, table), table, options, parameters or {})


async def accept_import(
    session: AsyncSession,
    importer: Importable | BulkImporter,
    staged: Staged | None,
    idempotency: Idempotency,
    *,
    by: Principal,
) -> Response:
    """Queue the import and return 202 with its location, or replay the first response."""

    async def work() -> Response:
        if staged is None:
            raise IdempotencyInProgress  # the key existed when the upload was staged
        row = await staging.queue_import(
            session, importer, staged.import_id, staged.table, staged.options, by=by, parameters=staged.parameters
        )
        location = {"Location": f"/api/v1/imports/{row.id}"}
        return await versioned(session, row, ImportRead, 202, location)

    return await idempotency(session, by, work)
