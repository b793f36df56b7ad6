"""Tables of control notes, signed-off months and targets (O-10), and of unmet needs (O-11)."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.db import Table, VersionedTable, enum_column, json_column, length_check
from app.monitoring.rules import TargetPeriod, UnmetNeedState


class NotedType(StrEnum):
    """Type of the object that a control note is about."""

    MESSAGE = "message"
    REPLY = "reply"
    REPLY_TEMPLATE = "reply_template"
    SURVEY_SUBMISSION = "survey_submission"
    UNIT_TARGET = "unit_target"


class ControlNote(VersionedTable, table=True):
    """A remark of a head or of the service itself; it stays on the record after it is resolved."""

    __tablename__ = "control_notes"
    __table_args__ = (
        sa.Index("ix_control_notes_unit", "unit_id", "id"),
        sa.Index("ix_control_notes_object", "object_type", "object_id"),
        length_check("text", 2000),
        sa.CheckConstraint("(resolved_at IS NULL) = (resolution IS NULL)", name="resolution_whole"),
    )

    unit_id: UUID = Field(foreign_key="units.id")
    object_type: NotedType = Field(sa_column=enum_column(NotedType))
    object_id: UUID
    text: str = Field(max_length=2000)
    created_at: datetime
    created_by: UUID | None = Field(default=None, foreign_key="employees.id")
    """None for a note that the service created because a target was not reached."""
    resolution: str | None = Field(default=None, max_length=2000)
    resolved_at: datetime | None = None
    resolved_by: UUID | None = Field(default=None, foreign_key="employees.id")


class SignOff(Table, table=True):
    """A unit's figures of a month as its head confirmed them; never changed."""

    __tablename__ = "sign_offs"
    __table_args__ = (sa.UniqueConstraint("unit_id", "month", name="uq_sign_offs_month"),)

    unit_id: UUID = Field(foreign_key="units.id")
    month: date
    """The first day of the month."""
    figures: dict[str, Any] = Field(sa_column=json_column())
    signed_at: datetime
    signed_by: UUID = Field(foreign_key="employees.id")


class UnmetNeed(VersionedTable, table=True):
    """A group of comments about one thing that respondents could not find, with its state (O-11)."""

    __tablename__ = "unmet_needs"
    __table_args__ = (
        sa.Index("ix_unmet_needs_organization", "organization_id", "state"),
        sa.CheckConstraint("length > 0", name="length_counted"),
        sa.CheckConstraint("state <> 'resolved' OR note IS NOT NULL", name="resolution_given"),
        length_check("note", 2000),
    )

    organization_id: UUID = Field(foreign_key="organizations.id")
    unit_id: UUID | None = Field(default=None, foreign_key="units.id", index=True)
    """The unit that owns the template or that started work on the need."""
    template_id: UUID | None = Field(default=None, foreign_key="reply_templates.id", index=True)
    """The reply template that should answer the need."""
    is_untied: bool = Field(default=False)
    """Whether an employee removed the template; new comments then do not set another one."""
    state: UnmetNeedState = Field(sa_column=enum_column(UnmetNeedState))
    length: int
    """Squared length of the vector of lemma counts, used for grouping (`language.text_groups`)."""
    created_at: datetime
    changed_at: datetime
    """When the state last changed; `changed_by` is None after new comments, `note` is the latest note."""
    changed_by: UUID | None = Field(default=None, foreign_key="employees.id")
    note: str | None = Field(default=None, max_length=2000)


class UnmetNeedText(SQLModel, table=True):
    """The link from a comment to its unmet need."""

    __tablename__ = "unmet_need_texts"

    comment_id: UUID = Field(
        sa_column=sa.Column(sa.Uuid(), sa.ForeignKey("survey_comments.id", ondelete="CASCADE"), primary_key=True)
    )
    group_id: UUID = Field(foreign_key="unmet_needs.id", index=True)


class UnmetNeedLemma(SQLModel, table=True):
    """The number of comments of an unmet need that contain a lemma."""

    __tablename__ = "unmet_need_lemmas"
    __table_args__ = (
        sa.PrimaryKeyConstraint("lemma", "group_id"),
        sa.Index("ix_unmet_need_lemmas_group_id", "group_id", "n"),
    )

    lemma: str = Field(max_length=100)
    group_id: UUID = Field(foreign_key="unmet_needs.id")
    n: int


class UnmetNeedStep(Table, table=True):
    """One state change of an unmet need; never changed."""

    __tablename__ = "unmet_need_steps"
    __table_args__ = (length_check("note", 2000),)

    group_id: UUID = Field(foreign_key="unmet_needs.id", index=True)
    occurred_at: datetime
    to_state: UnmetNeedState = Field(sa_column=enum_column(UnmetNeedState))
    by_id: UUID | None = Field(default=None, foreign_key="employees.id")
    note: str | None = Field(default=None, max_length=2000)


class TargetMeasure(StrEnum):
    """Measure that a target is set for; each is a share."""

    SATISFACTION = "satisfaction"
    """Question 21, answered by respondents who came from the unit's points."""
    ANSWER_SATISFACTION = "answer_satisfaction"
    """Clients' ratings of the unit's answers."""
    LIMITS_IN_TIME = "limits_in_time"
    TARGETS_IN_TIME = "targets_in_time"


class UnitTarget(VersionedTable, table=True):
    """The share that a unit should reach in every period (O-10, O-11)."""

    __tablename__ = "unit_targets"
    __table_args__ = (
        sa.Index(
            "uq_unit_targets_open",
            "unit_id",
            "measure",
            "period",
            unique=True,
            sqlite_where=sa.text("closed_on IS NULL"),
            postgresql_where=sa.text("closed_on IS NULL"),
        ),
        sa.CheckConstraint("threshold > 0 AND threshold <= 1", name="threshold_range"),
        sa.CheckConstraint("min_sample > 0", name="min_sample_positive"),
        sa.CheckConstraint("closed_on IS NULL OR closed_on >= valid_from", name="validity_order"),
    )

    unit_id: UUID = Field(foreign_key="units.id", index=True)
    measure: TargetMeasure = Field(sa_column=enum_column(TargetMeasure))
    threshold: float
    min_sample: int
    """The smallest sample that a period is judged by."""
    period: TargetPeriod = Field(sa_column=enum_column(TargetPeriod))
    valid_from: date
    closed_on: date | None = None
    """The last day of validity."""
    changed_on: date | None = None
    """The day of the last change of the threshold or the sample; None if never changed."""
    created_at: datetime
    created_by: UUID = Field(foreign_key="employees.id")


class TargetDeviation(Table, table=True):
    """A period in which a target was not reached; at most one row for each target and period."""

    __tablename__ = "target_deviations"
    __table_args__ = (sa.UniqueConstraint("target_id", "period_start", name="uq_target_deviations_period"),)

    target_id: UUID = Field(foreign_key="unit_targets.id")
    period_start: date
    count: int
    n: int
    threshold: float
    note_id: UUID = Field(foreign_key="control_notes.id")
    found_at: datetime
