"""Tables of the working calendar."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.calendar.rules.working_days import DayKind
from app.core.db import VersionedTable, enum_column, json_column


class CalendarDay(VersionedTable, table=True):
    """A correction of the working calendar, for one organization or for all (null)."""

    __tablename__ = "calendar_days"
    __table_args__ = (
        sa.Index(
            "uq_calendar_days_all",
            "day",
            unique=True,
            sqlite_where=sa.text("organization_id IS NULL"),
            postgresql_where=sa.text("organization_id IS NULL"),
        ),
        sa.UniqueConstraint("organization_id", "day", name="uq_calendar_days_day"),
    )

    organization_id: UUID | None = Field(default=None, foreign_key="organizations.id")
    day: date
    kind: DayKind = Field(sa_column=enum_column(DayKind))
    name: str = Field(max_length=500)
    working_hours: list[list[str]] | None = Field(default=None, sa_column=json_column(nullable=True))
    moved: dict[str, Any] = Field(sa_column=json_column())
    """The deadlines moved by the last change of the day."""


class WorkingHours(VersionedTable, table=True):
    """The hours of an ordinary working day of an organization."""

    __tablename__ = "working_hours"
    __table_args__ = (sa.UniqueConstraint("organization_id", name="uq_working_hours_organization"),)

    organization_id: UUID = Field(foreign_key="organizations.id")
    working_hours: list[list[str]] = Field(sa_column=json_column())
