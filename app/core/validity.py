"""Validity of reference data: a closed interval of days, so the last day is included."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa


@dataclass(frozen=True, slots=True)
class Validity:
    """The first and the last day of validity; None leaves an end open."""

    first: date | None = None
    last: date | None = None

    def includes(self, day: date) -> bool:
        """Whether the day lies in the interval."""
        return (self.first is None or self.first <= day) and not self.is_over(day)

    def is_over(self, day: date) -> bool:
        """Whether the last day lies before the day."""
        return self.last is not None and self.last < day

    @staticmethod
    def condition(day: date, *, last: Any, first: Any = None) -> sa.ColumnElement[bool]:
        """Build the SQL condition that the day lies in the interval of two columns."""
        is_not_over = sa.or_(last.is_(None), last >= day)
        return is_not_over if first is None else sa.and_(sa.or_(first.is_(None), first <= day), is_not_over)
