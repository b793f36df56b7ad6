"""Terms counted by the working calendar (O-6.2.2).

Days: the day of the start is not counted; the term ends at 23:59:59 of its last day in the time zone of the
organization. Working hours are counted only within the intervals of working days; a term that ends with an interval is
due at the end of that interval. A pause extends a term in days by the days between its start and end (working days for
a term in working days); paused time does not count towards a term in hours.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from app.calendar.rules.working_days import MINUTES_OF_A_DAY, WorkingCalendar

LAST_DAY = date(2300, 1, 1)
"""The limit of each search for a working day, as overrides could make all days off."""


class TermUnit(StrEnum):
    """Units of a term."""

    CALENDAR_DAYS = "calendar_days"
    WORKING_DAYS = "working_days"
    WORKING_HOURS = "working_hours"


class Roll(StrEnum):
    """Where the last day moves if it is not a working day."""

    PREVIOUS = "previous"
    NEXT = "next"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Term:
    """The length of a term."""

    unit: TermUnit
    amount: int
    roll: Roll = Roll.NONE


@dataclass(frozen=True, slots=True)
class Pause:
    """A period in which the deadline was paused."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the calculation: a time and its explanation."""

    at: datetime
    what: str


@dataclass(slots=True)
class Due:
    """The due time, whether the calendar of a year without a decree was used, and the steps of the calculation."""

    due_at: datetime
    provisional: bool
    steps: list[Step] = field(default_factory=list)


class NoWorkingDay(ValueError):
    """The calendar has no working day on which the term could end."""


def compute_due(term: Term, started_at: datetime, calendar: WorkingCalendar, pauses: Sequence[Pause] = ()) -> Due:
    """Compute when a term ends. Raises `NoWorkingDay`."""
    computation = _Computation(calendar, started_at.astimezone(calendar.zone))
    merged = merge_pauses(pauses, computation.started_at)
    if term.unit is TermUnit.WORKING_HOURS:
        due = computation.by_hours(term.amount, merged)
    else:
        due = computation.by_days(term, merged)
    return Due(due, computation.provisional, computation.steps)


class _Computation:
    """One calculation with its steps."""

    def __init__(self, calendar: WorkingCalendar, started_at: datetime) -> None:
        self.calendar = calendar
        self.started_at = started_at
        self.provisional = False
        self.steps: list[Step] = []
        self._add_step(started_at, f"Начало срока: {_moment_ru(started_at)}.")

    def by_days(self, term: Term, pauses: Sequence[Pause]) -> datetime:
        """Return the end of the last day of a term in days."""
        self._add_step(self.started_at, "День начала не считается.")
        start = self.started_at.date()
        steps, amount = self.steps, term.amount
        self.steps = list(steps)
        due = self._get_day_end(self._find_last_day(term, start, amount))
        for pause in pauses:
            if pause.since > due:
                break  # the term ended before the pause
            days = self._count_pause_days(term.unit, pause)
            if days:
                amount += days
                steps = [*steps, Step(pause.since, f"{_format_pause(pause)}: добавлено дней: {days}.")]
            self.steps = list(steps)
            due = self._get_day_end(self._find_last_day(term, start, amount))
        self._add_step(due, f"Срок истекает {_moment_ru(due)}.")
        return due

    def by_hours(self, hours: int, pauses: Sequence[Pause]) -> datetime:
        """Return the time at which the working hours are used up."""
        left = timedelta(hours=hours)
        day = self.started_at.date()
        days_off: list[date] = []
        while day < LAST_DAY:
            self._note_provisional(day)
            intervals = self.calendar.hours(day)
            if not intervals:
                days_off.append(day)
            elif days_off:
                self._add_days_off(days_off)
                days_off = []
            for interval in intervals:
                begins, ends = self.calendar.at(day, interval.start), self.calendar.at(day, interval.end)
                for since, until in subtract_pauses(max(begins, self.started_at), ends, pauses):
                    if until - since >= left:
                        due = since + left
                        self._add_pauses(pauses, day, due)
                        self._add_step(
                            due, f"Учтено {_hours_ru(left)} до {due:%H:%M}: срок истекает {_moment_ru(due)}."
                        )
                        return due
                    left -= until - since
                    self._add_step(
                        until, f"{since:%d.%m.%Y}: учтено {since:%H:%M}–{until:%H:%M}, осталось {_hours_ru(left)}."
                    )
            self._add_pauses(pauses, day, self.calendar.at(day, MINUTES_OF_A_DAY))
            day += timedelta(days=1)
        raise NoWorkingDay

    def _find_last_day(self, term: Term, start: date, amount: int) -> date:
        if term.unit is TermUnit.WORKING_DAYS:
            return self._count_working_days(start, amount)
        last = start + timedelta(days=amount)
        self._add_step(self._get_day_end(last), f"Последний, {amount}-й календарный день: {last:%d.%m.%Y}.")
        if term.roll is Roll.NONE:
            return last
        self._note_provisional(last)
        if self.calendar.is_working(last):
            return last
        return self._roll_last_day(term.roll, last, start)

    def _count_working_days(self, start: date, amount: int) -> date:
        day, counted = start, 0
        off: list[date] = []
        while counted < amount:
            day += timedelta(days=1)
            if day >= LAST_DAY:
                raise NoWorkingDay
            self._note_provisional(day)
            if self.calendar.is_working(day):
                counted += 1
                self._add_days_off(off)
                off = []
            else:
                off.append(day)
        self._add_step(self._get_day_end(day), f"{amount}-й рабочий день: {day:%d.%m.%Y}.")
        return day

    def _roll_last_day(self, roll: Roll, last: date, start: date) -> date:
        self._add_days_off([last])
        if roll is Roll.PREVIOUS:
            day = self._find_working_day(last, -1, start)
            if day is not None:
                self._add_step(self._get_day_end(day), f"Перенос на предыдущий рабочий день: {day:%d.%m.%Y}.")
                return day
            # A term cannot end before its start, so it moves to the next working day.
            self._add_step(
                self._get_day_end(last), "Предыдущий рабочий день раньше начала срока, поэтому перенос вперёд."
            )
        day = self._find_working_day(last, 1, LAST_DAY)
        if day is None:
            raise NoWorkingDay
        self._add_step(self._get_day_end(day), f"Перенос на следующий рабочий день: {day:%d.%m.%Y}.")
        return day

    def _find_working_day(self, day: date, step: int, bound: date) -> date | None:
        while day != bound:
            day += timedelta(days=step)
            self._note_provisional(day)
            if self.calendar.is_working(day):
                return day
        return None

    def _count_pause_days(self, unit: TermUnit, pause: Pause) -> int:
        first, last = (moment.astimezone(self.calendar.zone).date() for moment in (pause.since, pause.until))
        if unit is TermUnit.CALENDAR_DAYS:
            return (last - first).days
        days = [first + timedelta(days=offset + 1) for offset in range((last - first).days)]
        return sum(self.calendar.is_working(day) for day in days)

    def _note_provisional(self, day: date) -> None:
        self.provisional = self.provisional or not self.calendar.is_known(day)

    def _get_day_end(self, day: date) -> datetime:
        return datetime.combine(day, time(23, 59, 59), self.calendar.zone)

    def _add_step(self, at: datetime, what: str) -> None:
        self.steps.append(Step(at, what))

    def _add_pauses(self, pauses: Sequence[Pause], day: date, before: datetime) -> None:
        """Add the pauses that began on the day before the term ended."""
        for pause in pauses:
            if pause.since.date() == day and pause.since < before:
                self._add_step(pause.since, f"{_format_pause(pause)}: это время не считается.")

    def _add_days_off(self, days: Sequence[date]) -> None:
        """Add consecutive days off as one step with their names."""
        if not days:
            return
        names = list(dict.fromkeys(self.calendar.name(day) for day in days))
        period = f"{days[0]:%d.%m.%Y}" if len(days) == 1 else f"{days[0]:%d.%m.%Y}–{days[-1]:%d.%m.%Y}"
        kind = "нерабочий день" if len(days) == 1 else "нерабочие дни"
        self._add_step(self.calendar.at(days[0], 0), f"{period}: {kind} ({', '.join(names)}).")


def merge_pauses(pauses: Sequence[Pause], started_at: datetime) -> list[Pause]:
    """Return the pauses after the start in order, with overlapping ones merged."""
    zone = started_at.tzinfo
    merged: list[Pause] = []
    for pause in sorted(pauses, key=lambda pause: pause.since):
        since, until = max(pause.since, started_at).astimezone(zone), pause.until.astimezone(zone)
        if until <= since:
            continue
        if merged and since <= merged[-1].until:
            merged[-1] = Pause(merged[-1].since, max(merged[-1].until, until))
        else:
            merged.append(Pause(since, until))
    return merged


def subtract_pauses(since: datetime, until: datetime, pauses: Sequence[Pause]) -> list[tuple[datetime, datetime]]:
    """Return the parts of a period outside the pauses."""
    parts: list[tuple[datetime, datetime]] = []
    for pause in pauses:
        if pause.until <= since or pause.since >= until:
            continue
        if pause.since > since:
            parts.append((since, pause.since))
        since = min(pause.until, until)
    return [*parts, (since, until)] if since < until else parts


def _moment_ru(moment: datetime) -> str:
    return f"{moment:%d.%m.%Y %H:%M:%S}".removesuffix(":00")


def _hours_ru(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    return f"{minutes // 60} ч {minutes % 60:02d} мин"


def _format_pause(pause: Pause) -> str:
    return f"Пауза с {_moment_ru(pause.since)} до {_moment_ru(pause.until)}"
