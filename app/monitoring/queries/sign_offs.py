"""Signed-off months and the figures of months (O-10)."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.core import clock
from app.core.periods import Period
from app.messages.models import Deadline, Message, MessageClass, Reply, ReplyKind
from app.messages.rules.deadlines import DeadlineState
from app.messages.rules.states import OPEN_STATES, MessageState, ReplyState
from app.monitoring.models import SignOff
from app.monitoring.queries.units import load_zone
from app.monitoring.schemas.control import MonthFiguresRead
from app.organizations.models import Employee, Unit

_REDIRECTED = (MessageState.REDIRECTED, MessageState.CLOSED)
_ENDED = {
    (False, DeadlineState.MET): "limits_met",
    (False, DeadlineState.MISSED): "limits_missed",
    (True, DeadlineState.MET): "targets_met",
    (True, DeadlineState.MISSED): "targets_missed",
}


def select_sign_offs(unit_id: UUID) -> SelectOfScalar[SignOff]:
    """Build the query of the signed-off months of a unit."""
    return select(SignOff).where(SignOff.unit_id == unit_id)


async def load_named_sign_offs(
    session: AsyncSession, period: Period, organization_id: UUID | None
) -> Sequence[tuple[SignOff, str, str]]:
    """Load the months signed off in a period, each with the names of the unit and of its head; earliest first."""
    query = (
        select(SignOff, Unit.name, Employee.name)
        .join(Unit, col(Unit.id) == col(SignOff.unit_id))
        .join(Employee, col(Employee.id) == col(SignOff.signed_by))
        .where(*Period(period.since and period.since.replace(day=1), period.until).holds(col(SignOff.month)))
        .order_by(col(SignOff.month), Unit.name)
    )
    if organization_id is not None:
        query = query.where(Unit.organization_id == organization_id)
    return (await session.exec(query)).all()


async def load_month_figures(
    session: AsyncSession, unit_id: UUID, months: Collection[date]
) -> dict[date, MonthFiguresRead]:
    """Count the messages that a unit received in each month (local days) by outcome, and their ended deadlines."""
    if not months:
        return {}
    bounds = _build_bounds(months, await load_zone(session, unit_id))
    moment = col(Message.received_at)
    is_received = sa.and_(col(Message.unit_id) == unit_id, moment >= bounds.c.since, moment < bounds.c.until)
    state = col(Message.state)
    # A message that is closed later still counts as answered or redirected.
    answer = sa.exists().where(col(Reply.message_id) == col(Message.id), col(Reply.state) == ReplyState.SENT)
    is_redirected = sa.and_(col(Message.redirected_to).is_not(None), state.in_(_REDIRECTED))
    counted: Any = sa.select(
        bounds.c.month,
        func.count().label("received"),
        func.count().filter(answer.where(col(Reply.kind) == ReplyKind.ANSWER)).label("answered"),
        func.count().filter(is_redirected).label("redirected"),
        func.count().filter(col(Message.message_class) == MessageClass.APPEAL).label("appeals"),
        func.count().filter(state == MessageState.SPAM).label("spam"),
        func.count().filter(state.in_(OPEN_STATES)).label("open"),
    )
    counted = counted.join_from(bounds, Message, is_received).group_by(bounds.c.month)
    found: dict[date, dict[str, Any]] = defaultdict(lambda: dict.fromkeys(MonthFiguresRead.model_fields, 0))
    for row in (await session.exec(counted)).mappings():
        found[row["month"]] |= {name: value for name, value in row.items() if name != "month"}
    outcome = (bounds.c.month, col(Deadline.is_target), col(Deadline.state))
    ended: Any = sa.select(*outcome, func.count()).join_from(bounds, Message, is_received)
    ended = ended.join(Deadline, col(Deadline.message_id) == col(Message.id)).group_by(*outcome)
    for month, is_target, outcome_state, count in await session.exec(ended):
        if name := _ENDED.get((is_target, outcome_state)):
            found[month][name] = count
    return {month: MonthFiguresRead(**found[month]) for month in months}


def _build_bounds(months: Collection[date], zone: ZoneInfo) -> sa.Subquery:
    """Build the rows of months with their first moment and that of the next month."""
    moment: Any = col(Message.received_at)
    return sa.union_all(
        *[
            sa.select(
                sa.literal(month, sa.Date).label("month"),
                sa.literal(clock.day_starts_at(month, zone), moment.type).label("since"),
                sa.literal(clock.day_starts_at(clock.next_month(month), zone), moment.type).label("until"),
            )
            for month in sorted(months)
        ]
    ).subquery()
