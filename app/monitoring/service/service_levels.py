"""Service levels: deadlines that started in a period, met or missed, and the times (O-6.2.2).

A deadline has ended when it was met or missed; a missed one counts at once, done or not. Times cover everything done,
late or not. A notice of delay is optional, so it is not counted; neither is spam.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.calendar.rules.terms import TermUnit
from app.core.db import month_of
from app.core.periods import Period
from app.core.security import Principal
from app.interaction_points.models import ChannelKind, Point
from app.legal_acts.models import LegalAct
from app.messages.models import Deadline, DeadlinePolicy, Message
from app.messages.rules.deadlines import STAGES_RU, DeadlineState, Stage
from app.messages.rules.enums import MessageClass
from app.messages.rules.states import MessageState
from app.monitoring import rules
from app.monitoring.schemas.service_levels import (
    DeadlineKind,
    LevelGroupBy,
    LevelGroupRead,
    PolicyLevelRead,
    ServiceLevelsRead,
    StageLevelRead,
    TimeKind,
)
from app.monitoring.service.survey_counts import compare_with_previous
from app.organizations.models import Organization, Unit

HOUR = 3600


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


Levels = dict[PolicyKey, SlaStats]
_KEYS = ("key", "stage", "is_target", "policy_id", "unit")
_NAMES: Mapping[LevelGroupBy, Any] = {
    LevelGroupBy.DAY: None,
    LevelGroupBy.MONTH: None,
    LevelGroupBy.CHANNEL: select(ChannelKind.key, ChannelKind.name),
    LevelGroupBy.UNIT: select(Unit.id, Unit.name),
    LevelGroupBy.ORGANIZATION: select(Organization.id, Organization.name),
}


async def compute_service_levels(
    session: AsyncSession, cut: LevelCut, group_by: LevelGroupBy | None, by: Principal
) -> ServiceLevelsRead:
    """Compute service levels by stage and policy, in total and by group, compared with the preceding period."""
    total = (await read_levels(session, cut, None, by)).get(None, {})
    groups = await read_levels(session, cut, group_by, by) if group_by else {}
    period = cut.period.before()
    total_before: Levels | None = None
    groups_before: Mapping[Any, Levels] | None = None
    if period is not None:
        before = replace(cut, period=period)
        seen = visible_to(by)
        total_before = (await count_levels(session, before, None, seen)).get(None, {})
        # Days and months have no counterpart in the preceding period.
        if group_by is not None and _NAMES[group_by] is not None:
            groups_before = await count_levels(session, before, group_by, seen)
    policies = await load_policy_names(session)
    names = await load_group_names(session, group_by) if group_by else {}
    items = []
    for key, levels in groups.items():
        key_text = f"{key:%Y-%m}" if group_by is LevelGroupBy.MONTH else str(key)
        levels_before = None if groups_before is None else groups_before.get(key, {})
        stages = to_stage_reads(levels, levels_before, policies)
        items.append(LevelGroupRead(key=key_text, name=names.get(key, key_text), stages=stages))
    return ServiceLevelsRead.model_validate(
        {
            "from": cut.period.since,
            "to": cut.period.until,
            "group_by": group_by,
            "previous_period": period and {"from": period.since, "to": period.until},
            "stages": to_stage_reads(total, total_before, policies),
            "items": sorted(items, key=lambda item: (item.name, item.key)),
        }
    )


def visible_to(by: Principal) -> ColumnElement[bool]:
    """Return the filter for messages: those of the caller's unit, or all for a caller who monitors all units."""
    if by.may("monitoring:all_units"):
        return sa.true()
    return col(Message.unit_id) == by.unit_id if by.unit_id is not None else sa.false()


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


async def read_levels(
    session: AsyncSession, cut: LevelCut, group_by: LevelGroupBy | None, by: Principal
) -> dict[Any, Levels]:
    """Return counts and times by group (None without grouping) and policy."""
    found = await count_levels(session, cut, group_by, visible_to(by))
    for row in (await session.exec(_build_ranked_query(cut, group_by, visible_to(by)))).all():  # type: ignore[call-overload]
        level = found[row.key][PolicyKey(*row[1:5])]
        level.timed, level.median, level.p90 = row.timed, float(row.median), row.p90
    return found


async def count_levels(
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


@dataclass(frozen=True, slots=True)
class NamedPolicy:
    """A policy's name and legal act."""

    name: str
    legal_act: str | None


async def load_policy_names(session: AsyncSession) -> dict[UUID, NamedPolicy]:
    """Load the current names of all policies, with their legal acts."""
    query = select(DeadlinePolicy, LegalAct)
    rows = await session.exec(query.outerjoin(LegalAct, col(LegalAct.id) == col(DeadlinePolicy.legal_act_id)))
    return {policy.id: NamedPolicy(policy.name, act.short_title if act else None) for policy, act in rows}


async def load_group_names(session: AsyncSession, group_by: LevelGroupBy) -> dict[Any, str]:
    """Return the names of groups; empty for days and months."""
    query = _NAMES[group_by]
    return {} if query is None else dict((await session.exec(query)).all())


def to_stage_reads(levels: Levels, before: Levels | None, policies: Mapping[UUID, NamedPolicy]) -> list[StageLevelRead]:
    """Convert levels into their API representation: by stage, limits before targets, then by policy."""
    stages = {(policy_key.stage, policy_key.is_target) for policy_key in levels}
    return [
        StageLevelRead(
            stage=stage,
            kind=DeadlineKind.TARGET if is_target else DeadlineKind.LIMIT,
            name=STAGES_RU[stage],
            **_build_in_time(added := sum_stats(_filter_by_stage(levels, stage, is_target))),
            previous=None if before is None else _compare(added, sum_stats(_filter_by_stage(before, stage, is_target))),
            policies=[
                _to_policy_read(policy_key, level, policies[policy_key.policy_id])
                for policy_key, level in sorted(
                    levels.items(), key=lambda one: (policies[one[0].policy_id].name, one[0])
                )
                if (policy_key.stage, policy_key.is_target) == (stage, is_target)
            ],
        )
        for stage, is_target in sorted(stages, key=lambda one: (list(Stage).index(one[0]), one[1]))
    ]


def _filter_by_stage(levels: Levels, stage: Stage, is_target: bool) -> Iterable[SlaStats]:
    return [
        level for policy_key, level in levels.items() if (policy_key.stage, policy_key.is_target) == (stage, is_target)
    ]


def sum_stats(levels: Iterable[SlaStats]) -> SlaStats:
    """Add up the counts of several levels; times of different units are not combined."""
    total = SlaStats()
    for level in levels:
        total.met, total.missed, total.open = (
            total.met + level.met,
            total.missed + level.missed,
            total.open + level.open,
        )
    return total


def _build_in_time(level: SlaStats) -> dict[str, Any]:
    return {"n": level.n, "in_time": level.met, "open": level.open, **rules.build_share_fields(level.met, level.n)}


def _compare(level: SlaStats, before: SlaStats) -> Any:
    difference = rules.compare_shares(level.met, level.n, before.met, before.n)
    return compare_with_previous(before.n, rules.compute_share(before.met, before.n), difference)


def _to_policy_read(policy_key: PolicyKey, level: SlaStats, policy: NamedPolicy) -> PolicyLevelRead:
    return PolicyLevelRead(
        **_build_in_time(level),
        policy_id=policy_key.policy_id,
        name=policy.name,
        legal_act=policy.legal_act,
        unit=TermUnit(policy_key.unit),
        time=TimeKind.ELAPSED if policy_key.unit == TermUnit.CALENDAR_DAYS else TimeKind.WORKING,
        timed=level.timed,
        median_hours=_to_hours(level.median),
        p90_hours=_to_hours(level.p90),
    )


def _to_hours(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / HOUR, 2)
