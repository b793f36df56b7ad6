"""The request's side of an import: the table is read and staged before the request's own transaction begins.

Reading may take seconds, and SQLite has one writer: so the caller is read in a transaction of its own, the file off the
event loop, and its rows are staged in short transactions. Only then does the operation's own one begin.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.deps import get_database
from app.core.etags import json_response
from app.core.idempotency import (
    Idempotency,
    IdempotencyInProgress,
    IdempotencyKeyMalformed,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
)
from app.core.problems import ValidationFailed, problems
from app.core.security import Principal
from app.documents.tables.reader import ParsedTable, TableUnreadable, read_upload
from app.documents.tables.responses import CSV_TYPE, XLSX_TYPE
from app.imports.ports import BulkImporter, Importable
from app.imports.schemas import ImportRead
from app.imports.service import staging

IMPORT_RESPONSES = problems(
    TableUnreadable, ValidationFailed, IdempotencyKeyRequired, IdempotencyKeyReused, IdempotencyKeyMalformed
)
"""The refusals of every import for OpenAPI."""


def import_body(csv_example: str) -> dict[str, Any]:
    """`openapi_extra` of an import: the kinds of file it takes."""
    table = {"schema": {"type": "string", "format": "binary"}}
    return {
        "requestBody": {
            "required": True,
            "description": "A table up to 20 MiB, row 1 its headers.",
            "content": {
                CSV_TYPE: table | {"example": csv_example},
                XLSX_TYPE: table,
                "application/octet-stream": table,  # the last is what generated clients send: the content decides
            },
        }
    }


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """`dry_run` and `partial` of the query. A dependency of the staging, so that a wrong one is told before it."""

    dry_run: Annotated[bool, Query(description="Check every row and report; change nothing.")] = False
    partial: Annotated[
        bool, Query(description="Apply the sound rows; without it one bad row refuses the whole file.")
    ] = False


OptionsDep = Annotated[ImportOptions, Depends()]


@dataclass(frozen=True, slots=True)
class Staged:
    """A table whose rows are staged for an import with that id."""

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
    """Read the request's table and stage its rows; None when the key is known and the first answer will do.

    Raises `TableUnreadable` and 422 for headers that the importer does not know.
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
    """Queue the import and answer 202 with its place, or the first answer again."""

    async def work() -> Response:
        if staged is None:
            raise IdempotencyInProgress  # the key was there a moment ago
        row = await staging.queue_import(
            session, importer, staged.import_id, staged.table, staged.options, by=by, parameters=staged.parameters
        )
        place = {"Location": f"/api/v1/imports/{row.id}"}
        return json_response(ImportRead.model_validate(row), version=row.version, status=202, headers=place)

    return await idempotency(session, by, work)
