"""The only place that reads the clock, so that a test can stop it and a review can find it."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LOCAL_ZONE = ZoneInfo("Asia/Novosibirsk")
"""The ministry's zone (UTC+7); `Organization.zone` may name another for a subordinate organization."""


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def local_date(moment: datetime, zone: ZoneInfo = LOCAL_ZONE) -> date:
    """The calendar day of a moment in the organization's zone."""
    return moment.astimezone(zone).date()


def today(zone: ZoneInfo = LOCAL_ZONE) -> date:
    """The calendar day that it is now in the organization's zone."""
    return local_date(now(), zone)


def day_starts_at(day: date, zone: ZoneInfo = LOCAL_ZONE) -> datetime:
    """The first moment of a local day, in UTC."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def day_ends_before(day: date, zone: ZoneInfo = LOCAL_ZONE) -> datetime:
    """The first moment after a local day, in UTC."""
    return day_starts_at(day + timedelta(days=1), zone)


def next_month(month: date) -> date:
    """The first day of the month after the one that begins with `month`."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
