"""HTTP of the monitoring report."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.core.deps import SessionDep
from app.core.problems import FieldError, ValidationFailed, problems
from app.core.security import Principal, requires
from app.monitoring.report.builder import build_report
from app.monitoring.report.download import TYPES, ReportFormat, download_response
from app.monitoring.router.figures import CutDep

Reader = Annotated[Principal, requires("monitoring:read")]

router = APIRouter(prefix="/monitoring", tags=["monitoring"])


class ReportChart(StrEnum):
    """The charts of a report."""

    SATISFACTION = "satisfaction"
    MUNICIPALITIES = "municipalities"
    SOURCES = "sources"
    FINDABILITY = "findability"
    SERVICE_LEVELS = "service_levels"
    FINAL_REPLIES = "final_replies"


@router.get(
    "/report",
    response_class=Response,
    responses={
        **problems(ValidationFailed),
        200: {
            "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in TYPES.values()},
            "description": "The report, or one of its charts",
        },
    },
    summary="Monitoring report as XLSX, PDF or charts",
)
async def get_report(
    by: Reader,
    session: SessionDep,
    cut: CutDep,
    format: Annotated[ReportFormat, Query()] = ReportFormat.XLSX,
    chart: Annotated[ReportChart | None, Query(description="The chart, with `format=svg` only.")] = None,
) -> Response:
    """Satisfaction over time, by municipality, sources, ease of finding and service levels, with who signed off (O-11).

    `xlsx`: a sheet a table, numbers as numbers, charts. `pdf`: in Russian, dated, for filing. `svg`: the one chart
    named by `chart`, with its numbers in words. Filters are those of `/monitoring/satisfaction`; service levels heed
    the period and the organization only, and show what the caller may see.
    """
    if (format is ReportFormat.SVG) != (chart is not None):
        ru, en = (
            "Диаграмма указывается для формата svg, и только для него.",
            "A chart is named for svg, and only for it.",
        )
        raise ValidationFailed(field_errors=[FieldError("/chart", "chart_or_format", ru, en, "query")])
    return await download_response(await build_report(session, cut, by), format, chart)
