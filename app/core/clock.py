"""The only module that reads the clock, so that tests can replace it."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LOCAL_ZONE = ZoneInfo("Asia/Novosibirsk")
"""The ministry's time zone (UTC+7); `Organization.zone` may set another one for a subordinate organization."""


def now() -> datetime:
    """Return the current moment, timezone-aware, in UTC."""
    return datetime.now(UTC)


def local_date(moment: datetime, zone: ZoneInfo = LOCAL_ZONE) -> date:
    """Return the calendar day of a moment in the organization's zone."""
    return moment.astimezone(zone).date()


def today(zone: ZoneInfo = LOCAL_ZONE) -> date:
    """Return the current calendar day in the organization's zone."""
    return local_date(now(), zone)


def day_starts_at(day: date, zone: ZoneInfo = LOCAL_ZONE) -> datetime:
    """Return the first moment of a local day, in UTC."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def day_ends_before(day: date, zone: ZoneInfo = LOCAL_ZONE) -> datetime:
    """Return the first moment after a local day, in UTC."""
    return day_starts_at(day + timedelta(days=1), zone)


def next_month(month: date) -> date:
    """Return the first day of the month that follows the month starting on `month`."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
