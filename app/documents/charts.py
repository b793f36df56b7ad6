"""Charts of shares and scores as SVG, with 95 % intervals and every number in the text description.

They are used in pages, in the PDF and as separate files, so they have no script and no style attribute (strict CSP).
Coordinates are computed here; the markup is in `data/*.svg.jinja`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from math import ceil
from pathlib import Path

import jinja2

from app.documents.tables.writer import remove_invalid_xml

WIDTH = 720
_LINE_HEIGHT = 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 20, 16, 44
_MAX_LABELS = 12
_ROW = 44
_NAMES = 250
_VALUES = 150
_NAME_LENGTH = 34
_NAME_LINES = 2

_templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "data"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    finalize=lambda value: remove_invalid_xml(value) if type(value) is str else value,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Scale(Enum):
    """Scale of a chart: its minimum and maximum value."""

    SHARE = (0.0, 1.0)
    SCORE = (1.0, 5.0)

    def part(self, value: float) -> float:
        """Return the position of a value on the scale, from 0 to 1."""
        least, most = self.value
        return float((value - least) / (most - least))

    def format(self, value: float | None) -> str:
        """Format a value in Russian: «73,2 %», «4,2»; a dash without a value."""
        if value is None:
            return "—"
        text = f"{value * 100:.1f}" if self is Scale.SHARE else f"{value:.1f}"
        return text.removesuffix(".0").replace(".", ",") + ("\u00a0%" if self is Scale.SHARE else "")


@dataclass(frozen=True, slots=True)
class Mark:
    """One figure of a chart: its name, sample size, value and interval; None values without answers."""

    name: str
    n: int
    value: float | None
    low: float | None
    high: float | None
    is_small: bool = False
    """Whether n is too small for conclusions; such a mark is drawn hollow."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with its key and its title."""

    name: str
    title: str
    marks: Sequence[Mark]
    over_time: bool = False
    scale: Scale = Scale.SHARE


def render_svg(chart: Chart) -> str:
    """Render a chart as an SVG element: a line over time, otherwise bars."""
    return _render_line(chart) if chart.over_time else _render_bars(chart)


def split_chart(chart: Chart, most: int) -> list[Chart]:
    """Split a bar chart into charts of at most `most` marks, to fit a page; a line chart is not split."""
    if chart.over_time or len(chart.marks) <= most:
        return [chart]
    parts = [chart.marks[start : start + most] for start in range(0, len(chart.marks), most)]
    titles = [chart.title, *[f"{chart.title} (продолжение)"] * (len(parts) - 1)]
    return [replace(chart, title=title, marks=marks) for title, marks in zip(titles, parts, strict=True)]


def describe_chart(chart: Chart) -> str:
    """Describe a chart in Russian words, for screen readers."""
    parts = [f"{mark.name}: {chart.scale.format(mark.value)}, n = {mark.n}" for mark in chart.marks]
    return "; ".join(parts) + "." if parts else "Нет данных."


def _render_line(chart: Chart) -> str:
    height, wide = _LINE_HEIGHT - _TOP - _BOTTOM, WIDTH - _LEFT - _RIGHT
    step = wide / max(1, len(chart.marks))

    def x(place: int) -> float:
        return round(_LEFT + step * (place + 0.5), 1)

    def y(value: float) -> float:
        return round(_TOP + height * (1 - chart.scale.part(value)), 1)

    points = [
        {
            "x": x(place),
            "y": y(mark.value),
            "low": y(mark.value if mark.low is None else mark.low),
            "high": y(mark.value if mark.high is None else mark.high),
            "mark": mark,
        }
        for place, mark in enumerate(chart.marks)
        if mark.value is not None
    ]
    runs: list[list[dict[str, object]]] = []
    before = -2
    known = [place for place, mark in enumerate(chart.marks) if mark.value is not None]
    for place, point in zip(known, points, strict=True):
        if place != before + 1:
            runs.append([])
        runs[-1].append(point)
        before = place
    every = ceil(len(chart.marks) / _MAX_LABELS) or 1
    return _templates.get_template("line.svg.jinja").render(
        chart=chart,
        description=describe_chart(chart),
        width=WIDTH,
        height=_LINE_HEIGHT,
        left=_LEFT,
        right=WIDTH - _RIGHT,
        grid=[(y(value), chart.scale.format(value)) for value in _compute_ticks(chart.scale)],
        labels=[(x(place), mark.name) for place, mark in enumerate(chart.marks) if place % every == 0],
        runs=runs,
        points=points,
    )


def _render_bars(chart: Chart) -> str:
    wide = WIDTH - _NAMES - _VALUES
    rows = [
        {
            "mark": mark,
            "top": _TOP + _ROW * place,
            "lines": _wrap_name(mark.name),
            "wide": 0 if mark.value is None else round(wide * chart.scale.part(mark.value), 1),
            "low": None if mark.low is None else round(_NAMES + wide * chart.scale.part(mark.low), 1),
            "high": None if mark.high is None else round(_NAMES + wide * chart.scale.part(mark.high), 1),
        }
        for place, mark in enumerate(chart.marks)
    ]
    return _templates.get_template("bars.svg.jinja").render(
        chart=chart,
        description=describe_chart(chart),
        width=WIDTH,
        height=_TOP * 2 + _ROW * max(1, len(rows)),
        left=_NAMES,
        right=_NAMES + wide,
        rows=rows,
    )


def _compute_ticks(scale: Scale) -> list[float]:
    least, most = scale.value
    return [least + (most - least) * quarter / 4 for quarter in range(5)]


def _wrap_name(name: str) -> list[str]:
    """Wrap a name to fit next to its bar; a longer one ends with `…` (the description has the full name)."""
    lines = [""]
    for word in name.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > _NAME_LENGTH:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    lines = [line if len(line) <= _NAME_LENGTH else line[: _NAME_LENGTH - 1] + "…" for line in lines]
    if len(lines) > _NAME_LINES:
        lines = [*lines[: _NAME_LINES - 1], lines[_NAME_LINES - 1][: _NAME_LENGTH - 1] + "…"]
    return lines
