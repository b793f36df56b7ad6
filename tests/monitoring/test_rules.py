"""Shares with their Wilson interval (O-11)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.monitoring.rules import last_successors, share, those_before, wilson


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


@pytest.mark.order("A-1.11–13")
def test_successors_are_followed_over_several_reforms_and_never_round_in_a_ring() -> None:
    known = {"a": "b", "b": "c", "c": None, "x": "y", "y": "x", "alone": None}
    assert last_successors(known) == {"a": "c", "b": "c", "c": "c", "x": "x", "y": "y", "alone": "alone"}
    assert those_before("c", known) == ["c", "b", "a"]
    assert those_before("b", known) == ["b", "a"]
    assert those_before("x", known) == ["x", "y"]
