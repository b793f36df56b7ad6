"""Shares with their Wilson interval (O-11)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.monitoring.rules import share, wilson


@pytest.mark.order("O-1", "O-11")
@pytest.mark.parametrize(
    ("satisfied", "n", "expected"),
    [
        (96, 120, (0.8, 0.7196, 0.8618)),  # the example of the contract
        (0, 0, (None, None, None)),
        (0, 10, (0.0, 0.0, 0.2775)),
        (10, 10, (1.0, 0.7225, 1.0)),
        (1, 2, (0.5, 0.0945, 0.9055)),
    ],
)
def test_wilson(satisfied: int, n: int, expected: tuple[float | None, ...]) -> None:
    assert (share(satisfied, n), *wilson(satisfied, n)) == expected


@given(st.integers(1, 10_000_000), st.data())
def test_the_interval_holds_the_share_and_stays_between_0_and_1(n: int, data: st.DataObject) -> None:
    satisfied = data.draw(st.integers(0, n))
    low, high = wilson(satisfied, n)
    assert low is not None and high is not None
    assert 0 <= low <= (satisfied / n) + 0.0001 and (satisfied / n) - 0.0001 <= high <= 1
