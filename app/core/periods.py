"""Periods of lists and figures: two days, both included and both optional."""

from datetime import date, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Depends, Query
from sqlalchemy.sql.elements import ColumnElement

from app.core import clock
from app.core.problems import FieldError, ValidationFailed
from app.core.types import Day


class Period:
    """The query parameters `from` and `to`. Raises `ValidationFailed` if they are reversed."""

    def __init__(
        self,
        since: Annotated[Day | None, Query(alias="from", description="First day of the period, included.")] = None,
        until: Annotated[Day | None, Query(alias="to", description="Last day of the period, included.")] = None,
    ) -> None:
        if since is not None and until is not None and until < since:
            ru, en = "Конец периода раньше начала.", "The period ends before it starts."
            raise ValidationFailed(field_errors=[FieldError("/to", "dates_reversed", ru, en, "query")])
        self.since: date | None = since
        self.until: date | None = until

    def before(self) -> "Period | None":
        """Return the period of the same length just before this one, or None if either end is open."""
        if self.since is None or self.until is None:
            return None
        last = self.since - timedelta(days=1)
        return Period(last - (self.until - self.since), last)

    def holds(self, day: Any) -> list[ColumnElement[bool]]:
        """Return the conditions that a date column lies in the period."""
        conditions: list[ColumnElement[bool]] = []
        if self.since is not None:
            conditions.append(day >= self.since)
        if self.until is not None:
            conditions.append(day <= self.until)
        return conditions

    def covers(self, moment: Any, zone: ZoneInfo = clock.LOCAL_ZONE) -> list[ColumnElement[bool]]:
        """Return the conditions that a datetime column lies in the period's days in a time zone."""
        conditions: list[ColumnElement[bool]] = []
        if self.since is not None:
            conditions.append(moment >= clock.day_starts_at(self.since, zone))
        if self.until is not None:
            conditions.append(moment < clock.day_ends_before(self.until, zone))
        return conditions


PeriodDep = Annotated[Period, Depends()]
