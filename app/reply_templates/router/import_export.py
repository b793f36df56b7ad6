"""HTTP of templates as a table: in and out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from app.core.deps import DatabaseDep, SessionDep
from app.core.idempotency import RequiredIdempotencyDep
from app.core.problems import ValidationFailed, problems
from app.core.security import Principal, requires_detached
from app.documents.tables.responses import TABLE_RESPONSES, TableFormat, table_response
from app.imports.schemas import ImportRead
from app.imports.upload import IMPORT_RESPONSES, OptionsDep, Staged, accept_import, import_body, stage_upload
from app.reply_templates import export
from app.reply_templates.importer import TEMPLATES
from app.reply_templates.router.dependencies import Reader
from app.reply_templates.router.filters import FiltersDep

Importing = Annotated[Principal, requires_detached("templates:write")]


async def _staged(
    by: Importing, options: OptionsDep, request: Request, idempotency: RequiredIdempotencyDep
) -> Staged | None:
    return await stage_upload(request, TEMPLATES, by, idempotency, options)


StagedDep = Annotated[Staged | None, Depends(_staged)]

router = APIRouter(prefix="/reply-templates", tags=["reply templates"])


@router.get(
    "/export",
    response_class=Response,
    responses=TABLE_RESPONSES | problems(ValidationFailed),
    summary="Export templates",
)
async def export_templates(
    by: Reader,
    database: DatabaseDep,
    filters: FiltersDep,
    format: Annotated[TableFormat, Query(description="The kind of file.")] = TableFormat.CSV,
) -> Response:
    """The knowledge base as a table, with the filters of the list; one's own unit's unless `unit_id` names another.

    Of another unit's only what it shares, in its published version. One's own imported again changes nothing. Cells
    that hold several things have one a line.
    """
    async with database.transaction(write=False) as session:
        query = await filters.query(session, by, own_by_default=True)
    return await table_response(format, "reply-templates", export.COLUMNS, export.export_pages(database, query, by))


@router.post(
    "/import",
    status_code=202,
    response_model=ImportRead,
    responses=IMPORT_RESPONSES,
    openapi_extra=import_body(export.EXAMPLE),
    summary="Import templates",
)
async def import_templates(
    by: Importing, staged: StagedDep, session: SessionDep, idempotency: RequiredIdempotencyDep
) -> Response:
    """Create and change templates of one's own unit by the columns of the export; 202, then see `/imports/{id}`.

    A template is known by its `key`. What differs becomes a draft or a new draft version, never published past four
    eyes; what is the same stays untouched; a column left out keeps what is there. `keywords`, `examples`, `topics`,
    `shared_with` (names of units) and `defaults` (`имя: значение`) hold one a line; in one line keywords may be
    separated by `;`. `unit` may be empty, and `state` is there to be read.
    """
    return await accept_import(session, TEMPLATES, staged, idempotency, by=by)
