"""Queries of the working calendar and of deadline policies."""

from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.messages.models import CalendarDay, DeadlinePolicy, WorkingHours
from app.messages.rules.calendar import WORKING_HOURS, DayOverride, WorkingCalendar, parse_intervals
from app.messages.schemas.deadlines import DeadlinePolicyRead
from app.organizations.models import Organization


def to_policy_read(row: DeadlinePolicy) -> DeadlinePolicyRead:
    """Map a deadline policy to its API schema."""
    return DeadlinePolicyRead.model_validate(row.model_dump() | {"interaction_point_id": row.point_id})


async def load_calendar(session: AsyncSession, organization_id: UUID) -> WorkingCalendar:
    """Return the working calendar of an organization."""
    organization = await session.get_one(Organization, organization_id)
    hours = await load_own_hours(session, organization_id)
    query = select(CalendarDay).where(
        sa.or_(col(CalendarDay.organization_id) == organization_id, col(CalendarDay.organization_id).is_(None))
    )
    days = (await session.exec(query)).all()
    overrides = {
        row.day: DayOverride(row.kind, row.name, parse_intervals(row.working_hours) if row.working_hours else ())
        for row in sorted(
            days, key=lambda row: row.organization_id is not None
        )  # its own corrections override the general ones
    }
    intervals = parse_intervals(hours.working_hours) if hours else WORKING_HOURS
    return WorkingCalendar(ZoneInfo(organization.zone), intervals, overrides)


async def load_own_hours(session: AsyncSession, organization_id: UUID) -> WorkingHours | None:
    """Return the working hours set for an organization, None if not set."""
    return (await session.exec(select(WorkingHours).where(WorkingHours.organization_id == organization_id))).first()
