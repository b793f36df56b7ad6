"""The terms of the default policies against the oracle, over every day of 2024–2027 (O-6.2.2)."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from app.calendar.rules.terms import Roll, Term, TermUnit, compute_due
from app.calendar.rules.working_days import WorkingCalendar
from app.core.data_files import load_yaml
from app.messages import reference
from app.messages.rules.deadlines import is_late
from tests.calendar import oracle
from tests.calendar.oracle import NOVOSIBIRSK, at, every_day

CALENDAR = WorkingCalendar(NOVOSIBIRSK)
TIMES = (time(0, 0), time(12, 15), time(23, 59))
QUARTERS = (time(0, 0), time(10, 15), time(13, 30), time(17, 45), time(23, 45))

pytestmark = pytest.mark.order("O-6.2.2")

POLICIES: list[dict[str, Any]] = load_yaml(reference.__file__, "deadline_policies.yaml")["policies"]


def amounts_of(unit: str, *more: int) -> list[int]:
    """Return the amounts of the default policies in a unit, extended ones included."""
    mine = [policy for policy in POLICIES if policy["unit"] == unit]
    extended = {policy["amount"] + policy["extension_days"] for policy in mine if "extension_days" in policy}
    return sorted({policy["amount"] for policy in mine} | extended | set(more))


@pytest.mark.parametrize("amount", amounts_of("calendar_days", 15))
@pytest.mark.parametrize("roll", ["previous", "next", "none"])
def test_calendar_days_from_every_start(amount: int, roll: str) -> None:
    term = Term(TermUnit.CALENDAR_DAYS, amount, Roll(roll))
    for day in every_day(date(2027, 10, 31)):
        for moment in TIMES:
            start = at(day, moment)
            expected = oracle.due_by_days(start, amount, working=False, roll=roll)
            assert compute_due(term, start, CALENDAR).due_at == expected, start


@pytest.mark.parametrize("amount", amounts_of("working_days", 1, 15))
def test_working_days_from_every_start(amount: int) -> None:
    term = Term(TermUnit.WORKING_DAYS, amount)
    for day in every_day(date(2027, 11, 30)):
        for moment in TIMES:
            start = at(day, moment)
            assert compute_due(term, start, CALENDAR).due_at == oracle.due_by_days(start, amount, working=True), start


@pytest.mark.parametrize("amount", amounts_of("working_hours"))
def test_working_hours_from_every_start(amount: int) -> None:
    term = Term(TermUnit.WORKING_HOURS, amount)
    for day in every_day(date(2027, 12, 15)):
        for moment in QUARTERS:
            start = at(day, moment)
            assert compute_due(term, start, CALENDAR).due_at == oracle.due_by_hours(start, amount, step=15), start


def test_the_tables_cover_every_default_policy() -> None:
    """All amounts and roll rules of the default policies are tested, as order.md requires."""
    assert {policy["unit"] for policy in POLICIES} == set(TermUnit)
    assert {3, 7, 30, 45, 60} <= set(amounts_of("calendar_days"))
    assert amounts_of("working_hours") == [4, 9] and amounts_of("working_days") == [7]
    assert {p["roll"] for p in POLICIES if p["unit"] == "calendar_days"} == {"previous"}


def test_the_whole_second_of_the_due_moment_is_in_time() -> None:
    due = datetime(2026, 11, 24, 23, 59, 59, tzinfo=NOVOSIBIRSK)
    assert not is_late(due, due + timedelta(milliseconds=999))
    assert is_late(due, due + timedelta(seconds=1))
