"""HTTP of the monitoring report."""

import asyncio
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.core import clock
from app.core.deps import SessionDep
from app.core.problems import Fault, Invalid, problems
from app.core.security import Principal, requires
from app.monitoring.report.charts import svg
from app.monitoring.report.making import make_report
from app.monitoring.report.paper import as_pdf
from app.monitoring.report.workbook import xlsx
from app.monitoring.router.figures import CutDep

Reader = Annotated[Principal, requires("monitoring:read")]

router = APIRouter(prefix="/monitoring", tags=["monitoring"])


class ReportFormat(StrEnum):
    """What a report is handed out in."""

    XLSX = "xlsx"
    PDF = "pdf"
    SVG = "svg"


class ReportChart(StrEnum):
    """The charts of a report."""

    SATISFACTION = "satisfaction"
    MUNICIPALITIES = "municipalities"
    SOURCES = "sources"
    FINDABILITY = "findability"
    SERVICE_LEVELS = "service_levels"


_TYPES = {
    ReportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ReportFormat.PDF: "application/pdf",
    ReportFormat.SVG: "image/svg+xml",
}
_WRITERS = {ReportFormat.XLSX: xlsx, ReportFormat.PDF: as_pdf}


@router.get(
    "/report",
    response_class=Response,
    responses={
        **problems(Invalid),
        200: {
            "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in _TYPES.values()},
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
        raise Invalid(faults=[Fault("/chart", "chart_or_format", ru, en, "query")])
    report = await make_report(session, cut, by)
    name, kind = f"monitoring-{clock.today():%Y-%m-%d}", _TYPES[format]
    if chart is not None:
        content, name = svg(report.charts[chart]).encode(), f"{name}-{chart}"
    else:
        content = await asyncio.to_thread(_WRITERS[format], report)
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.{format}"',
        "Cache-Control": "private, no-store",
    }
    return Response(content, headers=headers, media_type=kind)
