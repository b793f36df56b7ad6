"""HTTP API of the monitoring report."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.core.deps import DatabaseDep
from app.core.security import Principal, requires_detached
from app.monitoring.report.download import TYPES, ReportChart, ReportFormat, download_response
from app.monitoring.router.figures import CutDep

Reader = Annotated[Principal, requires_detached("monitoring:read")]

BINARY = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in TYPES.values()}

router = APIRouter(prefix="/monitoring", tags=["monitoring"])


@router.get(
    "/report",
    response_class=Response,
    responses={200: {"description": "The report or one of its charts", "content": BINARY}},
    summary="Download the monitoring report",
)
async def get_report(
    by: Reader,
    database: DatabaseDep,
    cut: CutDep,
    format: Annotated[ReportFormat, Query()] = ReportFormat.XLSX,
    chart: Annotated[ReportChart | None, Query(description="The chart; required for `svg` only.")] = None,
) -> Response:
    """Download satisfaction by time and municipality, sources, ease of finding, service levels, sign-offs (O-11).

    `xlsx`: one sheet for each table, with numeric cells and charts. `pdf`: a dated Russian document for filing. `svg`:
    the one chart named by `chart`, with its numbers in the description. Filters are those of
    `/monitoring/satisfaction`; service levels use only the period and the organization and include only the messages
    that the caller may see.
    """
    return await download_response(database, cut, by, format, chart)
