"""Statistics of monitoring: every share and mean has its n and its 95 % interval (O-11).

Two shares are compared by Newcombe's interval of their difference (1998, method 10). It is built from the two Wilson
intervals, keeps its 95 % coverage for small samples and for shares near 0 and 1, where the usual z-test does not, and
stays within −1 … 1. Two means are compared by Welch's interval with the quantile of the normal distribution, which
from 30 scores on each side equals Student's to the displayed digits; the variances may differ. A difference is
significant when its interval excludes 0. With fewer than 30 answers on either side there is no verdict: the interval
of a share may then be 36 percentage points wide.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from math import sqrt
from statistics import NormalDist

from app.core.transitions import Transitions

Z = 1.959963984540054
"""Quantile of the normal distribution for a 95 % interval."""
DIGITS = 4
MIN_SAMPLE = 30
"""Smaller samples are marked as too small, and differences between them get no verdict."""


class Verdict(StrEnum):
    """Verdict on a difference."""

    HIGHER = "higher"
    LOWER = "lower"
    WITHIN_CHANCE = "within_chance"
    TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure minus another, its 95 % interval and the verdict; None values where a side has no answers."""

    difference: float | None
    low: float | None
    high: float | None
    verdict: Verdict


def compute_share(satisfied: int, n: int) -> float | None:
    """Return the share of answer 1, rounded to 4 digits, or None without answers."""
    return round(satisfied / n, DIGITS) if n else None


def compute_wilson(satisfied: int, n: int) -> tuple[float | None, float | None]:
    """Return the 95 % Wilson score interval of a share, rounded to 4 digits, or (None, None) without answers."""
    if n == 0:
        return None, None
    low, high = _compute_wilson_bounds(satisfied, n, Z)
    return round(low, DIGITS), round(high, DIGITS)


def _compute_wilson_bounds(count: int, n: int, z: float) -> tuple[float, float]:
    p = count / n
    weight = 1 + z * z / n
    center = (p + z * z / (2 * n)) / weight
    half = z / weight * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, center - half), min(1.0, center + half)


def build_share_fields(count: int, n: int) -> dict[str, float | bool | None]:
    """Return a share, its interval and whether the sample is too small."""
    low, high = compute_wilson(count, n)
    return {"share": compute_share(count, n), "low": low, "high": high, "is_too_few": n < MIN_SAMPLE}


def compute_quantile(comparisons: int) -> float:
    """Return the quantile that keeps the error of all comparisons together at 5 % (Bonferroni)."""
    return NormalDist().inv_cdf(1 - 0.025 / max(1, comparisons))


def compare_shares(count: int, n: int, other_count: int, other_n: int, z: float = Z) -> Difference:
    """Compare two shares by Newcombe's interval."""
    if n == 0 or other_n == 0:
        return Difference(None, None, None, Verdict.TOO_FEW)
    p, other = count / n, other_count / other_n
    low, high = _compute_wilson_bounds(count, n, z)
    other_low, other_high = _compute_wilson_bounds(other_count, other_n, z)
    down = sqrt((p - low) ** 2 + (other_high - other) ** 2)
    up = sqrt((high - p) ** 2 + (other - other_low) ** 2)
    return _build_difference(p - other, down, up, min(n, other_n))


def compute_mean(counts: Sequence[int]) -> float | None:
    """Return the mean of scores from their counts (score 1 first), rounded to 4 digits, or None without scores."""
    return None if not sum(counts) else round(_compute_exact_mean(counts), DIGITS)


def compute_mean_interval(counts: Sequence[int]) -> tuple[float | None, float | None]:
    """Return the 95 % interval of a mean, rounded to 4 digits, or (None, None) below the minimum sample."""
    if sum(counts) < MIN_SAMPLE:
        return None, None
    half = Z * sqrt(_compute_mean_variance(counts))
    average = _compute_exact_mean(counts)
    return round(max(1.0, average - half), DIGITS), round(min(len(counts), average + half), DIGITS)


def compare_means(counts: Sequence[int], other: Sequence[int], z: float = Z) -> Difference:
    """Compare two means by Welch's interval; below the minimum sample return the difference without an interval."""
    least = min(sum(counts), sum(other))
    if least == 0:
        return Difference(None, None, None, Verdict.TOO_FEW)
    difference = _compute_exact_mean(counts) - _compute_exact_mean(other)
    if least < MIN_SAMPLE:
        return Difference(round(difference, DIGITS), None, None, Verdict.TOO_FEW)
    half = z * sqrt(_compute_mean_variance(counts) + _compute_mean_variance(other))
    return _build_difference(difference, half, half, least)


def _build_difference(difference: float, down: float, up: float, least: int) -> Difference:
    low, high = difference - down, difference + up
    if least < MIN_SAMPLE:
        verdict = Verdict.TOO_FEW
    elif low > 0:
        verdict = Verdict.HIGHER
    elif high < 0:
        verdict = Verdict.LOWER
    else:
        verdict = Verdict.WITHIN_CHANCE
    return Difference(round(difference, DIGITS), round(low, DIGITS), round(high, DIGITS), verdict)


def _compute_exact_mean(counts: Sequence[int]) -> float:
    return sum(value * count for value, count in enumerate(counts, 1)) / sum(counts)


def _compute_mean_variance(counts: Sequence[int]) -> float:
    n, average = sum(counts), _compute_exact_mean(counts)
    return sum(count * (value - average) ** 2 for value, count in enumerate(counts, 1)) / (n - 1) / n


def find_last_successors(successors: Mapping[str, str | None]) -> dict[str, str]:
    """Return each municipality's current successor across reforms, or itself without one or in a cycle."""
    last_successors: dict[str, str] = {}
    for start in successors:
        chain = [start]
        while (successor := successors.get(chain[-1])) is not None and successor not in chain:
            chain.append(successor)
        last_successors[start] = start if successor is not None else chain[-1]
    return last_successors


def find_predecessors(code: str, successors: Mapping[str, str | None]) -> list[str]:
    """Return a municipality and all its predecessors, across any number of reforms."""
    found = [code]
    for known in found:
        found += [old for old, new in successors.items() if new == known and old not in found]
    return found


Counts = tuple[int, ...]
"""The number of answers of each value, value 1 first."""


def add_counts(parts: Iterable[tuple[str, str, Counts]]) -> dict[str, dict[str, Counts]]:
    """Add up counts by question row and by group; rows and groups without answers are omitted."""
    sums: dict[str, dict[str, Counts]] = {}
    for row, group, counts in parts:
        groups = sums.setdefault(row, {})
        groups[group] = tuple(map(sum, zip(groups.get(group, (0,) * len(counts)), counts, strict=True)))
    found = {row: {group: counts for group, counts in groups.items() if any(counts)} for row, groups in sums.items()}
    return {row: groups for row, groups in found.items() if groups}


def sum_counts(counts: Iterable[Counts]) -> Counts:
    """Add up the counts of several groups; return an empty tuple without groups."""
    return tuple(map(sum, zip(*counts, strict=True)))


class UnmetNeedState(StrEnum):
    """State of an unmet need."""

    OPEN = "open"
    TAKEN_UP = "taken_up"
    RESOLVED = "resolved"


class UnmetNeedMove(StrEnum):
    """Transition of an unmet need; new comments also reopen a resolved one."""

    START = "start"
    RESOLVE = "resolve"
    REOPEN = "reopen"


_S, _M = UnmetNeedState, UnmetNeedMove

_UNMET_NEED_TABLE: dict[UnmetNeedState, dict[UnmetNeedMove, UnmetNeedState]] = {
    _S.OPEN: {_M.START: _S.TAKEN_UP, _M.RESOLVE: _S.RESOLVED},
    _S.TAKEN_UP: {_M.RESOLVE: _S.RESOLVED, _M.REOPEN: _S.OPEN},
    _S.RESOLVED: {_M.REOPEN: _S.OPEN},
}
UNMET_NEED_TRANSITIONS = Transitions(
    _UNMET_NEED_TABLE,
    states_ru={_S.OPEN: "открыто", _S.TAKEN_UP: "в работе", _S.RESOLVED: "решено"},
    moves_ru={_M.START: "взять в работу", _M.RESOLVE: "отметить как решённое", _M.REOPEN: "открыть снова"},
)


class TargetPeriod(StrEnum):
    """Period that a target is judged by."""

    MONTH = "month"
    QUARTER = "quarter"


MONTHS_RU = "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь".split()  # noqa: SIM905
_QUARTERS_RU = ("I", "II", "III", "IV")


def find_period(day: date, period: TargetPeriod) -> tuple[date, date]:
    """Return the first and the last day of the month or quarter that contains a day."""
    months = 1 if period is TargetPeriod.MONTH else 3
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    next_start = date(first.year + (first.month - 1 + months) // 12, (first.month - 1 + months) % 12 + 1, 1)
    return first, next_start - timedelta(days=1)


def format_period(first: date, period: TargetPeriod) -> str:
    """Format a month or quarter in Russian."""
    if period is TargetPeriod.MONTH:
        return f"{MONTHS_RU[first.month - 1]} {first.year} года"
    return f"{_QUARTERS_RU[first.month // 3]} квартал {first.year} года"


def format_percent(value: float) -> str:
    """Format a share as a percentage with one decimal digit: 62,5 %."""
    return f"{value * 100:.1f} %".replace(".", ",")


def is_below_target(count: int, n: int, threshold: float, min_sample: int) -> bool:
    """Return whether a share is below its target; a sample below the minimum never is."""
    return n >= max(1, min_sample) and count < threshold * n
