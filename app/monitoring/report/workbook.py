"""The monitoring report as XLSX: one sheet for each table, numeric cells and native charts."""

import io
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from app.documents.charts import Chart, Scale
from app.documents.tables.writer import remove_invalid_xml
from app.monitoring.report.content import Cell, Kind, Report, Table

_FORMATS = {Kind.TEXT: None, Kind.WHOLE: "#,##0", Kind.NUMBER: "#,##0.0", Kind.SHARE: "0.0%"}
_MAX_WIDTH = 60
_SHEET_NAME = 31


def render_report_xlsx(report: Report) -> bytes:
    """Render the report as a workbook without formulas and links. Blocks: use a thread."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        bold = book.add_format({"bold": True})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        formats = {
            kind: book.add_format({"num_format": num_format}) if num_format else wrapped
            for kind, num_format in _FORMATS.items()
        }
        first = book.add_worksheet("Отчёт")
        first.set_column(0, 0, 28)
        first.set_column(1, 1, 80)
        first.write_string(0, 0, report.title, bold)
        for place, (name, value) in enumerate(report.facts, start=2):
            first.write_string(place, 0, name, bold)
            first.write_string(place, 1, remove_invalid_xml(value), wrapped)
        for place, sentence in enumerate(report.signed_off, start=len(report.facts) + 3):
            first.write_string(place, 1, remove_invalid_xml(sentence), wrapped)
        for part in report.parts:
            for table in part.tables:
                sheet = book.add_worksheet(table.name[:_SHEET_NAME])
                _write_table(sheet, table, bold, formats)
                if drawn := next((chart for chart in part.charts if chart.name == table.drawn_as), None):
                    _add_chart(book, sheet, table, drawn)
    return out.getvalue()


def _write_table(sheet: Worksheet, table: Table, bold: Any, formats: dict[Kind, Any]) -> None:
    for column, (name, kind) in enumerate(table.columns):
        sheet.write_string(0, column, name, bold)
        longest = max((len(row[column]) for row in table.rows if isinstance(row[column], str)), default=0)  # type: ignore[arg-type]
        sheet.set_column(column, column, min(_MAX_WIDTH, max(longest, len(name)) + 2))
        for row, cells in enumerate(table.rows, start=1):
            _write_cell(sheet, row, column, cells[column], formats[kind])
    sheet.freeze_panes(1, 0)


def _write_cell(sheet: Worksheet, row: int, column: int, cell: Cell, style: Any) -> None:
    if isinstance(cell, str):
        sheet.write_string(row, column, remove_invalid_xml(cell), style)
    elif cell is not None:
        sheet.write_number(row, column, cell, style)


def _add_chart(book: xlsxwriter.Workbook, sheet: Worksheet, table: Table, chart: Chart) -> None:
    """Add a chart of the figure of each row, with its interval as error bars."""
    if not table.rows:
        return
    column = next(place for place, (_, kind) in enumerate(table.columns) if kind in (Kind.SHARE, Kind.NUMBER))
    last = len(table.rows)
    drawn = book.add_chart({"type": "line" if chart.over_time else "bar"})
    drawn.add_series(
        {
            "name": table.columns[column][0],
            "categories": [sheet.name, 1, 0, last, 0],
            "values": [sheet.name, 1, column, last, column],
            "marker": {"type": "circle"},
            "y_error_bars" if chart.over_time else "x_error_bars": {
                "type": "custom",
                "plus_values": [_compute_error(mark.high, mark.value) for mark in chart.marks],
                "minus_values": [_compute_error(mark.value, mark.low) for mark in chart.marks],
            },
        }
    )
    drawn.set_title({"name": chart.title, "name_font": {"size": 12}})
    least, most = chart.scale.value
    shares, names = ("y", "x") if chart.over_time else ("x", "y")
    getattr(drawn, f"set_{shares}_axis")(
        {"min": least, "max": most, "num_format": "0%" if chart.scale is Scale.SHARE else "0"}
    )
    getattr(drawn, f"set_{names}_axis")({"reverse": not chart.over_time})
    drawn.set_legend({"none": True})
    drawn.set_size({"width": 720, "height": 340 if chart.over_time else max(340, 80 + 22 * last)})
    sheet.insert_chart(xl_rowcol_to_cell(1, len(table.columns) + 1), drawn)


def _compute_error(high: float | None, low: float | None) -> float:
    return 0.0 if high is None or low is None else round(high - low, 4)
