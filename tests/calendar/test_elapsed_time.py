"""The time taken by a stage, in the unit of its term (O-6.2.2, O-11)."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.calendar.rules.elapsed_time import compute_elapsed
from app.calendar.rules.terms import Pause, Term, TermUnit, compute_due
from app.calendar.rules.working_days import WorkingCalendar
from tests.calendar.oracle import NOVOSIBIRSK

CALENDAR = WorkingCalendar(NOVOSIBIRSK)
HOURS, DAYS, CALENDAR_DAYS = TermUnit.WORKING_HOURS, TermUnit.WORKING_DAYS, TermUnit.CALENDAR_DAYS


def at(value: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{value}:00").replace(tzinfo=NOVOSIBIRSK)


@pytest.mark.order("O-6.2.2", "O-11")
@pytest.mark.parametrize(
    ("unit", "since", "until", "pauses", "hours"),
    [
        (HOURS, "24T10:15", "24T12:15", [], 2),
        (HOURS, "24T12:00", "24T15:00", [], 2),  # the lunch break does not count
        (HOURS, "24T17:00", "25T10:00", [], 2),  # the evening does not count
        (HOURS, "27T17:00", "30T10:00", [], 2),  # the weekend does not count
        (HOURS, "28T10:00", "29T20:00", [], 0),
        (HOURS, "24T05:00", "24T23:00", [], 8),
        (DAYS, "23T09:00", "25T18:00", [], 24),
        (HOURS, "24T10:00", "25T12:00", [("24T16:00", "25T10:00")], 7),  # paused for the client
        (HOURS, "24T10:00", "24T12:00", [("24T11:00", "26T10:00")], 1),  # a pause may end after it
        (CALENDAR_DAYS, "27T17:00", "30T10:00", [], 65),
        (CALENDAR_DAYS, "24T10:00", "26T10:00", [("24T12:00", "25T12:00"), ("25T11:00", "25T13:00")], 23),
        (CALENDAR_DAYS, "24T10:00", "24T09:00", [], 0),
    ],
)
def test_elapsed_time(unit: TermUnit, since: str, until: str, pauses: list[tuple[str, str]], hours: int) -> None:
    stood = [Pause(at(begun), at(over)) for begun, over in pauses]
    assert compute_elapsed(unit, at(since), at(until), CALENDAR, stood) == timedelta(hours=hours)


@given(st.integers(0, 60 * 24 * 200), st.integers(1, 40), st.integers(0, 60 * 24 * 10), st.integers(0, 60 * 24 * 3))
def test_a_stage_completed_at_the_due_time_took_its_whole_term(start: int, hours: int, wait: int, stood: int) -> None:
    """The calculation of deadlines and the measurement of time agree."""
    since = at("02T00:00") - timedelta(days=300) + timedelta(minutes=start)
    pauses = [Pause(since + timedelta(minutes=wait), since + timedelta(minutes=wait + stood))]
    due = compute_due(Term(HOURS, hours), since, CALENDAR, pauses)
    assert compute_elapsed(HOURS, since, due.due_at, CALENDAR, pauses) == timedelta(hours=hours)
