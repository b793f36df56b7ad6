"""The working calendar: official holidays, corrections by administrators, and working hours.

Transferred days off and working Saturdays are set by yearly decree and cannot be computed. `holidays` knows them up to
a certain year; `overrides` correct it and add later years. After the last known year each result is provisional.
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
MIN_MINUTES = 60


class DayKind(StrEnum):
    """Kinds of corrections of a day."""

    OFF = "off"
    WORKING = "working"
    SHORTENED = "shortened"


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """Working hours of a day, in minutes since midnight: 09:00–13:00 is 540, 780. The end may be 24:00."""

    start: int
    end: int


WORKING_HOURS = (Interval(9 * 60, 13 * 60), Interval(14 * 60, 18 * 60))
"""The default hours of an ordinary working day."""


@dataclass(frozen=True, slots=True)
class DayOverride:
    """A correction of one day; `intervals` are its hours if they differ from those of an ordinary day."""

    kind: DayKind
    name: str = ""
    intervals: tuple[Interval, ...] = ()


@cache
def _load_russian_holidays() -> holidays.HolidayBase:
    return holidays.country_holidays("RU", language="ru")


@cache
def last_decreed_year() -> int:
    """Return the last year whose transferred days off are known."""
    calendar = _load_russian_holidays()
    return int(max(*calendar.special_public_holidays, *calendar.special_public_holidays_observed))


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """The working days and hours of an organization in its time zone."""

    zone: ZoneInfo
    intervals: tuple[Interval, ...] = WORKING_HOURS
    overrides: Mapping[date, DayOverride] = field(default_factory=dict)

    def is_working(self, day: date) -> bool:
        """Return whether it is a working day. A correction overrides the official calendar."""
        override = self.overrides.get(day)
        if override is not None:
            return override.kind is not DayKind.OFF
        return _load_russian_holidays().is_working_day(day)

    def hours(self, day: date) -> tuple[Interval, ...]:
        """Return the working hours of a day; none for a day off."""
        if not self.is_working(day):
            return ()
        override = self.overrides.get(day)
        return override.intervals if override is not None and override.intervals else self.intervals

    def is_known(self, day: date) -> bool:
        """Return whether the day is set by a decree or a correction."""
        return day in self.overrides or day.year <= last_decreed_year()

    def name(self, day: date) -> str:
        """Return the name of a day off."""
        override = self.overrides.get(day)
        if override is not None:
            return override.name or "выходной по календарю организации"
        return _load_russian_holidays().get(day) or "выходной"

    def at(self, day: date, minute: int) -> datetime:
        """Return the time of a minute of a local day; 1440 is the next midnight."""
        if minute == MINUTES_OF_A_DAY:
            return datetime.combine(day + timedelta(days=1), time.min, self.zone)
        return datetime.combine(day, time(minute // 60, minute % 60), self.zone)


def parse_intervals(values: Sequence[Sequence[str]]) -> tuple[Interval, ...]:
    """Parse intervals such as `[["09:00", "13:00"], …]`.

    Raises `ValueError` unless they are valid times, not empty, in order, without overlap and at least an hour in total.
    The minimum keeps the calculation of terms in hours short.
    """
    found = tuple(Interval(_parse_minute(start), _parse_minute(end)) for start, end in values)
    ends = [moment for interval in found for moment in (interval.start, interval.end)]
    if not found or any(later <= earlier for earlier, later in zip(ends[::2], ends[1::2], strict=True)):
        raise ValueError("an interval must end after it starts")
    if any(later < earlier for earlier, later in zip(ends[1::2], ends[2::2], strict=False)):
        raise ValueError("intervals must be in order and must not overlap")
    if sum(interval.end - interval.start for interval in found) < MIN_MINUTES:
        raise ValueError("the intervals of a working day must last at least an hour in total")
    return found


def format_intervals(intervals: Sequence[Interval]) -> list[list[str]]:
    """Format intervals as the API shows them."""
    return [[_format_minute(interval.start), _format_minute(interval.end)] for interval in intervals]


def _parse_minute(value: str) -> int:
    if re.fullmatch(r"[0-9]{2}:[0-5][0-9]", value) is None:
        raise ValueError("a time of an interval must have the format HH:MM")
    hours, _, minutes = value.partition(":")
    minute = int(hours) * 60 + int(minutes)
    if not 0 <= minute <= MINUTES_OF_A_DAY:
        raise ValueError("a time must be within a day")
    return minute


def _format_minute(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
