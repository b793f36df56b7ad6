"""Queries of organizations, units and topics."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.core import clock
from app.core.validity import Validity
from app.organizations.models import Organization, Topic, Unit


def select_organizations() -> SelectOfScalar[Organization]:
    """Select all organizations."""
    return select(Organization)


def select_units(organization_id: UUID | None = None) -> SelectOfScalar[Unit]:
    """Select the units, optionally of one organization."""
    query = select(Unit)
    return query if organization_id is None else query.where(Unit.organization_id == organization_id)


def select_topics(unit_id: UUID) -> SelectOfScalar[Topic]:
    """Select the topics of a unit."""
    return select(Topic).where(Topic.unit_id == unit_id)


def is_open(closed_on: Any) -> sa.ColumnElement[bool]:
    """Build the condition for open rows; the closing day itself is still open."""
    return Validity.condition(clock.today(), last=col(closed_on))
