"""Tables of organizations, units, competence topics, employees and municipalities."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.core.db import VersionedTable, enum_column, json_column, length_check
from app.organizations.rules import ApprovalRule, MunicipalityKind, OrganizationKind, PositionKind


class Organization(VersionedTable, table=True):
    """The ministry or a subordinate organization. It is closed by date, never deleted."""

    __tablename__ = "organizations"
    __table_args__ = (
        sa.UniqueConstraint("key", name="uq_organizations_key"),
        length_check("name", 500),
        sa.CheckConstraint("closed_on IS NULL OR closed_on >= opened_on", name="open_before_closed"),
        sa.CheckConstraint("double_entry_percent BETWEEN 0 AND 100", name="double_entry_percent_range"),
    )

    key: str = Field(max_length=64)
    kind: OrganizationKind = Field(sa_column=enum_column(OrganizationKind))
    name: str = Field(max_length=500)
    zone: str = Field(default="Asia/Novosibirsk", max_length=64)
    double_entry_percent: int = Field(default=0)
    """The share of paper questionnaires, in percent, that another person enters a second time (A-1.fn)."""
    opened_on: date | None = None
    closed_on: date | None = None


class Unit(VersionedTable, table=True):
    """A structural unit (O-2.4); its head is an employee with the role `unit_head`."""

    __tablename__ = "units"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "name", name="uq_units_name"),
        length_check("name", 500),
        sa.CheckConstraint("template_review_days BETWEEN 1 AND 3650", name="template_review_days_range"),
    )

    organization_id: UUID = Field(foreign_key="organizations.id", index=True)
    name: str = Field(max_length=500)
    is_client_centricity: bool = Field(default=False)
    """Whether the unit is the client-centricity unit (A-1.fn)."""
    approval_rule: ApprovalRule = Field(default=ApprovalRule.ALWAYS, sa_column=enum_column(ApprovalRule))
    template_review_days: int = Field(default=180)
    """The days until a review of the unit's reply templates is due, unless a template sets its own (O-6.2.6)."""
    opened_on: date | None = None
    closed_on: date | None = None


class Topic(VersionedTable, table=True):
    """A competence topic of a unit, with keywords."""

    __tablename__ = "topics"
    __table_args__ = (sa.UniqueConstraint("unit_id", "name", name="uq_topics_name"), length_check("name", 500))

    unit_id: UUID = Field(foreign_key="units.id", index=True)
    name: str = Field(max_length=500)
    keywords: list[str] = Field(sa_column=json_column())
    closed_on: date | None = None


class Employee(VersionedTable, table=True):
    """An internal client (O-2.3) with their unit and roles. The password is stored by `identity`."""

    __tablename__ = "employees"
    __table_args__ = (
        sa.UniqueConstraint("username", name="uq_employees_username"),
        sa.UniqueConstraint("external_subject", name="uq_employees_external_subject"),
        length_check("name", 500),
        length_check("username", 64, shortest=3),
    )

    organization_id: UUID = Field(foreign_key="organizations.id", index=True)
    unit_id: UUID | None = Field(default=None, foreign_key="units.id", index=True)
    username: str = Field(max_length=64)
    name: str = Field(max_length=500)
    position: str | None = Field(default=None, max_length=500)
    position_kind: PositionKind = Field(sa_column=enum_column(PositionKind))
    roles: list[str] = Field(sa_column=json_column())
    is_disabled: bool = Field(default=False)
    external_subject: str | None = Field(default=None, max_length=255)
    """The `sub` claim of the employee at the ministry's identity provider."""


class Municipality(VersionedTable, table=True):
    """A municipality with its OKTMO code; a reformed one is closed and has a successor (A-1.11–13)."""

    __tablename__ = "municipalities"
    __table_args__ = (
        sa.UniqueConstraint("oktmo", name="uq_municipalities_oktmo"),
        sa.CheckConstraint("length(oktmo) = 8", name="oktmo_length"),
        sa.CheckConstraint("valid_to IS NULL OR valid_from IS NULL OR valid_from <= valid_to", name="validity_order"),
    )

    oktmo: str = Field(max_length=8)
    kind: MunicipalityKind = Field(sa_column=enum_column(MunicipalityKind))
    name: str = Field(max_length=500, index=True)
    short_name: str = Field(max_length=500)
    valid_from: date | None = None
    valid_to: date | None = None
    successor: str | None = Field(default=None, max_length=8)
