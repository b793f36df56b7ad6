"""The monitoring report as PDF."""

from pathlib import Path

from app.documents.charts import Scale, describe_chart, render_svg, split_chart
from app.documents.pdf import render_pdf
from app.monitoring.report.content import Cell, Kind, Report

TEMPLATE = Path(__file__).parent / "data" / "report.typ"
_BARS_A_PAGE = 20
"""Typst cuts off images taller than a page."""


def render_report_pdf(report: Report) -> bytes:
    """Render the report on A4 with charts and tables. Blocks: use a thread."""
    parts = [
        {
            "title": part.title,
            "charts": [
                {"title": piece.title, "svg": render_svg(piece), "description": describe_chart(piece)}
                for chart in part.charts
                for piece in split_chart(chart, _BARS_A_PAGE)
            ],
            "tables": [
                {
                    "name": table.name,
                    "columns": [name for name, _ in table.columns],
                    "rows": [
                        [format_cell(cell, kind) for cell, (_, kind) in zip(row, table.columns, strict=True)]
                        for row in table.rows
                    ],
                }
                for table in part.tables
            ],
        }
        for part in report.parts
    ]
    content = {
        "title": report.title,
        "facts": list(report.facts),
        "parts": parts,
        "signed_off": list(report.signed_off),
    }
    return render_pdf(TEMPLATE, content)


def format_cell(cell: Cell, kind: Kind) -> str:
    """Format a cell in Russian; a dash without a value."""
    if cell is None:
        return "—"
    if isinstance(cell, str):
        return cell
    if kind is Kind.SHARE:
        return Scale.SHARE.format(cell)
    if kind is Kind.NUMBER:
        return f"{cell:.1f}".replace(".", ",")
    return f"{cell:,}".replace(",", "\u00a0")
