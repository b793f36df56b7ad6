"""Content of the monitoring report, independent of the file format."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.documents.charts import Chart


class Kind(StrEnum):
    """Type of a table column; a cell without a value is None in every type."""

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    SHARE = "share"


Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a part of the report."""

    name: str
    """Short, because it is also the name of a sheet."""
    columns: Sequence[tuple[str, Kind]]
    rows: Sequence[Sequence[Cell]]
    drawn_as: str | None = None
    """The name of the chart of the rows, one mark for each row; None without a chart."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the report: a heading, charts and tables."""

    title: str
    charts: Sequence[Chart]
    tables: Sequence[Table]


@dataclass(frozen=True, slots=True)
class Report:
    """The report on the satisfaction of external clients (O-11)."""

    title: str
    facts: Sequence[tuple[str, str]]
    """Organization, period, filters and time of creation, as pairs of name and value."""
    parts: Sequence[Part]
    signed_off: Sequence[str]
    """One sentence for each sign-off: who signed off which figures and when (O-10)."""

    @property
    def charts(self) -> dict[str, Chart]:
        """All charts by name."""
        return {chart.name: chart for part in self.parts for chart in part.charts}
