"""Commands of the working calendar."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.calendar.rules.working_days import DayKind


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCalendarDay:
    """A correction of a day, of one organization or of all (None)."""

    organization_id: UUID | None
    day: date
    kind: DayKind
    name: str
    working_hours: list[list[str]] | None
