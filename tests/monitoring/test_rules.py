"""Statistics of monitoring (O-11)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.monitoring.rules import (
    Verdict,
    add_counts,
    compare_means,
    compare_shares,
    compute_mean,
    compute_mean_interval,
    compute_quantile,
    compute_share,
    compute_wilson,
    find_last_successors,
    find_predecessors,
    sum_counts,
)


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
    assert (compute_share(satisfied, n), *compute_wilson(satisfied, n)) == expected


@given(st.integers(1, 10_000_000), st.data())
def test_the_interval_contains_the_share_and_stays_between_0_and_1(n: int, data: st.DataObject) -> None:
    satisfied = data.draw(st.integers(0, n))
    low, high = compute_wilson(satisfied, n)
    assert low is not None and high is not None
    assert 0 <= low <= (satisfied / n) + 0.0001 and (satisfied / n) - 0.0001 <= high <= 1


@pytest.mark.order("O-11")
@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        # Newcombe's own table (1998, method 10): 56/70 against 48/80.
        ((56, 70), (48, 80), (0.2, 0.0524, 0.3339, Verdict.HIGHER)),
        ((48, 80), (56, 70), (-0.2, -0.3339, -0.0524, Verdict.LOWER)),
        (
            (9, 10),
            (3, 10),
            (0.6, 0.1705, 0.8090, Verdict.TOO_FEW),
        ),  # the second row of his table: far apart, but still too few
        ((30, 60), (25, 60), (0.0833, -0.0925, 0.2522, Verdict.WITHIN_CHANCE)),
        ((30, 30), (0, 30), (1.0, 0.8395, 1.0, Verdict.HIGHER)),  # the interval stays within −1 … 1
        ((29, 29), (0, 30), (1.0, 0.837, 1.0, Verdict.TOO_FEW)),
        ((0, 0), (5, 30), (None, None, None, Verdict.TOO_FEW)),
    ],
)
def test_shares_are_compared_by_newcombes_interval(
    one: tuple[int, int], other: tuple[int, int], expected: tuple[object, ...]
) -> None:
    found = compare_shares(*one, *other)
    assert (found.difference, found.low, found.high, found.verdict) == expected


@pytest.mark.order("O-11")
def test_means_are_compared_by_welchs_interval() -> None:
    much, little = (10, 10, 20, 30, 30), (30, 30, 20, 10, 10)
    assert (compute_mean(much), compute_mean_interval(much)) == (3.6, (3.3477, 3.8523))
    assert compute_mean((0, 0, 0, 0, 0)) is None and compute_mean_interval((0, 5, 0, 5, 0)) == (None, None)
    found = compare_means(much, little)
    assert (found.difference, found.low, found.high, found.verdict) == (1.2, 0.8432, 1.5568, Verdict.HIGHER)
    assert compare_means(little, much).verdict is Verdict.LOWER
    assert compare_means(much, (9, 10, 20, 30, 31)).verdict is Verdict.WITHIN_CHANCE
    few = compare_means(much, (29, 0, 0, 0, 0))
    assert (few.difference, few.low, few.verdict) == (2.6, None, Verdict.TOO_FEW)
    assert compare_means(much, ()).difference is None


def test_more_comparisons_need_a_larger_quantile() -> None:
    assert round(compute_quantile(1), 6) == 1.959964
    assert round(compute_quantile(5), 4) == 2.5758  # 99 %
    assert compare_shares(56, 70, 48, 80, compute_quantile(10)).verdict is Verdict.WITHIN_CHANCE


def test_counts_are_added_up_by_row_and_group() -> None:
    parts = [("vk", "a", (1, 0)), ("vk", "a", (2, 3)), ("vk", "b", (0, 0)), ("ok", "a", (0, 0))]
    assert add_counts(parts) == {"vk": {"a": (3, 3)}}
    assert sum_counts([(1, 2), (3, 4)]) == (4, 6) and sum_counts([]) == ()


@pytest.mark.order("A-1.11–13")
def test_successors_are_found_across_reforms_and_cycles_are_ignored() -> None:
    known = {"a": "b", "b": "c", "c": None, "x": "y", "y": "x", "alone": None}
    assert find_last_successors(known) == {"a": "c", "b": "c", "c": "c", "x": "x", "y": "y", "alone": "alone"}
    assert find_predecessors("c", known) == ["c", "b", "a"]
    assert find_predecessors("b", known) == ["b", "a"]
    assert find_predecessors("x", known) == ["x", "y"]
