"""When a point may be used (O-3)."""

from datetime import date

import pytest

from app.interaction_points.rules import MOVES, PointStatus, Step, is_in_force, may_become

A, S, W = PointStatus.APPROVED, PointStatus.SUSPENDED, PointStatus.WITHDRAWN
FEB = date(2024, 2, 15)
MAY, JUNE, JULY = date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1)


@pytest.mark.order("O-3", "O-2.7")
@pytest.mark.parametrize(
    ("steps", "on", "expected"),
    [
        ([], FEB, False),  # a draft
        ([Step(A, FEB)], FEB, True),  # the first day counts
        ([Step(A, FEB)], date(2024, 2, 14), False),  # the day before does not
        ([Step(A, FEB, date(2024, 3, 1))], date(2024, 3, 1), True),  # the last day counts
        ([Step(A, FEB, date(2024, 3, 1))], date(2024, 3, 2), False),  # the day after does not
        ([Step(A, FEB), Step(S, MAY)], date(2026, 4, 30), True),  # before the suspension
        ([Step(A, FEB), Step(S, MAY)], MAY, False),
        ([Step(A, FEB), Step(S, MAY), Step(A, JUNE)], date(2026, 5, 31), False),
        ([Step(A, FEB), Step(S, MAY), Step(A, JUNE)], JUNE, True),
        ([Step(A, FEB), Step(S, MAY), Step(A, MAY)], MAY, True),  # approved again with an earlier date
        ([Step(A, FEB), Step(S, JULY)], JUNE, True),  # a suspension that is still ahead
        ([Step(A, FEB), Step(W, MAY)], JUNE, False),
        ([Step(A, JULY)], JUNE, False),  # an approval that is still ahead
        ([Step(A, FEB), Step(A, JUNE, JULY)], date(2026, 7, 2), False),  # the newer approval has a term
    ],
)
def test_a_point_is_in_force_as_its_last_step_says(steps: list[Step], on: date, expected: bool) -> None:
    assert is_in_force(steps, on) is expected


def test_a_withdrawn_point_stays_withdrawn() -> None:
    assert not any(may_become(W, status) for status in PointStatus)
    assert set(MOVES) == set(PointStatus)
    assert may_become(PointStatus.DRAFT, A) and not may_become(PointStatus.DRAFT, S)
