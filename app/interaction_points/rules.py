"""Status transitions of an interaction point and the rule of when it is in force (O-2.7, O-3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class PointStatus(StrEnum):
    """The status of a point."""

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
"""The allowed transitions; approving an approved point again changes its act or its validity dates."""


@dataclass(frozen=True, slots=True)
class PointPeriod:
    """A recorded status of a point, effective from `effective_on` (an approval: until `valid_to`, inclusive)."""

    status: PointStatus
    effective_on: date
    valid_to: date | None = None


def can_become(status: PointStatus, target: PointStatus) -> bool:
    """Return whether a point can move from one status to another."""
    return target in POINT_TRANSITIONS[status]


def is_in_force(steps: Sequence[PointPeriod], on: date) -> bool:
    """Return whether a point is in force on a day (O-3): the last recorded step effective by the day decides."""
    effective = [step for step in steps if step.effective_on <= on]
    if not effective:
        return False
    last = effective[-1]
    return last.status is PointStatus.APPROVED and (last.valid_to is None or on <= last.valid_to)
