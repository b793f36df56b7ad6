"""When a template is to be looked through again, and where it stands in between (O-6.2.6)."""

from datetime import date, timedelta
from enum import StrEnum

REMIND_DAYS_BEFORE = 14
"""A reminder comes so many days before the review is due, for short periods after half of them."""


class ReviewState(StrEnum):
    """How current a template in use is."""

    CURRENT = "current"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"


def next_review_on(confirmed_on: date, days: int) -> date:
    """The last day on which a template that was published or confirmed then counts as current."""
    return confirmed_on + timedelta(days=days)


def remind_on(next_review_on: date, days: int) -> date:
    """The day from which the review is told to be near."""
    return next_review_on - timedelta(days=min(REMIND_DAYS_BEFORE, days // 2))


def review_state(next_on: date | None, remind_from: date | None, today: date) -> ReviewState | None:
    """Where a template stands; None for one that is not in use. The last day still counts."""
    if next_on is None or remind_from is None:
        return None
    if next_on < today:
        return ReviewState.OVERDUE
    return ReviewState.DUE_SOON if remind_from <= today else ReviewState.CURRENT
