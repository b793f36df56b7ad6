"""Service levels: deadlines that started in a period, met or missed, and the times (O-6.2.2).

A deadline has ended when it was met or missed; a missed one counts at once, done or not. Times cover everything done,
late or not. A notice of delay is optional, so it is not counted; neither is spam.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.calendar.rules.terms import TermUnit
from app.core.security import Principal
from app.messages.rules.deadlines import STAGES_RU, Stage
from app.monitoring import rules
from app.monitoring.queries import group_names, service_levels
from app.monitoring.queries.service_levels import LevelCut, Levels, NamedPolicy, PolicyKey, SlaStats, sum_stats
from app.monitoring.schemas.figures import ComparisonRead
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

HOUR = 3600
_NAMES: Mapping[LevelGroupBy | None, Any] = {
    LevelGroupBy.CHANNEL: group_names.load_channel_names,
    LevelGroupBy.UNIT: group_names.load_unit_names,
    LevelGroupBy.ORGANIZATION: group_names.load_organization_names,
}
"""Days and months have no names, and no counterpart in the preceding period."""


async def compute_service_levels(
    session: AsyncSession, cut: LevelCut, group_by: LevelGroupBy | None, by: Principal
) -> ServiceLevelsRead:
    """Compute service levels by stage and policy, in total and by group, compared with the preceding period."""
    seen = service_levels.visible_to(by)
    total = (await service_levels.load_levels(session, cut, None, seen)).get(None, {})
    groups = await service_levels.load_levels(session, cut, group_by, seen) if group_by else {}
    period = cut.period.before()
    total_before: Levels | None = None
    groups_before: Mapping[Any, Levels] | None = None
    if period is not None:
        before = replace(cut, period=period)
        total_before = (await service_levels.count_deadlines(session, before, None, seen)).get(None, {})
        if group_by in _NAMES:
            groups_before = await service_levels.count_deadlines(session, before, group_by, seen)
    policies = await service_levels.load_policy_names(session)
    names = await _NAMES[group_by](session) if group_by in _NAMES else {}
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


def to_stage_reads(levels: Levels, before: Levels | None, policies: Mapping[UUID, NamedPolicy]) -> list[StageLevelRead]:
    """Convert levels into their API representation: by stage, limits before targets, then by policy."""
    by_stage = _group_by_stage(levels)
    stages_before = None if before is None else _group_by_stage(before)
    return [
        StageLevelRead(
            stage=stage,
            kind=DeadlineKind.TARGET if is_target else DeadlineKind.LIMIT,
            name=STAGES_RU[stage],
            **_build_in_time(total := sum_stats(found.values())),
            previous=None
            if stages_before is None
            else _compare(total, sum_stats(stages_before[stage, is_target].values())),
            policies=[
                _to_policy_read(policy_key, level, policies[policy_key.policy_id])
                for policy_key, level in sorted(
                    found.items(), key=lambda one: (policies[one[0].policy_id].name, one[0])
                )
            ],
        )
        for (stage, is_target), found in sorted(
            by_stage.items(), key=lambda one: (list(Stage).index(one[0][0]), one[0][1])
        )
    ]


def _group_by_stage(levels: Levels) -> defaultdict[tuple[Stage, bool], Levels]:
    """Group levels by stage, limits and targets apart."""
    found: defaultdict[tuple[Stage, bool], Levels] = defaultdict(dict)
    for policy_key, level in levels.items():
        found[policy_key.stage, policy_key.is_target][policy_key] = level
    return found


def _build_in_time(level: SlaStats) -> dict[str, Any]:
    return {"n": level.n, "in_time": level.met, "open": level.open, **rules.build_share_fields(level.met, level.n)}


def _compare(level: SlaStats, before: SlaStats) -> ComparisonRead:
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
