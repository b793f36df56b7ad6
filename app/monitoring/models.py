"""Tables of control: notes of heads, and months whose figures a head signed off (O-10)."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.core.db import Row, VersionedRow, enum_column, json_column, limit


class NotedType(StrEnum):
    """What a control note may stand on."""

    MESSAGE = "message"
    REPLY = "reply"
    REPLY_TEMPLATE = "reply_template"
    SURVEY_SUBMISSION = "survey_submission"


class ControlNote(VersionedRow, table=True):
    """A remark of a head that stays on the record until it is resolved, and after."""

    __tablename__ = "control_notes"
    __table_args__ = (
        sa.Index("ix_control_notes_unit", "unit_id", "id"),
        sa.Index("ix_control_notes_object", "object_type", "object_id"),
        limit("text", 2000),
        sa.CheckConstraint("(resolved_at IS NULL) = (resolution IS NULL)", name="resolution_whole"),
    )

    unit_id: UUID = Field(foreign_key="units.id")
    object_type: NotedType = Field(sa_column=enum_column(NotedType))
    object_id: UUID
    text: str = Field(max_length=2000)
    created_at: datetime
    created_by: UUID = Field(foreign_key="employees.id")
    resolution: str | None = Field(default=None, max_length=2000)
    resolved_at: datetime | None = None
    resolved_by: UUID | None = Field(default=None, foreign_key="employees.id")


class SignOff(Row, table=True):
    """A month's figures of a unit as its head confirmed them; never changed."""

    __tablename__ = "sign_offs"
    __table_args__ = (sa.UniqueConstraint("unit_id", "month", name="uq_sign_offs_month"),)

    unit_id: UUID = Field(foreign_key="units.id")
    month: date
    """Its first day."""
    figures: dict[str, Any] = Field(sa_column=json_column())
    signed_at: datetime
    signed_by: UUID = Field(foreign_key="employees.id")
