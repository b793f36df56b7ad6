"""Deadlines by outcome and the times, and clients' ratings of answers, for the messages of a period."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import month_of
from app.core.periods import Period
from app.core.security import Principal
from app.interaction_points.models import Point
from app.legal_acts.models import LegalAct
from app.messages.models import Deadline, DeadlinePolicy, Message, MessageClass
from app.messages.rules.deadlines import DeadlineState, Stage
from app.messages.rules.states import MessageState
from app.monitoring.queries.visibility import is_monitored
from app.monitoring.schemas.service_levels import LevelGroupBy
from app.organizations.models import Organization


@dataclass(frozen=True, slots=True)
class LevelCut:
    """Filters of deadlines."""

    period: Period
    organization_id: UUID | None = None
    unit_id: UUID | None = None
    channel: str | None = None
    message_class: MessageClass | None = None


class PolicyKey(NamedTuple):
    """A policy of a deadline, with the unit that its term had at that time."""

    stage: Stage
    is_target: bool
    policy_id: UUID
    unit: str


@dataclass(slots=True)
class SlaStats:
    """Counts of deadlines by outcome, and the times in seconds."""

    met: int = 0
    missed: int = 0
    open: int = 0
    timed: int = 0
    median: float | None = None
    p90: int | None = None

    @property
    def n(self) -> int:
        """The number of ended deadlines."""
        return self.met + self.missed


def sum_stats(levels: Iterable[SlaStats]) -> SlaStats:
    """Add up the counts of several levels; times of different units are not combined."""
    counts = [(level.met, level.missed, level.open) for level in levels]
    return SlaStats(*map(sum, zip(*counts, strict=True)))


Levels = dict[PolicyKey, SlaStats]
_KEYS = ("key", "stage", "is_target", "policy_id", "unit")


def visible_to(by: Principal) -> ColumnElement[bool]:
    """Return the filter for messages: those of the caller's unit, or all for a caller who monitors all units."""
    return is_monitored(Message.unit_id, by)


async def build_period_condition(session: AsyncSession, period: Period, moment: Any) -> ColumnElement[bool]:
    """Build the condition that a moment of a message is in the period, in the time zone of its organization."""
    zones = (await session.exec(select(Organization.zone).distinct())).all()
    return sa.or_(
        *[
            sa.and_(
                col(Message.organization_id).in_(select(Organization.id).where(Organization.zone == zone)),
                *period.covers(moment, ZoneInfo(zone)),
            )
            for zone in zones
        ]
    )


async def load_levels(
    session: AsyncSession, cut: LevelCut, group_by: LevelGroupBy | None, seen: ColumnElement[bool]
) -> dict[Any, Levels]:
    """Load counts and times by group (None without grouping) and policy."""
    found = await count_deadlines(session, cut, group_by, seen)
    for row in (await session.exec(_build_ranked_query(cut, group_by, seen))).all():  # type: ignore[call-overload]
        level = found[row.key][PolicyKey(*row[1:5])]
        level.timed, level.median, level.p90 = row.timed, float(row.median), row.p90
    return found


async def count_deadlines(
    session: AsyncSession, cut: LevelCut, group_by: LevelGroupBy | None, seen: ColumnElement[bool]
) -> dict[Any, Levels]:
    """Return counts without times by group and policy, for the messages that pass the `seen` filter."""
    found: dict[Any, Levels] = defaultdict(dict)
    state = col(Deadline.state)
    counted = sa.select(
        *_build_keys(group_by),
        func.count().filter(state == DeadlineState.MET).label("met"),
        func.count().filter(state == DeadlineState.MISSED).label("missed"),
        func.count().filter(state.in_([DeadlineState.RUNNING, DeadlineState.PAUSED])).label("open"),
    )
    for row in (await session.exec(_apply_filters(counted, cut, seen).group_by(*_KEYS))).all():  # type: ignore[call-overload]
        found[row.key][PolicyKey(*row[1:5])] = SlaStats(row.met, row.missed, row.open)
    return found


def _build_keys(group_by: LevelGroupBy | None) -> list[Any]:
    key: Any = {
        None: sa.null(),
        LevelGroupBy.DAY: col(Deadline.counted_on),
        LevelGroupBy.MONTH: month_of(col(Deadline.counted_on)),
        LevelGroupBy.CHANNEL: col(Point.channel),
        LevelGroupBy.UNIT: col(Message.unit_id),
        LevelGroupBy.ORGANIZATION: col(Message.organization_id),
    }[group_by]
    return [
        key.label("key"),
        col(Deadline.stage).label("stage"),
        col(Deadline.is_target).label("is_target"),
        col(Deadline.policy_id).label("policy_id"),
        col(Deadline.term)["unit"].as_string().label("unit"),
    ]


def _build_ranked_query(cut: LevelCut, group_by: LevelGroupBy | None, seen: ColumnElement[bool]) -> sa.Select[Any]:
    """Build the query for median and 90th percentile (nearest rank); row numbers work alike on both databases."""
    taken = col(Deadline.taken_seconds)
    labelled = _build_keys(group_by)
    window: dict[str, Any] = {"partition_by": [one.element for one in labelled]}
    placed = sa.select(
        *labelled,
        taken.label("taken"),
        func.row_number().over(**window, order_by=taken).label("place"),
        func.count().over(**window).label("timed"),
    )
    ranked = _apply_filters(placed, cut, seen).where(taken.is_not(None)).subquery()
    keys = [ranked.c[name] for name in _KEYS]
    middle = sa.or_(ranked.c.place == (ranked.c.timed + 1) // 2, ranked.c.place == (ranked.c.timed + 2) // 2)
    return sa.select(
        *keys,
        func.max(ranked.c.timed).label("timed"),
        func.avg(ranked.c.taken).filter(middle).label("median"),
        func.max(ranked.c.taken).filter(ranked.c.place == (9 * ranked.c.timed + 9) // 10).label("p90"),
    ).group_by(*keys)


def _apply_filters(query: sa.Select[Any], cut: LevelCut, seen: ColumnElement[bool]) -> sa.Select[Any]:
    query = query.join_from(Deadline, Message, col(Message.id) == col(Deadline.message_id))
    query = query.join(Point, col(Point.id) == col(Message.point_id)).where(
        seen,
        *cut.period.holds(col(Deadline.counted_on)),
        col(Deadline.state) != DeadlineState.CANCELLED,
        col(Deadline.stage) != Stage.DELAY_NOTICE,
        col(Message.state) != MessageState.SPAM,
    )
    for column, value in (
        (col(Message.organization_id), cut.organization_id),
        (col(Message.unit_id), cut.unit_id),
        (col(Point.channel), cut.channel),
        (col(Message.message_class), cut.message_class),
    ):
        if value is not None:
            query = query.where(column == value)
    return query


class NamedPolicy(NamedTuple):
    """A policy's name and legal act."""

    name: str
    legal_act: str | None


async def load_policy_names(session: AsyncSession) -> dict[UUID, NamedPolicy]:
    """Load the current names of all policies, with their legal acts."""
    query = select(DeadlinePolicy, LegalAct)
    rows = await session.exec(query.outerjoin(LegalAct, col(LegalAct.id) == col(DeadlinePolicy.legal_act_id)))
    return {policy.id: NamedPolicy(policy.name, act.short_title if act else None) for policy, act in rows}


async def count_ratings(
    session: AsyncSession,
    period: Period,
    group_by: LevelGroupBy,
    seen: ColumnElement[bool],
    organization_id: UUID | None = None,
) -> dict[Any, tuple[int, int]]:
    """Count the ratings 1 and 2 of answers to messages received in the period, by channel or by unit."""
    key: Any = {LevelGroupBy.CHANNEL: col(Point.channel), LevelGroupBy.UNIT: col(Message.unit_id)}[group_by]
    rating = col(Message.satisfaction)
    query: Any = sa.select(key, func.count().filter(rating == 1), func.count().filter(rating != 1))
    query = query.join_from(Message, Point, col(Point.id) == col(Message.point_id))
    received = await build_period_condition(session, period, col(Message.received_at))
    query = query.where(seen, rating.is_not(None), received)
    if organization_id is not None:
        query = query.where(col(Message.organization_id) == organization_id)
    return {group: (yes, no) for group, yes, no in (await session.exec(query.group_by(key))).all()}
