"""The rule of when a point is in force (O-3)."""

from datetime import date

import pytest

from app.interaction_points.rules import POINT_TRANSITIONS, PointMove, PointPeriod, PointStatus, is_in_force

A, S, W = PointStatus.APPROVED, PointStatus.SUSPENDED, PointStatus.WITHDRAWN
FEB = date(2024, 2, 15)
MAY, JUNE, JULY = date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1)


@pytest.mark.order("O-3", "O-2.7")
@pytest.mark.parametrize(
    ("steps", "on", "expected"),
    [
        ([], FEB, False),  # a draft
        ([PointPeriod(A, FEB)], FEB, True),  # the first day counts
        ([PointPeriod(A, FEB)], date(2024, 2, 14), False),  # the day before does not
        ([PointPeriod(A, FEB, date(2024, 3, 1))], date(2024, 3, 1), True),  # the last day counts
        ([PointPeriod(A, FEB, date(2024, 3, 1))], date(2024, 3, 2), False),  # the day after does not
        ([PointPeriod(A, FEB), PointPeriod(S, MAY)], date(2026, 4, 30), True),  # before the suspension
        ([PointPeriod(A, FEB), PointPeriod(S, MAY)], MAY, False),
        ([PointPeriod(A, FEB), PointPeriod(S, MAY), PointPeriod(A, JUNE)], date(2026, 5, 31), False),
        ([PointPeriod(A, FEB), PointPeriod(S, MAY), PointPeriod(A, JUNE)], JUNE, True),
        (
            [PointPeriod(A, FEB), PointPeriod(S, MAY), PointPeriod(A, MAY)],
            MAY,
            True,
        ),  # approved again with an earlier date
        ([PointPeriod(A, FEB), PointPeriod(S, JULY)], JUNE, True),  # a future suspension
        ([PointPeriod(A, FEB), PointPeriod(W, MAY)], JUNE, False),
        ([PointPeriod(A, JULY)], JUNE, False),  # a future approval
        ([PointPeriod(A, FEB), PointPeriod(A, JUNE, JULY)], date(2026, 7, 2), False),  # the newer approval has expired
    ],
)
def test_the_last_step_decides_whether_a_point_is_in_force(steps: list[PointPeriod], on: date, expected: bool) -> None:
    assert is_in_force(steps, on) is expected


def test_a_withdrawn_point_cannot_change_its_status() -> None:
    assert POINT_TRANSITIONS.moves_from(W) == []
    assert set(POINT_TRANSITIONS.states) == set(PointStatus)
    assert POINT_TRANSITIONS.find(PointStatus.DRAFT, PointMove.APPROVE) is A
    assert POINT_TRANSITIONS.find(PointStatus.DRAFT, PointMove.SUSPEND) is None
