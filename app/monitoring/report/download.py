"""HTTP response with the report as a file, for the API and the page."""

import asyncio
from enum import StrEnum

from fastapi import Response

from app.core import clock
from app.core.db import Database
from app.core.problems import FieldError, ValidationFailed
from app.core.security import Principal
from app.documents.charts import render_svg
from app.monitoring.queries.survey_counts import Cut
from app.monitoring.report.builder import build_report
from app.monitoring.report.pdf import render_report_pdf
from app.monitoring.report.workbook import render_report_xlsx


class ReportFormat(StrEnum):
    """File formats of the report."""

    XLSX = "xlsx"
    PDF = "pdf"
    SVG = "svg"


class ReportChart(StrEnum):
    """Charts of the report."""

    SATISFACTION = "satisfaction"
    MUNICIPALITIES = "municipalities"
    SOURCES = "sources"
    FINDABILITY = "findability"
    SERVICE_LEVELS = "service_levels"
    FINAL_REPLIES = "final_replies"


TYPES = {
    ReportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ReportFormat.PDF: "application/pdf",
    ReportFormat.SVG: "image/svg+xml",
}


async def download_response(
    database: Database, cut: Cut, by: Principal, format: ReportFormat, chart: ReportChart | None = None
) -> Response:
    """Build the response with the report, or with the chart for SVG, as a file that is not cached.

    The figures are read in a transaction of their own, because rendering takes seconds. Raises `ValidationFailed`.
    """
    if (format is ReportFormat.SVG) != (chart is not None):
        ru = "Диаграмма указывается только для формата SVG и для него обязательна."
        en = "`chart` is required with `format=svg` and not allowed otherwise."
        raise ValidationFailed(field_errors=[FieldError("/chart", "chart_or_format", ru, en, "query")])
    async with database.transaction(write=False) as session:
        report = await build_report(session, cut, by)
    name = f"monitoring-{clock.today():%Y-%m-%d}"
    if chart is not None:
        content, name = render_svg(report.charts[chart]).encode(), f"{name}-{chart}"
    else:
        content = await asyncio.to_thread(
            render_report_pdf if format is ReportFormat.PDF else render_report_xlsx, report
        )
    headers = {"Content-Disposition": f'attachment; filename="{name}.{format}"', "Cache-Control": "private, no-store"}
    return Response(content, headers=headers, media_type=TYPES[format])
