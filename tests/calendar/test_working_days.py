"""Working days by the decrees and working hours (O-6.2.2)."""

from datetime import date

import pytest

from app.calendar.rules.working_days import Interval, WorkingCalendar, format_intervals, parse_intervals
from tests.calendar.oracle import NOVOSIBIRSK, ORDINARY, decreed, every_day

CALENDAR = WorkingCalendar(NOVOSIBIRSK)
Intervals = tuple[list[list[str]], ...]

pytestmark = pytest.mark.order("O-6.2.2")


def test_the_calendar_follows_the_decrees() -> None:
    assert [day for day in every_day() if CALENDAR.is_working(day) is not decreed(day)] == []
    for off in ("2025-05-02", "2025-12-31", "2026-01-09"):
        assert not CALENDAR.is_working(date.fromisoformat(off))
    for working in ("2025-11-01", "2027-02-20"):
        assert CALENDAR.is_working(date.fromisoformat(working))


def test_intervals_are_parsed_and_formatted() -> None:
    data = [["09:00", "13:00"], ["14:00", "24:00"]]
    assert parse_intervals(data) == (Interval(540, 780), Interval(840, 1440))
    assert format_intervals(parse_intervals(data)) == data
    reversed_or_none: Intervals = (
        [],
        [["13:00", "09:00"]],
        [["09:00", "09:00"]],
        [["09:00", "13:00"], ["12:59", "14:00"]],
    )
    no_times: Intervals = (
        [["09:60", "13:00"]],
        [["-0:30", "13:00"]],
        [["09:+5", "13:00"]],
        [["9", "13"]],
        [["٠٩:٠٠", "13:00"]],
    )
    no_pairs: Intervals = ([["09:00"]], [["09:00", "13:00", "14:00"]], [[]])
    for wrong in (*reversed_or_none, *no_times, *no_pairs):
        with pytest.raises(ValueError, match=r"interval|unpack"):
            parse_intervals(wrong)
    with pytest.raises(ValueError, match="day"):
        parse_intervals([["09:00", "24:01"]])


def test_an_ordinary_day_is_nine_to_six_with_a_break() -> None:
    assert [(one.start, one.end) for one in CALENDAR.hours(date(2026, 11, 24))] == list(ORDINARY)
