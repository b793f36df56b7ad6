"""HTTP of the exchange of submissions by codes."""

from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from app.core.deps import DatabaseDep
from app.core.periods import PeriodDep
from app.core.problems import Invalid, problems
from app.core.security import Principal, requires_early
from app.core.tables.answers import TABLE_ANSWERS, TableFormat, table_answer
from app.core.types import Id, Key
from app.surveys import queries, sheet
from app.surveys.errors import TooManyForSheet
from app.surveys.models import SubmissionSource

Reader = Annotated[Principal, requires_early("surveys:read")]

router = APIRouter(prefix="/survey-submissions", tags=["survey submissions"])

JSONL_TYPE = "application/jsonl"


class ExportFormat(StrEnum):
    """Files that submissions can be had as."""

    CSV = "csv"
    XLSX = "xlsx"
    JSONL = "jsonl"


EXPORT_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": f"{TABLE_ANSWERS[200]['description']} Or JSONL: a submission in the shape of the GET a line.",
        "content": TABLE_ANSWERS[200]["content"] | {JSONL_TYPE: {"schema": {"type": "string"}}},
    }
}


@router.get(
    "/export",
    response_class=Response,
    responses=EXPORT_ANSWERS | problems(Invalid, TooManyForSheet),
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
    query = queries.chosen(by, period, form=form, form_version=version, source=source, organization_id=organization_id)
    read = sheet.pages(database, query)
    if format is ExportFormat.JSONL:
        shown = {"Content-Disposition": 'attachment; filename="survey-submissions.jsonl"'}
        return StreamingResponse(sheet.as_lines(read), media_type=JSONL_TYPE, headers=shown)
    if format is ExportFormat.XLSX:
        await sheet.require_room(database, query)
    names = await sheet.columns(database, form)
    return await table_answer(TableFormat(format.value), "survey-submissions", names, sheet.as_rows(names, read))
