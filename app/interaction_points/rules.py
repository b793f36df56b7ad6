"""When an interaction point may be used, and how its status may move (O-2.7, O-3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class PointStatus(StrEnum):
    """Where a point stands in its life."""

    DRAFT = "draft"
    APPROVED = "approved"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"


POINT_TRANSITIONS: dict[PointStatus, frozenset[PointStatus]] = {
    PointStatus.DRAFT: frozenset({PointStatus.APPROVED, PointStatus.WITHDRAWN}),
    PointStatus.APPROVED: frozenset({PointStatus.APPROVED, PointStatus.SUSPENDED, PointStatus.WITHDRAWN}),
    PointStatus.SUSPENDED: frozenset({PointStatus.APPROVED, PointStatus.WITHDRAWN}),
    PointStatus.WITHDRAWN: frozenset(),
}
"""What each status may become; approving an approved point again gives it another act or another term."""


@dataclass(frozen=True, slots=True)
class PointPeriod:
    """One recorded step of a point's life: from `effective_on` the status holds (an approval until `valid_to`)."""

    status: PointStatus
    effective_on: date
    valid_to: date | None = None


def can_become(status: PointStatus, wanted: PointStatus) -> bool:
    """Whether a point in that status may get the other."""
    return wanted in POINT_TRANSITIONS[status]


def is_in_force(steps: Sequence[PointPeriod], on: date) -> bool:
    """Whether a point may be used on a day (O-3): of the steps that have begun by then, the last recorded rules."""
    begun = [step for step in steps if step.effective_on <= on]
    if not begun:
        return False
    last = begun[-1]
    return last.status is PointStatus.APPROVED and (last.valid_to is None or on <= last.valid_to)
