"""Periods of lists and figures: two days, both included, each of which may be left out."""

from datetime import date, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Depends, Query
from sqlalchemy.sql.elements import ColumnElement

from app.core import clock
from app.core.problems import FieldError, ValidationFailed
from app.core.types import Day


class Period:
    """`from` and `to` of a query. Raises 422 when they are reversed."""

    def __init__(
        self,
        since: Annotated[Day | None, Query(alias="from", description="First day, included.")] = None,
        until: Annotated[Day | None, Query(alias="to", description="Last day, included.")] = None,
    ) -> None:
        if since is not None and until is not None and until < since:
            ru, en = "Конец периода раньше начала.", "The period ends before it begins."
            raise ValidationFailed(field_errors=[FieldError("/to", "dates_reversed", ru, en, "query")])
        self.since: date | None = since
        self.until: date | None = until

    def before(self) -> "Period | None":
        """As many days, just before; None where an end of the period is open."""
        if self.since is None or self.until is None:
            return None
        eve = self.since - timedelta(days=1)
        return Period(eve - (self.until - self.since), eve)

    def holds(self, day: Any) -> list[ColumnElement[bool]]:
        """The conditions that a column of days lies in the period."""
        conditions: list[ColumnElement[bool]] = []
        if self.since is not None:
            conditions.append(day >= self.since)
        if self.until is not None:
            conditions.append(day <= self.until)
        return conditions

    def covers(self, moment: Any, zone: ZoneInfo = clock.LOCAL_ZONE) -> list[ColumnElement[bool]]:
        """The conditions that a column of moments lies in the period's days in a zone."""
        conditions: list[ColumnElement[bool]] = []
        if self.since is not None:
            conditions.append(moment >= clock.day_starts_at(self.since, zone))
        if self.until is not None:
            conditions.append(moment < clock.day_ends_before(self.until, zone))
        return conditions


PeriodDep = Annotated[Period, Depends()]
