"""Figures of monitoring: a share or a mean always comes with its n and its 95 % interval (O-11).

Two shares are compared by Newcombe's interval of their difference (1998, method 10): it is made of the two Wilson
intervals that are shown anyway, keeps its 95 % for small samples and for shares near 0 and 1, where the usual z-test
does not, and never leaves −1 … 1. Two means are compared by Welch's interval with the quantile of the normal
distribution, which from 30 scores on a side is the same as Student's to the digits shown; the variances need not be
equal. A difference matters when its interval leaves out 0. Below 30 answers on either side nothing is said at all:
there the interval of a share may be 36 percentage points wide.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from math import sqrt
from statistics import NormalDist

Z = 1.959963984540054
"""Quantile of the normal distribution for 95 %."""
DIGITS = 4
MIN_SAMPLE = 30
"""So few answers say next to nothing, and differences between them nothing."""


class Verdict(StrEnum):
    """What a difference says."""

    HIGHER = "higher"
    LOWER = "lower"
    WITHIN_CHANCE = "within_chance"
    TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure minus another, the 95 % interval of that, and what it says; Nones where a side has no answers."""

    difference: float | None
    low: float | None
    high: float | None
    verdict: Verdict


def share(satisfied: int, n: int) -> float | None:
    """The share of answer 1, rounded to 4 digits; None without answers."""
    return round(satisfied / n, DIGITS) if n else None


def wilson(satisfied: int, n: int) -> tuple[float | None, float | None]:
    """The Wilson score interval of a share at 95 %, rounded to 4 digits; (None, None) without answers."""
    if n == 0:
        return None, None
    low, high = _wilson(satisfied, n, Z)
    return round(low, DIGITS), round(high, DIGITS)


def _wilson(count: int, n: int, z: float) -> tuple[float, float]:
    p = count / n
    weight = 1 + z * z / n
    center = (p + z * z / (2 * n)) / weight
    half = z / weight * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, center - half), min(1.0, center + half)


def proportion(count: int, n: int) -> dict[str, float | bool | None]:
    """What is told of a share beside its counts: the share, its interval, and whether there are too few answers."""
    low, high = wilson(count, n)
    return {"share": share(count, n), "low": low, "high": high, "is_too_few": n < MIN_SAMPLE}


def z_among(comparisons: int) -> float:
    """The quantile with which so many comparisons name, by chance, any difference in 5 % of cases (Bonferroni)."""
    return NormalDist().inv_cdf(1 - 0.025 / max(1, comparisons))


def shares_differ(count: int, n: int, other_count: int, other_n: int, z: float = Z) -> Difference:
    """How one share differs from another, by Newcombe's interval."""
    if n == 0 or other_n == 0:
        return Difference(None, None, None, Verdict.TOO_FEW)
    p, other = count / n, other_count / other_n
    low, high = _wilson(count, n, z)
    other_low, other_high = _wilson(other_count, other_n, z)
    down = sqrt((p - low) ** 2 + (other_high - other) ** 2)
    up = sqrt((high - p) ** 2 + (other - other_low) ** 2)
    return _judged(p - other, down, up, min(n, other_n))


def mean(counts: Sequence[int]) -> float | None:
    """The mean of scores that were given so many times each (1 first), rounded to 4 digits; None without scores."""
    return None if not sum(counts) else round(_mean(counts), DIGITS)


def mean_interval(counts: Sequence[int]) -> tuple[float | None, float | None]:
    """The 95 % interval of a mean, rounded to 4 digits; (None, None) where there are too few scores for one."""
    if sum(counts) < MIN_SAMPLE:
        return None, None
    half = Z * sqrt(_variance_of_mean(counts))
    return round(max(1.0, _mean(counts) - half), DIGITS), round(min(len(counts), _mean(counts) + half), DIGITS)


def means_differ(counts: Sequence[int], other: Sequence[int], z: float = Z) -> Difference:
    """How one mean of scores differs from another, by Welch's interval; too few scores have a difference only."""
    least = min(sum(counts), sum(other))
    if least == 0:
        return Difference(None, None, None, Verdict.TOO_FEW)
    difference = _mean(counts) - _mean(other)
    if least < MIN_SAMPLE:
        return Difference(round(difference, DIGITS), None, None, Verdict.TOO_FEW)
    half = z * sqrt(_variance_of_mean(counts) + _variance_of_mean(other))
    return _judged(difference, half, half, least)


def _judged(difference: float, down: float, up: float, least: int) -> Difference:
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


def _mean(counts: Sequence[int]) -> float:
    return sum(value * count for value, count in enumerate(counts, 1)) / sum(counts)


def _variance_of_mean(counts: Sequence[int]) -> float:
    n, middle = sum(counts), _mean(counts)
    return sum(count * (value - middle) ** 2 for value, count in enumerate(counts, 1)) / (n - 1) / n


def find_last_successors(successors: Mapping[str, str | None]) -> dict[str, str]:
    """Each municipality's successor of today, over several reforms; itself where it has none or they run in a ring."""
    lasting: dict[str, str] = {}
    for start in successors:
        line = [start]
        while (following := successors.get(line[-1])) is not None and following not in line:
            line.append(following)
        lasting[start] = start if following is not None else line[-1]
    return lasting


def find_predecessors(code: str, successors: Mapping[str, str | None]) -> list[str]:
    """A municipality with all that were reformed into it, however many reforms ago."""
    found = [code]
    for known in found:
        found += [old for old, new in successors.items() if new == known and old not in found]
    return found


Counts = tuple[int, ...]
"""How often each value was answered, the value 1 first."""


def add_counts(parts: Iterable[tuple[str, str, Counts]]) -> dict[str, dict[str, Counts]]:
    """Counts added up by the row of a question and by group; what nobody answered is left out."""
    sums: dict[str, dict[str, Counts]] = {}
    for row, group, counts in parts:
        groups = sums.setdefault(row, {})
        groups[group] = tuple(map(sum, zip(groups.get(group, (0,) * len(counts)), counts, strict=True)))
    found = {row: {group: counts for group, counts in groups.items() if any(counts)} for row, groups in sums.items()}
    return {row: groups for row, groups in found.items() if groups}


def summed(counts: Iterable[Counts]) -> Counts:
    """Counts of several groups together; nothing without groups."""
    return tuple(map(sum, zip(*counts, strict=True)))


class UnmetNeedState(StrEnum):
    """Where it stands with something that respondents could not find."""

    OPEN = "open"
    TAKEN_UP = "taken_up"
    RESOLVED = "resolved"


class UnmetNeedMove(StrEnum):
    """What can happen to it; new texts reopen what was resolved."""

    START = "start"
    RESOLVE = "resolve"
    REOPEN = "reopen"


_S, _M = UnmetNeedState, UnmetNeedMove

UNMET_NEED_TRANSITIONS: dict[UnmetNeedState, dict[UnmetNeedMove, UnmetNeedState]] = {
    _S.OPEN: {_M.START: _S.TAKEN_UP, _M.RESOLVE: _S.RESOLVED},
    _S.TAKEN_UP: {_M.RESOLVE: _S.RESOLVED, _M.REOPEN: _S.OPEN},
    _S.RESOLVED: {_M.REOPEN: _S.OPEN},
}
UNMET_NEED_STATES_RU = {_S.OPEN: "открыто", _S.TAKEN_UP: "в работе", _S.RESOLVED: "решено"}
UNMET_NEED_MOVES_RU = {_M.START: "взять в работу", _M.RESOLVE: "решить", _M.REOPEN: "открыть снова"}


class TargetPeriod(StrEnum):
    """Over what a target is judged."""

    MONTH = "month"
    QUARTER = "quarter"


MONTHS_RU = "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь".split()  # noqa: SIM905
_QUARTERS_RU = ("I", "II", "III", "IV")


def period_of(day: date, period: TargetPeriod) -> tuple[date, date]:
    """The first and the last day of the month or quarter that holds a day."""
    months = 1 if period is TargetPeriod.MONTH else 3
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    behind = date(first.year + (first.month - 1 + months) // 12, (first.month - 1 + months) % 12 + 1, 1)
    return first, behind - timedelta(days=1)


def period_ru(first: date, period: TargetPeriod) -> str:
    """A month or quarter as it is written in Russian."""
    if period is TargetPeriod.MONTH:
        return f"{MONTHS_RU[first.month - 1]} {first.year} года"
    return f"{_QUARTERS_RU[first.month // 3]} квартал {first.year} года"


def percent_ru(value: float) -> str:
    """A share as percents with one digit: 62,5 %."""
    return f"{value * 100:.1f} %".replace(".", ",")


def deviates(count: int, n: int, threshold: float, least_n: int) -> bool:
    """Whether a share is below its target; with less than the least sample nothing is."""
    return n >= max(1, least_n) and count < threshold * n
