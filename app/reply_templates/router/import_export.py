"""HTTP routes of the import and export of templates."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from app.core.deps import DatabaseDep, SessionDep
from app.core.idempotency import RequiredIdempotencyDep
from app.core.security import Principal, requires_detached
from app.documents.tables.responses import TABLE_RESPONSES, TableFormat, table_response
from app.imports.schemas import ImportRead
from app.imports.upload import IMPORT_RESPONSES, OptionsDep, Staged, accept_import, import_body, stage_upload
from app.reply_templates import export
from app.reply_templates.importer import TEMPLATES
from app.reply_templates.router.dependencies import Reader
from app.reply_templates.router.filters import FiltersDep

Importing = Annotated[Principal, requires_detached("templates:write")]


async def _stage_template_upload(
    by: Importing, options: OptionsDep, request: Request, idempotency: RequiredIdempotencyDep
) -> Staged | None:
    return await stage_upload(request, TEMPLATES, by, idempotency, options)


StagedDep = Annotated[Staged | None, Depends(_stage_template_upload)]

router = APIRouter(prefix="/reply-templates", tags=["reply templates"])


@router.get("/export", response_class=Response, responses=TABLE_RESPONSES, summary="Export templates")
async def export_templates(
    by: Reader,
    database: DatabaseDep,
    filters: FiltersDep,
    format: Annotated[TableFormat, Query(description="File format.")] = TableFormat.CSV,
) -> Response:
    """Export the templates that match the filters as a table: those of the caller's unit unless `unit_id` is given.

    Another unit's templates are exported only if they are shared, in their published version. Importing an unchanged
    export of the caller's own unit changes nothing. A cell with several values has one per line.
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
    """Create and change templates of the caller's unit from a table. Responds 202; see `/imports/{id}` for the result.

    The columns are those of the export. A template is identified by its `key`. A changed row creates a draft or a new
    draft version; publishing still needs a second employee. An unchanged row changes nothing, and an omitted column
    keeps its value. `keywords`, `examples`, `topics`, `shared_with` (unit names) and `defaults` (`имя: значение`) hold
    one value per line; keywords on a single line may be separated by `;`. `unit` may be empty, and `state` is ignored.
    """
    return await accept_import(session, TEMPLATES, staged, idempotency, by=by)
