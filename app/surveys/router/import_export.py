"""HTTP of the exchange of submissions by codes."""

from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from app.core.deps import DatabaseDep, SessionDep
from app.core.idempotency import RequiredIdempotencyDep
from app.core.periods import PeriodDep
from app.core.problems import ValidationFailed, problems
from app.core.security import Principal, requires_detached
from app.core.types import Id, Key
from app.documents.tables.responses import TABLE_RESPONSES, TableFormat, table_response
from app.imports.schemas import ImportRead
from app.imports.upload import IMPORT_RESPONSES, OptionsDep, Staged, accept_import, import_body, stage_upload
from app.surveys import export, queries
from app.surveys.errors import NotClientCentricityUnit, TooManyForSheet
from app.surveys.importer import EXAMPLE, SUBMISSIONS, table_of
from app.surveys.models import SubmissionSource
from app.surveys.service.submissions import require_client_centricity_unit

Reader = Annotated[Principal, requires_detached("surveys:read")]


# In a transaction of its own, as the caller is read: the operation's begins when the table is staged.
async def _importing(by: Annotated[Principal, requires_detached("surveys:enter")], database: DatabaseDep) -> Principal:
    async with database.transaction(write=False) as session:
        await require_client_centricity_unit(session, by)
    return by


Importing = Annotated[Principal, Depends(_importing)]


async def _staged(
    by: Importing,
    options: OptionsDep,
    request: Request,
    idempotency: RequiredIdempotencyDep,
    database: DatabaseDep,
    form: Annotated[Key | None, Query(description="The order's own form unless given.")] = None,
    organization_id: Annotated[
        Id | None, Query(description="Whose rows they are; without it 11 tells, and where that is empty, the ministry.")
    ] = None,
) -> Staged | None:
    table = await table_of(database, form, organization_id)
    return await stage_upload(request, table, by, idempotency, options, table.parameters)


StagedDep = Annotated[Staged | None, Depends(_staged)]

router = APIRouter(prefix="/survey-submissions", tags=["survey submissions"])

JSONL_TYPE = "application/jsonl"


class ExportFormat(StrEnum):
    """Files that submissions can be had as."""

    CSV = "csv"
    XLSX = "xlsx"
    JSONL = "jsonl"


EXPORT_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": f"{TABLE_RESPONSES[200]['description']} Or JSONL: a submission in the shape of the GET a line.",
        "content": TABLE_RESPONSES[200]["content"] | {JSONL_TYPE: {"schema": {"type": "string"}}},
    }
}


@router.get(
    "/export",
    response_class=Response,
    responses=EXPORT_ANSWERS | problems(ValidationFailed, TooManyForSheet),
    summary="Export submissions by codes",
)
async def export_submissions(
    by: Reader,
    database: DatabaseDep,
    period: PeriodDep,
    format: Annotated[ExportFormat, Query(description="The kind of file.")] = ExportFormat.CSV,
    form: Annotated[Key | None, Query()] = None,
    version: Annotated[int | None, Query(ge=0, le=2_147_483_647)] = None,
    source: Annotated[SubmissionSource | None, Query()] = None,
    organization_id: Annotated[Id | None, Query()] = None,
) -> Response:
    """Submissions, oldest first, with the codes of the form as headers (A-1.fn); an API client gets its own.

    12 is the OKTMO code; what a respondent could not find stands under `23.N.comment`. CSV and JSONL are streamed.
    An XLSX sheet holds 1,048,575 submissions: more are refused with 422; narrow the period, or take CSV.
    """
    query = queries.load_chosen_form(
        by, period, form=form, form_version=version, source=source, organization_id=organization_id
    )
    if format is ExportFormat.JSONL:
        shown = {"Content-Disposition": 'attachment; filename="survey-submissions.jsonl"'}
        return StreamingResponse(export.to_json_lines(database, query), media_type=JSONL_TYPE, headers=shown)
    if format is ExportFormat.XLSX:
        await export.require_room(database, query)
    names = await export.columns(database, form)
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
    by: Importing, staged: StagedDep, session: SessionDep, idempotency: RequiredIdempotencyDep
) -> Response:
    """Take submissions in from a table with the codes of the form as headers (A-1.fn); 202, then see `/imports/{id}`.

    The columns of the export, in any order; 11, 12, 13 and comments may be left out. 12 is the OKTMO code or the exact
    name, 13 a date, a local time or RFC 3339. The same table twice adds nothing: a row is known by `external_id`, an
    optional column, or else by its codes and how many rows above it say the same. See `docs/exchange.md`.
    """
    return await accept_import(session, SUBMISSIONS, staged, idempotency, by=by)
