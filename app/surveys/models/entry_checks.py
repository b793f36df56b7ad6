"""The table of paper questionnaires that are entered a second time."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.core.db import VersionedTable, enum_column, json_column
from app.surveys.rules.entry_checks import EntryCheckState, Resolution


class EntryCheck(VersionedTable, table=True):
    """A paper questionnaire selected for a second entry (A-1.fn)."""

    __tablename__ = "survey_entry_checks"
    __table_args__ = (
        sa.UniqueConstraint("submission_id", name="uq_survey_entry_checks_submission"),
        sa.CheckConstraint("reason IS NULL OR length(reason) BETWEEN 1 AND 2000", name="reason_length"),
        sa.CheckConstraint("(second_by IS NULL) = (state = 'waiting')", name="second_entered"),
        sa.CheckConstraint("(resolution IS NOT NULL) = (state = 'resolved')", name="resolution_given"),
    )

    submission_id: UUID = Field(foreign_key="survey_submissions.id")
    state: EntryCheckState = Field(default=EntryCheckState.WAITING, sa_column=enum_column(EntryCheckState, index=True))
    chosen_at: datetime
    second_by: UUID | None = Field(default=None, foreign_key="employees.id", index=True)
    second_at: datetime | None = None
    second_codes: dict[str, Any] | None = Field(default=None, sa_column=json_column(nullable=True))
    """The second entry by codes."""
    differences: list[dict[str, Any]] | None = Field(default=None, sa_column=json_column(nullable=True))
    resolution: Resolution | None = Field(default=None, sa_column=enum_column(Resolution, nullable=True))
    reason: str | None = Field(default=None, max_length=2000)
    resolved_by: UUID | None = Field(default=None, foreign_key="employees.id", index=True)
    resolved_at: datetime | None = None
