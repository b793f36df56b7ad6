"""Charts of shares and of scores as SVG: 95 % intervals drawn, every number in the description, nothing but markup.

They stand in pages (no script, no style attribute: a strict CSP lets them be), in the PDF, and by themselves. What they
are made of is counted here; how it is written stands in `data/*.svg.jinja`.
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
_MOST_LABELS = 12
_ROW = 44
_NAMES = 250
_VALUES = 150
_NAME_LETTERS = 34
_NAME_LINES = 2

_pages = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "data"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    finalize=lambda value: remove_invalid_xml(value) if type(value) is str else value,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Scale(Enum):
    """What is drawn: the least and the greatest value."""

    SHARE = (0.0, 1.0)
    SCORE = (1.0, 5.0)

    def part(self, value: float) -> float:
        """How far up a value stands, from 0 to 1."""
        least, most = self.value
        return float((value - least) / (most - least))

    def shown(self, value: float | None) -> str:
        """A value as it is read in Russian: «73,2 %», «4,2»; without answers a dash."""
        if value is None:
            return "—"
        told = f"{value * 100:.1f}" if self is Scale.SHARE else f"{value:.1f}"
        return told.removesuffix(".0").replace(".", ",") + ("\u00a0%" if self is Scale.SHARE else "")


@dataclass(frozen=True, slots=True)
class Mark:
    """One figure of a chart: its name, of how many answers it is, and its interval; None without answers."""

    name: str
    n: int
    value: float | None
    low: float | None
    high: float | None
    is_small: bool = False
    """Whether n is too small to say anything: such a mark is drawn hollow."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart by the name that it is asked for, with the heading that stands above it."""

    name: str
    title: str
    marks: Sequence[Mark]
    over_time: bool = False
    scale: Scale = Scale.SHARE


def render_svg(chart: Chart) -> str:
    """The chart as an SVG element: a line with its interval over time, bars otherwise."""
    return _line(chart) if chart.over_time else _bars(chart)


def split_chart(chart: Chart, most: int) -> list[Chart]:
    """Bars in charts of so many marks at most, as a page holds them; a line stays whole."""
    if chart.over_time or len(chart.marks) <= most:
        return [chart]
    parts = [chart.marks[start : start + most] for start in range(0, len(chart.marks), most)]
    titles = [chart.title, *[f"{chart.title} (продолжение)"] * (len(parts) - 1)]
    return [replace(chart, title=title, marks=marks) for title, marks in zip(titles, parts, strict=True)]


def describe_chart(chart: Chart) -> str:
    """What the chart shows, in words: for those who don't see it."""
    told = [f"{mark.name}: {chart.scale.shown(mark.value)}, n = {mark.n}" for mark in chart.marks]
    return "; ".join(told) + "." if told else "Нет данных."


def _line(chart: Chart) -> str:
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
    every = ceil(len(chart.marks) / _MOST_LABELS) or 1
    return _pages.get_template("line.svg.jinja").render(
        chart=chart,
        description=describe_chart(chart),
        width=WIDTH,
        height=_LINE_HEIGHT,
        left=_LEFT,
        right=WIDTH - _RIGHT,
        grid=[(y(value), chart.scale.shown(value)) for value in _ticks(chart.scale)],
        labels=[(x(place), mark.name) for place, mark in enumerate(chart.marks) if place % every == 0],
        runs=runs,
        points=points,
    )


def _bars(chart: Chart) -> str:
    wide = WIDTH - _NAMES - _VALUES
    rows = [
        {
            "mark": mark,
            "top": _TOP + _ROW * place,
            "lines": _lines(mark.name),
            "wide": 0 if mark.value is None else round(wide * chart.scale.part(mark.value), 1),
            "low": None if mark.low is None else round(_NAMES + wide * chart.scale.part(mark.low), 1),
            "high": None if mark.high is None else round(_NAMES + wide * chart.scale.part(mark.high), 1),
        }
        for place, mark in enumerate(chart.marks)
    ]
    return _pages.get_template("bars.svg.jinja").render(
        chart=chart,
        description=describe_chart(chart),
        width=WIDTH,
        height=_TOP * 2 + _ROW * max(1, len(rows)),
        left=_NAMES,
        right=_NAMES + wide,
        rows=rows,
    )


def _ticks(scale: Scale) -> list[float]:
    least, most = scale.value
    return [least + (most - least) * quarter / 4 for quarter in range(5)]


def _lines(name: str) -> list[str]:
    """A name in lines that fit beside its bar; what doesn't fit ends with `…` (the description has all of it)."""
    lines = [""]
    for word in name.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > _NAME_LETTERS:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    lines = [line if len(line) <= _NAME_LETTERS else line[: _NAME_LETTERS - 1] + "…" for line in lines]
    if len(lines) > _NAME_LINES:
        lines = [*lines[: _NAME_LINES - 1], lines[_NAME_LINES - 1][: _NAME_LETTERS - 1] + "…"]
    return lines
