"""HTTP routes that export and import submissions by codes."""

from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from app.core.deps import DatabaseDep, SessionDep
from app.core.idempotency import RequiredIdempotencyDep
from app.core.periods import PeriodDep
from app.core.problems import problems
from app.core.security import Principal, requires_detached
from app.core.types import Id, Key
from app.documents.tables.responses import TABLE_RESPONSES, TableFormat, table_response
from app.imports.schemas import ImportRead
from app.imports.upload import IMPORT_RESPONSES, OptionsDep, Staged, accept_import, import_body, stage_upload
from app.surveys import export, queries
from app.surveys.errors import NotClientCentricityUnit, TooManyForSheet
from app.surveys.importer import EXAMPLE, SUBMISSIONS, load_table
from app.surveys.rules.submissions import SubmissionSource
from app.surveys.service.submissions import require_client_centricity_unit

Reader = Annotated[Principal, requires_detached("surveys:read")]


# Uses its own short transaction: the operation's transaction begins after the table is staged.
async def _authorize_importer(
    by: Annotated[Principal, requires_detached("surveys:enter")], database: DatabaseDep
) -> Principal:
    async with database.transaction(write=False) as session:
        await require_client_centricity_unit(session, by)
    return by


ImportCaller = Annotated[Principal, Depends(_authorize_importer)]


async def _stage_table(
    by: ImportCaller,
    options: OptionsDep,
    request: Request,
    idempotency: RequiredIdempotencyDep,
    database: DatabaseDep,
    form: Annotated[Key | None, Query(description="Form key; the form of the order by default.")] = None,
    organization_id: Annotated[
        Id | None,
        Query(
            description="The organization of all rows; by default code 11 of each row, or the ministry if it is empty."
        ),
    ] = None,
) -> Staged | None:
    table = await load_table(database, form, organization_id)
    return await stage_upload(request, table, by, idempotency, options, table.parameters)


StagedDep = Annotated[Staged | None, Depends(_stage_table)]

router = APIRouter(prefix="/survey-submissions", tags=["survey submissions"])

JSONL_TYPE = "application/jsonl"


class ExportFormat(StrEnum):
    """File formats of the export of submissions."""

    CSV = "csv"
    XLSX = "xlsx"
    JSONL = "jsonl"


EXPORT_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": f"{TABLE_RESPONSES[200]['description']} Or JSONL: one submission per line, as GET returns it.",
        "content": TABLE_RESPONSES[200]["content"] | {JSONL_TYPE: {"schema": {"type": "string"}}},
    }
}


@router.get(
    "/export",
    response_class=Response,
    responses=EXPORT_ANSWERS | problems(TooManyForSheet),
    summary="Export submissions by codes",
)
async def export_submissions(
    by: Reader,
    database: DatabaseDep,
    period: PeriodDep,
    format: Annotated[ExportFormat, Query(description="File format.")] = ExportFormat.CSV,
    form: Annotated[Key | None, Query()] = None,
    version: Annotated[int | None, Query(ge=0, le=2_147_483_647)] = None,
    source: Annotated[SubmissionSource | None, Query()] = None,
    organization_id: Annotated[Id | None, Query()] = None,
) -> Response:
    """Export submissions, oldest first, with the codes of the form as headers (A-1.fn).

    An API client gets only its own submissions. Code 12 is the OKTMO code; comments have the codes `23.N.comment`.
    CSV and JSONL are streamed. An XLSX sheet holds 1,048,575 submissions: more are refused with 422.
    """
    query = queries.select_submissions(
        by, period, form=form, form_version=version, source=source, organization_id=organization_id
    )
    if format is ExportFormat.JSONL:
        headers = {"Content-Disposition": 'attachment; filename="survey-submissions.jsonl"'}
        return StreamingResponse(export.to_json_lines(database, query), media_type=JSONL_TYPE, headers=headers)
    if format is ExportFormat.XLSX:
        await export.require_room(database, query)
    names = await export.load_columns(database, form)
    return await table_response(
        TableFormat(format.value), "survey-submissions", names, export.to_rows(database, query, names)
    )


@router.post(
    "/import",
    status_code=202,
    response_model=ImportRead,
    responses=IMPORT_RESPONSES | problems(NotClientCentricityUnit),
    openapi_extra=import_body(EXAMPLE),
    summary="Import submissions by codes",
)
async def import_submissions(
    by: ImportCaller, staged: StagedDep, session: SessionDep, idempotency: RequiredIdempotencyDep
) -> Response:
    """Import submissions from a table with the codes of the form as headers (A-1.fn).

    The answer is 202; the progress is at `/imports/{id}`. The columns are those of the export, in any order; 11, 12, 13
    and comments are optional. 12 is the OKTMO code or the exact name; 13 is a date, a local time or RFC 3339. Importing
    the same table twice adds nothing: a row is identified by the optional column `external_id`, or by its codes and
    the number of identical rows above it. See `docs/exchange.md`.
    """
    return await accept_import(session, SUBMISSIONS, staged, idempotency, by=by)
