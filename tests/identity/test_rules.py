"""Tests of the period of a substitution."""

from datetime import date

import pytest

from app.identity.rules import find_period_error

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "code"),
    [
        (date(2026, 11, 24), date(2026, 11, 24), None),
        (date(2026, 11, 1), date(2026, 11, 24), None),
        (date(2027, 1, 1), date(2028, 1, 1), None),  # 366 days
        (date(2027, 1, 1), date(2028, 1, 2), "period_too_long"),
        (date(2026, 11, 25), date(2026, 11, 24), "dates_reversed"),
        (date(2026, 11, 1), date(2026, 11, 23), "period_over"),
        (date(2026, 11, 20), date(2026, 11, 1), "dates_reversed"),
    ],
)
@pytest.mark.order("O-10")
def test_substitution_periods_are_validated(starts_on: date, ends_on: date, code: str | None) -> None:
    error = find_period_error(starts_on, ends_on, TODAY)
    assert (error.code if error else None) == code
    assert error is None or error.pointer == "/ends_on"
