"""Figures of monitoring: a share always comes with its n and its 95 % interval (O-11)."""

from collections.abc import Iterable, Mapping
from math import sqrt

Z = 1.959963984540054
"""Quantile of the normal distribution for 95 %."""
DIGITS = 4


def share(satisfied: int, n: int) -> float | None:
    """The share of answer 1, rounded to 4 digits; None without answers."""
    return round(satisfied / n, DIGITS) if n else None


def wilson(satisfied: int, n: int) -> tuple[float | None, float | None]:
    """The Wilson score interval of a share at 95 %, rounded to 4 digits; (None, None) without answers."""
    if n == 0:
        return None, None
    p = satisfied / n
    weight = 1 + Z * Z / n
    center = (p + Z * Z / (2 * n)) / weight
    half = Z / weight * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    return round(max(0.0, center - half), DIGITS), round(min(1.0, center + half), DIGITS)


def last_successors(successors: Mapping[str, str | None]) -> dict[str, str]:
    """Each municipality's successor of today, over several reforms; itself where it has none or they run in a ring."""
    lasting: dict[str, str] = {}
    for start in successors:
        line = [start]
        while (following := successors.get(line[-1])) is not None and following not in line:
            line.append(following)
        lasting[start] = start if following is not None else line[-1]
    return lasting


def those_before(code: str, successors: Mapping[str, str | None]) -> list[str]:
    """A municipality with all that were reformed into it, however many reforms ago."""
    found = [code]
    for known in found:
        found += [old for old, new in successors.items() if new == known and old not in found]
    return found


def added_up(parts: Iterable[tuple[str, int, int]]) -> dict[str, tuple[int, int]]:
    """Pairs of counts added up by key."""
    sums: dict[str, tuple[int, int]] = {}
    for key, n, satisfied in parts:
        before = sums.get(key, (0, 0))
        sums[key] = (before[0] + n, before[1] + satisfied)
    return sums
