"""What a monitoring report holds, before it is written as anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.documents.charts import Chart


class Kind(StrEnum):
    """What a column of a table holds; a cell without a value is None in every kind."""

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    SHARE = "share"


Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers of a part of the report."""

    name: str
    """Short: the name of a sheet too."""
    columns: Sequence[tuple[str, Kind]]
    rows: Sequence[Sequence[Cell]]
    drawn_as: str | None = None
    """The name of the chart that draws its rows, one mark a row; None: none does."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the report: a heading, charts where there is something to draw, and the numbers beside them."""

    title: str
    charts: Sequence[Chart]
    tables: Sequence[Table]


@dataclass(frozen=True, slots=True)
class Report:
    """The report on the satisfaction of external clients (O-11)."""

    title: str
    facts: Sequence[tuple[str, str]]
    """What it is about: organization, period, filters, when it was made."""
    parts: Sequence[Part]
    signed_off: Sequence[str]
    """Who signed off which figures and when (O-10), a sentence each."""

    @property
    def charts(self) -> dict[str, Chart]:
        """Every chart by its name."""
        return {chart.name: chart for part in self.parts for chart in part.charts}
