"""When something is due, and why: pure arithmetic over the working calendar (O-6.2.2).

Days: the day of the start is not counted, the term ends at 23:59:59 of its last day in the organization's zone. Working
hours run only inside the intervals of working days; a budget that ends with an interval is due at that interval's end.
A pause adds to the budget: to days the days between its beginning and end (working ones for working days), to hours
nothing runs meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from app.messages.rules.calendar import MINUTES_OF_A_DAY, WorkingCalendar

LAST_DAY = date(2300, 1, 1)
"""Where every search for a working day gives up: an override table could make all days off."""


WHOLE_SECOND = timedelta(seconds=1)
"""A due moment names a second, and all of it is still in time."""


class TermUnit(StrEnum):
    """What a term is counted in."""

    CALENDAR_DAYS = "calendar_days"
    WORKING_DAYS = "working_days"
    WORKING_HOURS = "working_hours"


class Roll(StrEnum):
    """Where the last day goes when it is not a working one."""

    PREVIOUS = "previous"
    NEXT = "next"
    NONE = "none"


class Stage(StrEnum):
    """What must be done by then."""

    REGISTRATION = "registration"
    FIRST_REPLY = "first_reply"
    FINAL_REPLY = "final_reply"
    REDIRECT = "redirect"
    DELAY_NOTICE = "delay_notice"


STAGES_RU: dict[str, str] = {
    "registration": "регистрация",
    "first_reply": "первый ответ",
    "final_reply": "окончательный ответ",
    "redirect": "перенаправление",
    "delay_notice": "уведомление об отсрочке",
}


class DeadlineState(StrEnum):
    """Where a deadline stands; `cancelled`: nothing is to be done by it any more."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Term:
    """How long something may take."""

    unit: TermUnit
    amount: int
    roll: Roll = Roll.NONE


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which the clock stood, from a moment to a later one."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the reckoning: a moment, and what happened then, in words."""

    at: datetime
    what: str


@dataclass(slots=True)
class Due:
    """The moment by which something is due, whether a calendar not yet decreed was used, and the steps to it."""

    due_at: datetime
    provisional: bool
    steps: list[Step] = field(default_factory=list)


class NoWorkingDay(ValueError):
    """The calendar has no working day to end the term on."""


def is_late(due: datetime, at: datetime) -> bool:
    """Whether what was due is done too late at that moment."""
    return at >= due + WHOLE_SECOND


def compute_due(term: Term, started_at: datetime, calendar: WorkingCalendar, pauses: Sequence[Pause] = ()) -> Due:
    """When a term that started then ends. Raises `NoWorkingDay` when the calendar has none left."""
    reckoning = _Computation(calendar, started_at.astimezone(calendar.zone))
    stood = merge_pauses(pauses, reckoning.started_at)
    if term.unit is TermUnit.WORKING_HOURS:
        due = reckoning.by_hours(term.amount, stood)
    else:
        due = reckoning.by_days(term, stood)
    return Due(due, reckoning.provisional, reckoning.steps)


class _Computation:
    """One run of the clock, which writes down its steps."""

    def __init__(self, calendar: WorkingCalendar, started_at: datetime) -> None:
        self.calendar = calendar
        self.started_at = started_at
        self.provisional = False
        self.steps: list[Step] = []
        self._say(started_at, f"Начало срока: {_moment(started_at)}.")

    def by_days(self, term: Term, pauses: Sequence[Pause]) -> datetime:
        """The end of the last day of a term in days."""
        self._say(self.started_at, "День начала не считается.")
        start = self.started_at.date()
        spoken, amount = self.steps, term.amount
        self.steps = list(spoken)
        due = self._end_of(self._last_day(term, start, amount))
        for pause in pauses:
            if pause.since > due:
                break  # the term was over before the clock stopped
            stood = self._days_between(term.unit, pause)
            if stood:
                amount += stood
                spoken = [*spoken, Step(pause.since, f"{_pause(pause)}: добавлено дней: {stood}.")]
            self.steps = list(spoken)
            due = self._end_of(self._last_day(term, start, amount))
        self._say(due, f"Срок истекает {_moment(due)}.")
        return due

    def by_hours(self, hours: int, pauses: Sequence[Pause]) -> datetime:
        """The moment at which the budget of working hours is used up."""
        left = timedelta(hours=hours)
        day = self.started_at.date()
        told_off: list[date] = []
        while day < LAST_DAY:
            self._look(day)
            intervals = self.calendar.hours(day)
            if not intervals:
                told_off.append(day)
            elif told_off:
                self._say_off(told_off)
                told_off = []
            for interval in intervals:
                begins, ends = self.calendar.at(day, interval.start), self.calendar.at(day, interval.end)
                for since, until in subtract_pauses(max(begins, self.started_at), ends, pauses):
                    if until - since >= left:
                        due = since + left
                        self._say_pauses(pauses, day, due)
                        self._say(due, f"Учтено {_hours(left)} до {due:%H:%M}: срок истекает {_moment(due)}.")
                        return due
                    left -= until - since
                    self._say(until, f"{since:%d.%m.%Y}: учтено {since:%H:%M}–{until:%H:%M}, осталось {_hours(left)}.")
            self._say_pauses(pauses, day, self.calendar.at(day, MINUTES_OF_A_DAY))
            day += timedelta(days=1)
        raise NoWorkingDay

    def _last_day(self, term: Term, start: date, amount: int) -> date:
        if term.unit is TermUnit.WORKING_DAYS:
            return self._count_working(start, amount)
        last = start + timedelta(days=amount)
        self._say(self._end_of(last), f"Последний, {amount}-й календарный день: {last:%d.%m.%Y}.")
        if term.roll is Roll.NONE:
            return last
        self._look(last)
        if self.calendar.is_working(last):
            return last
        return self._rolled(term.roll, last, start)

    def _count_working(self, start: date, amount: int) -> date:
        day, counted = start, 0
        off: list[date] = []
        while counted < amount:
            day += timedelta(days=1)
            if day >= LAST_DAY:
                raise NoWorkingDay
            self._look(day)
            if self.calendar.is_working(day):
                counted += 1
                self._say_off(off)
                off = []
            else:
                off.append(day)
        self._say(self._end_of(day), f"{amount}-й рабочий день: {day:%d.%m.%Y}.")
        return day

    def _rolled(self, roll: Roll, last: date, start: date) -> date:
        self._say_off([last])
        if roll is Roll.PREVIOUS:
            day = self._nearest_working(last, -1, start)
            if day is not None:
                self._say(self._end_of(day), f"Перенос на предыдущий рабочий день: {day:%d.%m.%Y}.")
                return day
            # Nothing is due before it began: then the client's side is served by the first working day after.
            self._say(self._end_of(last), "Предыдущий рабочий день раньше начала срока, поэтому перенос вперёд.")
        day = self._nearest_working(last, 1, LAST_DAY)
        if day is None:
            raise NoWorkingDay
        self._say(self._end_of(day), f"Перенос на следующий рабочий день: {day:%d.%m.%Y}.")
        return day

    def _nearest_working(self, day: date, step: int, bound: date) -> date | None:
        while day != bound:
            day += timedelta(days=step)
            self._look(day)
            if self.calendar.is_working(day):
                return day
        return None

    def _days_between(self, unit: TermUnit, pause: Pause) -> int:
        first, last = (moment.astimezone(self.calendar.zone).date() for moment in (pause.since, pause.until))
        if unit is TermUnit.CALENDAR_DAYS:
            return (last - first).days
        days = [first + timedelta(days=place + 1) for place in range((last - first).days)]
        return sum(self.calendar.is_working(day) for day in days)

    def _look(self, day: date) -> None:
        self.provisional = self.provisional or not self.calendar.is_known(day)

    def _end_of(self, day: date) -> datetime:
        return datetime.combine(day, time(23, 59, 59), self.calendar.zone)

    def _say(self, at: datetime, what: str) -> None:
        self.steps.append(Step(at, what))

    def _say_pauses(self, pauses: Sequence[Pause], day: date, before: datetime) -> None:
        """The pauses that began on the day; one that begins when the budget is used up changes nothing."""
        for pause in pauses:
            if pause.since.date() == day and pause.since < before:
                self._say(pause.since, f"{_pause(pause)}: это время не считается.")

    def _say_off(self, days: Sequence[date]) -> None:
        """A run of days off as one step, by its names."""
        if not days:
            return
        names = list(dict.fromkeys(self.calendar.name(day) for day in days))
        told = f"{days[0]:%d.%m.%Y}" if len(days) == 1 else f"{days[0]:%d.%m.%Y}–{days[-1]:%d.%m.%Y}"
        kind = "нерабочий день" if len(days) == 1 else "нерабочие дни"
        self._say(self.calendar.at(days[0], 0), f"{told}: {kind} ({', '.join(names)}).")


def merge_pauses(pauses: Sequence[Pause], started_at: datetime) -> list[Pause]:
    """Pauses in order, from the start on, overlapping ones as one."""
    zone = started_at.tzinfo
    merged: list[Pause] = []
    for pause in sorted(pauses, key=lambda one: one.since):
        since, until = max(pause.since, started_at).astimezone(zone), pause.until.astimezone(zone)
        if until <= since:
            continue
        if merged and since <= merged[-1].until:
            merged[-1] = Pause(merged[-1].since, max(merged[-1].until, until))
        else:
            merged.append(Pause(since, until))
    return merged


def subtract_pauses(since: datetime, until: datetime, pauses: Sequence[Pause]) -> list[tuple[datetime, datetime]]:
    """What is left of a stretch of time when the pauses are taken out."""
    parts: list[tuple[datetime, datetime]] = []
    for pause in pauses:
        if pause.until <= since or pause.since >= until:
            continue
        if pause.since > since:
            parts.append((since, pause.since))
        since = min(pause.until, until)
    return [*parts, (since, until)] if since < until else parts


def _moment(moment: datetime) -> str:
    return f"{moment:%d.%m.%Y %H:%M:%S}".removesuffix(":00")


def _hours(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    return f"{minutes // 60} ч {minutes % 60:02d} мин"


def _pause(pause: Pause) -> str:
    return f"Пауза с {_moment(pause.since)} до {_moment(pause.until)}"
