"""Review dates and review states of templates (O-6.2.6)."""

from datetime import date, timedelta
from enum import StrEnum

REMIND_DAYS_BEFORE = 14
"""A reminder is sent this many days before the due date, or after half of a shorter period."""


class ReviewState(StrEnum):
    """The review state of a template in use."""

    CURRENT = "current"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"


def next_review_on(confirmed_on: date, days: int) -> date:
    """Return the last day on which a template published or reviewed on a date counts as current."""
    return confirmed_on + timedelta(days=days)


def remind_on(next_review_on: date, days: int) -> date:
    """Return the first day on which the review counts as due soon."""
    return next_review_on - timedelta(days=min(REMIND_DAYS_BEFORE, days // 2))


def review_state(next_on: date | None, remind_from: date | None, today: date) -> ReviewState | None:
    """Return the review state on a date, None for a template not in use. The last day counts as current."""
    if next_on is None or remind_from is None:
        return None
    if next_on < today:
        return ReviewState.OVERDUE
    return ReviewState.DUE_SOON if remind_from <= today else ReviewState.CURRENT
