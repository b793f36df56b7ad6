"""How long something took, in the time that its term is counted in (O-6.2.2, O-11)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.messages.rules.calendar import WorkingCalendar
from app.messages.rules.deadlines import Pause, TermUnit, merge_pauses, subtract_pauses


def compute_elapsed(
    unit: TermUnit, started_at: datetime, ended_at: datetime, calendar: WorkingCalendar, pauses: Sequence[Pause] = ()
) -> timedelta:
    """The time between two moments without the pauses: for terms in working days and hours the working time only."""
    began, ended = started_at.astimezone(calendar.zone), ended_at.astimezone(calendar.zone)
    stood = merge_pauses(pauses, began)
    if unit is TermUnit.CALENDAR_DAYS:
        return _length(subtract_pauses(began, ended, stood))
    spent, day = timedelta(), began.date()
    while day <= ended.date():
        for interval in calendar.hours(day):
            since, until = calendar.at(day, interval.start), calendar.at(day, interval.end)
            spent += _length(subtract_pauses(max(since, began), min(until, ended), stood))
        day += timedelta(days=1)
    return spent


def _length(parts: Sequence[tuple[datetime, datetime]]) -> timedelta:
    return sum((until - since for since, until in parts), timedelta())
