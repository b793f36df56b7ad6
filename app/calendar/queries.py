"""Queries of the working calendar."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.calendar.models import CalendarDay, WorkingHours


def select_days(organization_id: UUID | None, year: int | None) -> SelectOfScalar[CalendarDay]:
    """Return the query of the corrections, filtered by organization and year."""
    query = select(CalendarDay)
    if organization_id is not None:
        query = query.where(CalendarDay.organization_id == organization_id)
    if year is not None:
        query = query.where(col(CalendarDay.day).between(date(year, 1, 1), date(year, 12, 31)))
    return query


async def load_days(session: AsyncSession, organization_id: UUID) -> list[CalendarDay]:
    """Return the corrections that apply to an organization: the general ones first, then its own."""
    owner = col(CalendarDay.organization_id)
    rows = (await session.exec(select(CalendarDay).where(sa.or_(owner == organization_id, owner.is_(None))))).all()
    return sorted(rows, key=lambda row: row.organization_id is not None)


async def load_hours(session: AsyncSession, organization_id: UUID) -> WorkingHours | None:
    """Return the working hours set for an organization, None if not set."""
    return (await session.exec(select(WorkingHours).where(WorkingHours.organization_id == organization_id))).first()
