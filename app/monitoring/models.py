"""Tables of control: notes of heads, months signed off (O-10), and what respondents could not find (O-11)."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.db import Table, VersionedTable, enum_column, json_column, length_check
from app.monitoring.rules import TargetPeriod, UnmetNeedState


class NotedType(StrEnum):
    """What a control note may stand on."""

    MESSAGE = "message"
    REPLY = "reply"
    REPLY_TEMPLATE = "reply_template"
    SURVEY_SUBMISSION = "survey_submission"
    UNIT_TARGET = "unit_target"


class ControlNote(VersionedTable, table=True):
    """A remark that stays on the record until it is resolved, and after: a head's, or the service's own."""

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
    """None: the service itself, of a target that is not reached."""
    resolution: str | None = Field(default=None, max_length=2000)
    resolved_at: datetime | None = None
    resolved_by: UUID | None = Field(default=None, foreign_key="employees.id")


class SignOff(Table, table=True):
    """A month's figures of a unit as its head confirmed them; never changed."""

    __tablename__ = "sign_offs"
    __table_args__ = (sa.UniqueConstraint("unit_id", "month", name="uq_sign_offs_month"),)

    unit_id: UUID = Field(foreign_key="units.id")
    month: date
    """Its first day."""
    figures: dict[str, Any] = Field(sa_column=json_column())
    signed_at: datetime
    signed_by: UUID = Field(foreign_key="employees.id")


class UnmetNeed(VersionedTable, table=True):
    """Something that respondents could not find: their texts on it, and what is done about it (O-11)."""

    __tablename__ = "not_found_groups"
    __table_args__ = (
        sa.Index("ix_not_found_groups_organization", "organization_id", "state"),
        sa.CheckConstraint("length > 0", name="length_counted"),
        sa.CheckConstraint("state <> 'resolved' OR note IS NOT NULL", name="resolution_told"),
        length_check("note", 2000),
    )

    organization_id: UUID = Field(foreign_key="organizations.id")
    unit_id: UUID | None = Field(default=None, foreign_key="units.id", index=True)
    """Whose template should answer it, or who took it up."""
    template_id: UUID | None = Field(default=None, foreign_key="reply_templates.id", index=True)
    """The template that should answer it."""
    is_untied: bool = Field(default=False)
    """Whether somebody took the template away: new texts bring none along then."""
    state: UnmetNeedState = Field(sa_column=enum_column(UnmetNeedState, check="notfoundstate_known"))
    length: int
    """The squared length of the counts of its lemmas, by which texts are grouped (`core.grouping`)."""
    created_at: datetime
    changed_at: datetime
    """When its state last changed, by whom (None: new texts), and what was said of it."""
    changed_by: UUID | None = Field(default=None, foreign_key="employees.id")
    note: str | None = Field(default=None, max_length=2000)


class UnmetNeedText(SQLModel, table=True):
    """The group that a respondent's comment belongs to."""

    __tablename__ = "not_found_texts"

    comment_id: UUID = Field(
        sa_column=sa.Column(sa.Uuid(), sa.ForeignKey("survey_comments.id", ondelete="CASCADE"), primary_key=True)
    )
    group_id: UUID = Field(foreign_key="not_found_groups.id", index=True)


class UnmetNeedLemma(SQLModel, table=True):
    """How many texts of a group have a lemma."""

    __tablename__ = "not_found_lemmas"
    __table_args__ = (
        sa.PrimaryKeyConstraint("lemma", "group_id"),
        sa.Index("ix_not_found_lemmas_group_id", "group_id", "n"),
    )

    lemma: str = Field(max_length=100)
    group_id: UUID = Field(foreign_key="not_found_groups.id")
    n: int


class UnmetNeedStep(Table, table=True):
    """One change of a group's state; never changed itself."""

    __tablename__ = "not_found_steps"
    __table_args__ = (length_check("note", 2000),)

    group_id: UUID = Field(foreign_key="not_found_groups.id", index=True)
    occurred_at: datetime
    to_state: UnmetNeedState = Field(sa_column=enum_column(UnmetNeedState, check="notfoundstate_known"))
    by_id: UUID | None = Field(default=None, foreign_key="employees.id")
    note: str | None = Field(default=None, max_length=2000)


class TargetMeasure(StrEnum):
    """What a unit may have a target for; each is a share."""

    SATISFACTION = "satisfaction"
    """Question 21 of those who came from the unit's points."""
    ANSWER_SATISFACTION = "answer_satisfaction"
    """How clients rated the unit's answers."""
    LIMITS_IN_TIME = "limits_in_time"
    TARGETS_IN_TIME = "targets_in_time"


class UnitTarget(VersionedTable, table=True):
    """The share that a unit should reach in every period, as data (O-10, O-11)."""

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
        sa.CheckConstraint("least_n > 0", name="least_n_counted"),
        sa.CheckConstraint("closed_on IS NULL OR closed_on >= valid_from", name="validity_order"),
    )

    unit_id: UUID = Field(foreign_key="units.id", index=True)
    measure: TargetMeasure = Field(sa_column=enum_column(TargetMeasure))
    threshold: float
    least_n: int
    """With fewer answers nothing is said of a period."""
    period: TargetPeriod = Field(sa_column=enum_column(TargetPeriod))
    valid_from: date
    closed_on: date | None = None
    """The last day on which it holds."""
    changed_on: date | None = None
    """Since when it asks for what it asks; None: from the beginning."""
    created_at: datetime
    created_by: UUID = Field(foreign_key="employees.id")


class TargetDeviation(Table, table=True):
    """A period in which a target was not reached, as it was found; one for each, so that it is told once."""

    __tablename__ = "target_deviations"
    __table_args__ = (sa.UniqueConstraint("target_id", "period_start", name="uq_target_deviations_period"),)

    target_id: UUID = Field(foreign_key="unit_targets.id")
    period_start: date
    count: int
    n: int
    threshold: float
    note_id: UUID = Field(foreign_key="control_notes.id")
    found_at: datetime
