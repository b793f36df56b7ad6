"""An independent, slow calculation of deadlines, day by day and minute by minute.

Days off on weekdays and working Saturdays are listed as in the decrees.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

NOVOSIBIRSK = ZoneInfo("Asia/Novosibirsk")

OFF = {
    2024: "01-01 01-02 01-03 01-04 01-05 01-08 02-23 03-08 04-29 04-30 05-01 05-09 05-10 06-12 11-04 12-30 12-31",
    2025: "01-01 01-02 01-03 01-06 01-07 01-08 05-01 05-02 05-08 05-09 06-12 06-13 11-03 11-04 12-31",
    2026: "01-01 01-02 01-05 01-06 01-07 01-08 01-09 02-23 03-09 05-01 05-11 06-12 11-04 12-31",
    2027: "01-01 01-04 01-05 01-06 01-07 01-08 02-22 02-23 03-08 05-03 05-10 06-14 11-04 11-05 12-31",
    2028: "01-03 01-04 01-05 01-06 01-07",
}
WORKING = {2024: "04-27 11-02 12-28", 2025: "11-01", 2027: "02-20"}

Hours = Sequence[tuple[int, int]]
"""Working hours of a day in minutes since midnight."""
ORDINARY: Hours = ((540, 780), (840, 1080))


@cache
def decreed(day: date) -> bool:
    """Return whether it is a working day by the official calendar."""
    month_day = f"{day:%m-%d}"
    if month_day in WORKING.get(day.year, "").split():
        return True
    return day.weekday() < 5 and month_day not in OFF[day.year].split()


def last_moment(day: date) -> datetime:
    """Return 23:59:59 of a local day."""
    return datetime.combine(day, time(23, 59, 59), NOVOSIBIRSK)


def merge(pauses: Sequence[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Return the pauses in order, with overlapping ones merged."""
    found = set(pauses)
    while True:
        meeting = [(a, b) for a in found for b in found if a != b and a[0] <= b[1] and b[0] <= a[1]]
        if not meeting:
            return sorted(found)
        one, other = meeting[0]
        found = found - {one, other} | {(min(one[0], other[0]), max(one[1], other[1]))}


def due_by_days(
    start: datetime,
    amount: int,
    *,
    working: bool,
    roll: str = "none",
    pauses: Sequence[tuple[datetime, datetime]] = (),
    is_working: Callable[[date], bool] = decreed,
) -> datetime:
    """Return the end of the last day; the first day is not counted, a pause adds its days."""
    first = start.astimezone(NOVOSIBIRSK).date()

    def compute(budget: int) -> datetime:
        day = first
        if working:
            while budget:
                day += timedelta(days=1)
                budget -= is_working(day)
            return last_moment(day)
        day += timedelta(days=budget)
        if roll == "none" or is_working(day):
            return last_moment(day)
        back = day
        while roll == "previous" and back > first:
            back -= timedelta(days=1)
            if is_working(back):
                return last_moment(back)
        while not is_working(day):
            day += timedelta(days=1)
        return last_moment(day)

    due = compute(amount)
    for since, until in merge([(max(since, start), until) for since, until in pauses if until > start]):
        if since > due:
            break
        day, last = since.astimezone(NOVOSIBIRSK).date(), until.astimezone(NOVOSIBIRSK).date()
        while day < last:
            day += timedelta(days=1)
            amount += is_working(day) if working else 1
        due = compute(amount)
    return due


def due_by_hours(
    start: datetime,
    hours: int,
    *,
    day_hours: Callable[[date], Hours] = lambda day: ORDINARY if decreed(day) else (),
    pauses: Sequence[tuple[datetime, datetime]] = (),
    step: int = 1,
) -> datetime:
    """Count steps of a number of minutes that are within working hours and outside pauses."""
    moment, left = start.astimezone(NOVOSIBIRSK), hours * 60
    while True:
        known = day_hours(moment.date())
        minute = moment.hour * 60 + moment.minute
        after = moment + timedelta(minutes=step)
        if not any(minute < end for _, end in known):
            moment = datetime.combine(moment.date() + timedelta(days=1), time.min, NOVOSIBIRSK)
            continue
        is_paused = any(since <= moment < until for since, until in pauses)
        if not is_paused and any(begin <= minute < end for begin, end in known):
            left -= step
            if left == 0:
                return after
        moment = after


def every_day(last: date = date(2027, 12, 31)) -> Iterator[date]:
    """Yield every day from 2024 on."""
    day = date(2024, 1, 1)
    while day <= last:
        yield day
        day += timedelta(days=1)


def at(day: date, moment: time = time(10, 0)) -> datetime:
    """Return a time of a local day."""
    return datetime.combine(day, moment, NOVOSIBIRSK)
