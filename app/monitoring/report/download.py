"""The report as an answer over HTTP, whoever asked for it and how."""

import asyncio
from enum import StrEnum

from fastapi import Response

from app.core import clock
from app.documents.charts import Chart, render_svg
from app.monitoring.report.content import Report
from app.monitoring.report.pdf import render_report_pdf
from app.monitoring.report.workbook import render_report_xlsx


class ReportFormat(StrEnum):
    """What a report is handed out in."""

    XLSX = "xlsx"
    PDF = "pdf"
    SVG = "svg"


TYPES = {
    ReportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ReportFormat.PDF: "application/pdf",
    ReportFormat.SVG: "image/svg+xml",
}


async def download_response(report: Report, format: ReportFormat, chart: str | None = None) -> Response:
    """The report, or its one chart that is named for SVG, as a file that no cache keeps."""
    name = f"monitoring-{clock.today():%Y-%m-%d}"
    if format is ReportFormat.SVG and chart is not None:
        drawn: Chart = report.charts[chart]
        content, name = render_svg(drawn).encode(), f"{name}-{chart}"
    else:
        content = await asyncio.to_thread(
            render_report_pdf if format is ReportFormat.PDF else render_report_xlsx, report
        )
    headers = {"Content-Disposition": f'attachment; filename="{name}.{format}"', "Cache-Control": "private, no-store"}
    return Response(content, headers=headers, media_type=TYPES[format])
