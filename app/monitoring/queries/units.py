"""The queue of a unit: its open messages, employees and reply templates due for review."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.interaction_points.models import Point
from app.messages.models import Message, Reply
from app.messages.rules.deadlines import WHOLE_SECOND
from app.messages.rules.states import OPEN_STATES, MessageState, ReplyState
from app.organizations.models import Employee, Organization, Unit
from app.reply_templates.models import ReplyTemplate
from app.reply_templates.queries import has_review
from app.reply_templates.rules.review import ReviewState

Loads = dict[Any, dict[str, int]]
"""The figures of `QueueRead` by group, in the order of the groups."""


async def load_zone(session: AsyncSession, unit_id: UUID) -> ZoneInfo:
    """Load the time zone of a unit's organization."""
    query = select(Organization.zone).join(Unit, col(Unit.organization_id) == col(Organization.id))
    return ZoneInfo((await session.exec(query.where(Unit.id == unit_id))).one())


async def count_open_by_employee(session: AsyncSession, unit_id: UUID, zone: ZoneInfo) -> Loads:
    """Count the open messages of a unit by assignee, None for unassigned ones."""
    return await _count_open(session, unit_id, zone, col(Message.assignee_id))


async def count_open_by_channel(session: AsyncSession, unit_id: UUID, zone: ZoneInfo) -> Loads:
    """Count the open messages of a unit by channel."""
    return await _count_open(session, unit_id, zone, col(Point.channel))


async def _count_open(session: AsyncSession, unit_id: UUID, zone: ZoneInfo, key: Any) -> Loads:
    due, state = col(Message.due_at), col(Message.state)
    late, tonight = clock.now() - WHOLE_SECOND, clock.day_ends_before(clock.today(zone), zone)
    returned = sa.exists().where(col(Reply.message_id) == col(Message.id), col(Reply.state) == ReplyState.RETURNED)
    query = sa.select(
        key.label("key"),
        func.count().label("open"),
        func.count().filter(due > late, due < tonight).label("due_today"),
        func.count().filter(due <= late).label("overdue"),
        func.count().filter(state == MessageState.AWAITING_APPROVAL).label("awaiting_approval"),
        func.count().filter(returned).label("returned"),
        func.count().filter(col(Message.assignee_id).is_(None)).label("without_assignee"),
    ).join(Point, col(Point.id) == col(Message.point_id))
    query = query.where(col(Message.unit_id) == unit_id, state.in_(OPEN_STATES)).group_by(key).order_by(key)
    rows = (await session.exec(query)).mappings().all()  # type: ignore[call-overload]
    return {row["key"]: {name: value for name, value in row.items() if name != "key"} for row in rows}


async def count_templates(session: AsyncSession, unit_id: UUID, review: ReviewState) -> int:
    """Count the reply templates of a unit with a review state."""
    query = select(func.count()).select_from(ReplyTemplate)
    return (await session.exec(query.where(ReplyTemplate.unit_id == unit_id, has_review(review)))).one()


async def load_employees(
    session: AsyncSession, unit_id: UUID, loads: Iterable[UUID | None]
) -> Sequence[tuple[UUID, str]]:
    """Load the active employees of the unit and other employees with its messages, by name."""
    is_ready = sa.and_(col(Employee.unit_id) == unit_id, col(Employee.is_disabled).is_(False))
    has_work = col(Employee.id).in_([key for key in loads if key is not None])
    query = select(Employee.id, Employee.name).where(sa.or_(is_ready, has_work))
    return (await session.exec(query.order_by(col(Employee.name), col(Employee.id)))).all()
