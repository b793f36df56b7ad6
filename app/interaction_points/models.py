"""Tables of interaction points, their channel kinds and the history of their states."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.core.db import Table, VersionedTable, enum_column, json_column, length_check
from app.interaction_points.rules import Audience, PointAction, PointFormat, PointStatus, RegulationKind


class ChannelKind(Table, table=True):
    """A channel kind; kinds are data, because the order allows «иные медиаресурсы»."""

    __tablename__ = "channel_kinds"
    __table_args__ = (sa.UniqueConstraint("key", name="uq_channel_kinds_key"),)

    key: str = Field(max_length=64)
    name: str = Field(max_length=500)
    is_social: bool = Field(default=False)
    """Whether the channel is a social network or a messenger (O-6)."""


class Point(VersionedTable, table=True):
    """An interaction point (O-2.7) with its current status; `point_states` holds the history."""

    __tablename__ = "interaction_points"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "name", name="uq_interaction_points_name"),
        length_check("name", 500),
        sa.CheckConstraint(
            "(regulation_kind IS NULL AND regulation_act_id IS NULL AND regulation_text IS NULL)"
            " OR (regulation_kind = 'legal_act' AND regulation_act_id IS NOT NULL AND regulation_text IS NULL)"
            " OR (regulation_kind = 'own_text' AND regulation_act_id IS NULL AND regulation_text IS NOT NULL)",
            name="regulation_whole",
        ),
    )

    organization_id: UUID = Field(foreign_key="organizations.id", index=True)
    unit_id: UUID = Field(foreign_key="units.id", index=True)
    name: str = Field(max_length=500)
    format: PointFormat = Field(sa_column=enum_column(PointFormat))
    channel: str = Field(foreign_key="channel_kinds.key", max_length=64, index=True)
    audience: Audience = Field(sa_column=enum_column(Audience))
    address: str | None = Field(default=None, max_length=1000)
    is_official_page: bool = Field(default=False)
    service: str | None = Field(default=None, max_length=500)
    working_hours: str | None = Field(default=None, max_length=500)
    """Working hours as shown to clients."""
    status: PointStatus = Field(sa_column=enum_column(PointStatus, index=True))
    approval_act_id: UUID | None = Field(default=None, foreign_key="legal_acts.id", index=True)
    valid_from: date | None = None
    valid_to: date | None = None
    regulation_kind: RegulationKind | None = Field(default=None, sa_column=enum_column(RegulationKind, nullable=True))
    regulation_act_id: UUID | None = Field(default=None, foreign_key="legal_acts.id", index=True)
    regulation_clause: str | None = Field(default=None, max_length=100)
    regulation_text: str | None = Field(default=None, sa_type=sa.Text)
    created_at: datetime


class PointState(Table, table=True):
    """A status change of a point, in order of recording; append-only (O-3)."""

    __tablename__ = "point_states"
    __table_args__ = (
        sa.UniqueConstraint("point_id", "sequence", name="uq_point_states_sequence"),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= effective_on", name="validity_order"),
    )

    point_id: UUID = Field(foreign_key="interaction_points.id", index=True)
    sequence: int
    status: PointStatus = Field(sa_column=enum_column(PointStatus))
    effective_on: date
    valid_to: date | None = None
    legal_act_id: UUID | None = Field(default=None, foreign_key="legal_acts.id")
    reason: str | None = Field(default=None, max_length=2000)
    recorded_at: datetime
    recorded_by: UUID | None = None


class PointChange(Table, table=True):
    """An action on a point with the fields it changed; append-only (O-3)."""

    __tablename__ = "point_changes"
    __table_args__ = (sa.Index("ix_point_changes_point", "point_id", "id"),)

    point_id: UUID = Field(foreign_key="interaction_points.id")
    action: PointAction = Field(sa_column=enum_column(PointAction))
    changes: list[dict[str, Any]] = Field(sa_column=json_column())
    """Items of `{"field", "old", "new"}`; `field` is a column name."""
    recorded_at: datetime = Field(index=True)
    recorded_by: UUID | None = None
