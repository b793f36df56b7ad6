"""Figures of monitoring: a share always comes with its n and its 95 % interval (O-11)."""

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
