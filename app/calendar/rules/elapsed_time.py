"""The time taken by a term, in its unit (O-6.2.2, O-11)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.calendar.rules.terms import Pause, TermUnit, merge_pauses, subtract_pauses
from app.calendar.rules.working_days import WorkingCalendar


def compute_elapsed(
    unit: TermUnit, started_at: datetime, ended_at: datetime, calendar: WorkingCalendar, pauses: Sequence[Pause] = ()
) -> timedelta:
    """Compute the time between two moments without pauses; working time only for terms in working days and hours."""
    began, ended = started_at.astimezone(calendar.zone), ended_at.astimezone(calendar.zone)
    merged = merge_pauses(pauses, began)
    if unit is TermUnit.CALENDAR_DAYS:
        return _sum_durations(subtract_pauses(began, ended, merged))
    elapsed, day = timedelta(), began.date()
    while day <= ended.date():
        for interval in calendar.hours(day):
            since, until = calendar.at(day, interval.start), calendar.at(day, interval.end)
            elapsed += _sum_durations(subtract_pauses(max(since, began), min(until, ended), merged))
        day += timedelta(days=1)
    return elapsed


def _sum_durations(parts: Sequence[tuple[datetime, datetime]]) -> timedelta:
    return sum((until - since for since, until in parts), timedelta())
