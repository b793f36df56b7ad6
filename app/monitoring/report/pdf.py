"""The report as PDF: for signing, filing and handing on."""

from pathlib import Path

from app.documents.charts import Scale, describe_chart, render_svg, split_chart
from app.documents.pdf import render_pdf
from app.monitoring.report.content import Cell, Kind, Report

TEMPLATE = Path(__file__).parent / "data" / "report.typ"
_BARS_A_PAGE = 20
"""What is taller than a page, Typst cuts off at both ends."""


def render_report_pdf(report: Report) -> bytes:
    """The report on A4, charts and tables. Blocks."""
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
                        [shown(cell, kind) for cell, (_, kind) in zip(row, table.columns, strict=True)]
                        for row in table.rows
                    ],
                }
                for table in part.tables
            ],
        }
        for part in report.parts
    ]
    told = {"title": report.title, "facts": list(report.facts), "parts": parts, "signed_off": list(report.signed_off)}
    return render_pdf(TEMPLATE, told)


def shown(cell: Cell, kind: Kind) -> str:
    """A cell as it is read in Russian; without a value a dash."""
    if cell is None:
        return "—"
    if isinstance(cell, str):
        return cell
    if kind is Kind.SHARE:
        return Scale.SHARE.shown(cell)
    if kind is Kind.NUMBER:
        return f"{cell:.1f}".replace(".", ",")
    return f"{cell:,}".replace(",", "\u00a0")
