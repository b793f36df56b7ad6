"""Tables of counted answers."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.db import Table, enum_column, json_column
from app.surveys.rules.counts import Counted, Span
from app.surveys.rules.submissions import SubmissionSource


class AnswerCount(SQLModel, table=True):
    """How often each value was answered, by day and by month, for every combination of dimensions."""

    __tablename__ = "survey_counts"
    __table_args__ = (
        sa.PrimaryKeyConstraint(
            "question", "span", "day", "organization_id", "form_id", "municipality", "source", "row_key"
        ),
    )

    question: Counted = Field(sa_column=enum_column(Counted))
    span: Span = Field(sa_column=enum_column(Span))
    day: date
    organization_id: UUID = Field(foreign_key="organizations.id")
    form_id: UUID = Field(foreign_key="survey_forms.id")
    municipality: str = Field(max_length=8)
    source: SubmissionSource = Field(sa_column=enum_column(SubmissionSource))
    row_key: str = Field(max_length=64)
    """The source of information (questions 22 and 23), the point of origin, or empty (question 21)."""
    n1: int = 0
    n2: int = 0
    n3: int = 0
    n4: int = 0
    n5: int = 0


class UncountedAnswer(Table, table=True):
    """The tail: a submission, added or by its sign removed, that is not folded into the counters yet."""

    __tablename__ = "survey_count_tail"
    __table_args__ = (sa.CheckConstraint("sign IN (-1, 1)", name="sign_known"),)

    submission_id: UUID
    sign: int = Field(sa_type=sa.SmallInteger)
    organization_id: UUID
    form_id: UUID
    municipality: str | None = Field(default=None, max_length=8)
    source: SubmissionSource = Field(sa_column=enum_column(SubmissionSource))
    counted_on: date
    came_from_point_id: UUID | None = None
    satisfaction: int = Field(sa_type=sa.SmallInteger)
    answers: dict[str, Any] = Field(sa_column=json_column())
    """The answers to questions 22 and 23, without free text."""
