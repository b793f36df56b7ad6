"""API schemas of the working calendar."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from app.calendar.rules.working_days import DayKind
from app.core.schemas import NOT_GIVEN, Input, LocalDateTime, Output, example
from app.core.types import Day, Id, Name

Clock = Annotated[
    str, StringConstraints(min_length=5, max_length=5, pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")
]
"""Time of day as `HH:MM`; the end of an interval may be `24:00`."""
Interval = Annotated[list[Clock], Field(min_length=2, max_length=2)]
Hours = Annotated[list[Interval], Field(min_length=1, max_length=12)]
"""Working hours of a day: intervals in ascending order that do not overlap."""


class CalendarDayCreate(Input):
    """A correction of the calendar: a day off, a working day or a shortened day.

    Without an organization it applies to all of them.
    """

    organization_id: Id | None = None
    day: Day
    kind: DayKind
    name: Name
    working_hours: Hours | None = None
    model_config = example(
        {
            "day": "2026-12-30",
            "kind": "shortened",
            "name": "Сокращённый предпраздничный день",
            "working_hours": [["09:00", "13:00"], ["14:00", "17:00"]],
        }
    )


class CalendarDayPatch(Input):
    """Changes to a calendar correction."""

    kind: DayKind = NOT_GIVEN
    name: Name = NOT_GIVEN
    working_hours: Hours | None = NOT_GIVEN
    model_config = example({"name": "Выходной по указу"})


class MovedDeadline(Output):
    """A deadline moved by a change of the calendar."""

    message_id: UUID
    number: str
    stage: str = Field(description="The stage of the deadline, such as `final_reply`.")
    moved_from: LocalDateTime = Field(alias="from")
    moved_to: LocalDateTime = Field(alias="to")


class MovedDeadlines(Output):
    """Deadlines of open messages moved by a change of the calendar. At most 100 are listed."""

    count: int
    items: list[MovedDeadline]


class CalendarDayRead(Output):
    """A calendar correction with the deadlines moved by its last change."""

    id: UUID
    organization_id: UUID | None
    day: date
    kind: DayKind
    name: str
    working_hours: list[list[str]] | None
    moved: MovedDeadlines


class WorkingHoursPut(Input):
    """Hours of an ordinary working day."""

    working_hours: Hours
    model_config = example({"working_hours": [["09:00", "13:00"], ["14:00", "18:00"]]})


class WorkingHoursRead(Output):
    """Hours of an ordinary working day of an organization, with the deadlines moved by their change."""

    organization_id: UUID
    working_hours: list[list[str]]
    moved: MovedDeadlines


class KnownDayRead(Output):
    """A day of the calendar, corrections included."""

    day: date
    is_working: bool
    name: str | None = Field(description="The name of the day off.")
    working_hours: list[list[str]]
    provisional: bool = Field(description="Whether the decree for this year is unknown.")


class KnownDaysRead(Output):
    """The calendar of a period."""

    items: list[KnownDayRead]
