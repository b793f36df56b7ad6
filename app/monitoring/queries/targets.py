"""Targets of units and the periods in which they were not reached."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.core import clock
from app.core.security import Principal
from app.core.validity import Validity
from app.monitoring.models import TargetDeviation, UnitTarget
from app.monitoring.queries.visibility import is_monitored

SHOWN_DEVIATIONS = 12
_LATE_DATA = timedelta(days=200)
"""A closed target is judged until the end of its quarter and in the following one, for late data."""


def select_targets(
    by: Principal, *, unit_id: UUID | None = None, with_closed: bool = True
) -> SelectOfScalar[UnitTarget]:
    """Build the query of the targets of the caller's unit, or of all for a caller who monitors all units."""
    query = select(UnitTarget).where(is_monitored(UnitTarget.unit_id, by))
    if unit_id is not None:
        query = query.where(UnitTarget.unit_id == unit_id)
    return query if with_closed else query.where(_is_valid(clock.today()))


async def find_target(session: AsyncSession, target_id: UUID, by: Principal) -> UnitTarget | None:
    """Return a target that the caller may see, or None."""
    return (await session.exec(select_targets(by).where(UnitTarget.id == target_id))).first()


async def load_recent_targets(session: AsyncSession) -> Sequence[UnitTarget]:
    """Load the targets in force and the recently closed ones."""
    query = select(UnitTarget).where(_is_valid(clock.today() - _LATE_DATA))
    return (await session.exec(query.order_by(col(UnitTarget.id)))).all()


def _is_valid(day: date) -> ColumnElement[bool]:
    return Validity.condition(day, last=col(UnitTarget.closed_on))


async def load_missed_periods(session: AsyncSession, target_ids: Sequence[UUID]) -> set[tuple[UUID, date]]:
    """Load the stored deviations as pairs of target and first day of the period."""
    query: Any = sa.select(col(TargetDeviation.target_id), col(TargetDeviation.period_start))
    query = query.where(col(TargetDeviation.target_id).in_(target_ids))
    return {(target_id, first) for target_id, first in (await session.exec(query)).all()}


async def load_deviations(session: AsyncSession, target_ids: Sequence[UUID]) -> dict[UUID, list[TargetDeviation]]:
    """Load the latest periods in which each target was not reached, latest first."""
    target_id, start = col(TargetDeviation.target_id), col(TargetDeviation.period_start)
    place = func.row_number().over(partition_by=target_id, order_by=start.desc()).label("place")
    latest = sa.select(col(TargetDeviation.id), place).where(target_id.in_(target_ids)).subquery()
    query = select(TargetDeviation).join(latest, latest.c.id == col(TargetDeviation.id))
    query = query.where(latest.c.place <= SHOWN_DEVIATIONS).order_by(start.desc())
    found: dict[UUID, list[TargetDeviation]] = defaultdict(list)
    for row in (await session.exec(query)).all():
        found[row.target_id].append(row)
    return found
