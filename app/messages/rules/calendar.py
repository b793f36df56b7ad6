"""The working calendar: the state's holidays, what an administrator corrected, and the hours of a working day.

Transferred days off and working Saturdays come by yearly decree and cannot be computed: `holidays` knows them up to a
year, `overrides` correct and go on from there. Beyond the last known year every answer is provisional.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo

import holidays

MINUTES_OF_A_DAY = 24 * 60
LEAST_MINUTES = 60


class DayKind(StrEnum):
    """What an override makes of a day."""

    OFF = "off"
    WORKING = "working"
    SHORTENED = "shortened"


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """Working hours of a day, in minutes since midnight: 09:00–13:00 is 540, 780. The end may be 24:00."""

    start: int
    end: int


WORKING_HOURS = (Interval(9 * 60, 13 * 60), Interval(14 * 60, 18 * 60))
"""An ordinary working day unless the organization says otherwise."""


@dataclass(frozen=True, slots=True)
class DayOverride:
    """A correction of one day; `intervals` are its hours where they differ from an ordinary day's."""

    kind: DayKind
    name: str = ""
    intervals: tuple[Interval, ...] = ()


@cache
def _russia() -> holidays.HolidayBase:
    return holidays.country_holidays("RU", language="ru")


@cache
def last_decreed_year() -> int:
    """The last year whose transfers of days off the library knows."""
    calendar = _russia()
    return int(max(*calendar.special_public_holidays, *calendar.special_public_holidays_observed))


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """Which days and hours are working ones for an organization in its zone."""

    zone: ZoneInfo
    intervals: tuple[Interval, ...] = WORKING_HOURS
    overrides: Mapping[date, DayOverride] = field(default_factory=dict)

    def is_working(self, day: date) -> bool:
        """Whether it is a working day; an override stands above the state's calendar."""
        override = self.overrides.get(day)
        if override is not None:
            return override.kind is not DayKind.OFF
        return _russia().is_working_day(day)

    def hours(self, day: date) -> tuple[Interval, ...]:
        """The working hours of a day, none on a day off."""
        if not self.is_working(day):
            return ()
        override = self.overrides.get(day)
        return override.intervals if override is not None and override.intervals else self.intervals

    def is_known(self, day: date) -> bool:
        """Whether the day stands in the calendar of a decree, or an administrator said what it is."""
        return day in self.overrides or day.year <= last_decreed_year()

    def name(self, day: date) -> str:
        """What a day off is called."""
        override = self.overrides.get(day)
        if override is not None:
            return override.name or "выходной по календарю организации"
        return _russia().get(day) or "выходной"

    def at(self, day: date, minute: int) -> datetime:
        """The moment of a minute of a local day; 1440 is the next midnight."""
        if minute == MINUTES_OF_A_DAY:
            return datetime.combine(day + timedelta(days=1), time.min, self.zone)
        return datetime.combine(day, time(minute // 60, minute % 60), self.zone)


def read_intervals(told: Sequence[Sequence[str]]) -> tuple[Interval, ...]:
    """`[["09:00", "13:00"], …]` as intervals.

    Raises `ValueError` unless they are times, not empty, in order, apart from one another and an hour together: a
    budget of hours over days of minutes would run through centuries.
    """
    found = tuple(Interval(_minute(start), _minute(end)) for start, end in told)
    ends = [moment for interval in found for moment in (interval.start, interval.end)]
    if not found or any(later <= earlier for earlier, later in zip(ends[::2], ends[1::2], strict=True)):
        raise ValueError("an interval ends after it begins")
    if any(later < earlier for earlier, later in zip(ends[1::2], ends[2::2], strict=False)):
        raise ValueError("intervals stand in order and do not overlap")
    if sum(interval.end - interval.start for interval in found) < LEAST_MINUTES:
        raise ValueError("the intervals of a working day are an hour at least")
    return found


def tell_intervals(intervals: Sequence[Interval]) -> list[list[str]]:
    """Intervals as the API shows them."""
    return [[_told(interval.start), _told(interval.end)] for interval in intervals]


def _minute(told: str) -> int:
    if re.fullmatch(r"[0-9]{2}:[0-5][0-9]", told) is None:
        raise ValueError("an interval is told as HH:MM")
    hours, _, minutes = told.partition(":")
    minute = int(hours) * 60 + int(minutes)
    if not 0 <= minute <= MINUTES_OF_A_DAY:
        raise ValueError("a time lies within a day")
    return minute


def _told(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
