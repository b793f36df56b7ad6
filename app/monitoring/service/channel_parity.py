"""Channel parity: each channel compared with all the others by the same measures (O-4)."""

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.security import Principal
from app.messages.rules.deadlines import STAGES_RU, Stage
from app.monitoring import rules
from app.monitoring.queries import service_levels
from app.monitoring.queries.group_names import load_channel_names
from app.monitoring.queries.service_levels import LevelCut
from app.monitoring.queries.survey_counts import Cut, count_came_from, count_ease_by_channel
from app.monitoring.rules import Counts
from app.monitoring.schemas.channel_parity import ChannelParityRead, ChannelRead, ParityMeasure, ParityRead
from app.monitoring.schemas.service_levels import DeadlineKind, LevelGroupBy
from app.monitoring.service.service_levels import to_stage_reads
from app.monitoring.service.survey_counts import compare_with_previous

_NAMES_RU = {
    ParityMeasure.SATISFACTION: "Удовлетворённость пришедших из канала",
    ParityMeasure.ANSWER_SATISFACTION: "Удовлетворённость ответом",
    ParityMeasure.FINDABILITY: "Простота поиска информации",
}
_KINDS_RU = {DeadlineKind.LIMIT: "срок", DeadlineKind.TARGET: "цель"}


class Measure(NamedTuple):
    """A measure; `stage` and `kind` are set for `in_time` only."""

    what: ParityMeasure
    stage: Stage | None = None
    kind: DeadlineKind | None = None


Samples = dict[Measure, dict[str, Counts]]
"""Counts by measure and channel: scores 1 to 5 for findability, otherwise (yes, no)."""


async def compute_channel_parity(session: AsyncSession, cut: LevelCut, by: Principal) -> ChannelParityRead:
    """Compare every channel that has data with all the other channels together."""
    names, seen = await load_channel_names(session), service_levels.visible_to(by)
    survey = Cut(cut.period, cut.organization_id)
    ease = await count_ease_by_channel(session, survey)
    samples: Samples = {
        Measure(ParityMeasure.SATISFACTION): await count_came_from(session, survey, LevelGroupBy.CHANNEL),
        Measure(ParityMeasure.FINDABILITY): {key: counts for key, counts in ease.items() if key in names},
        Measure(ParityMeasure.ANSWER_SATISFACTION): {
            **await service_levels.count_ratings(session, cut.period, LevelGroupBy.CHANNEL, seen, cut.organization_id)
        },
    }
    by_channel = await service_levels.load_levels(session, cut, LevelGroupBy.CHANNEL, seen)
    for channel, known in by_channel.items():
        for policy, level in known.items():
            kind = DeadlineKind.TARGET if policy.is_target else DeadlineKind.LIMIT
            sample = samples.setdefault(Measure(ParityMeasure.IN_TIME, policy.stage, kind), {})
            sample[channel] = rules.sum_counts([sample.get(channel, (0, 0)), (level.met, level.missed)])
    policies = await service_levels.load_policy_names(session)
    measured: dict[str, list[ParityRead]] = defaultdict(list)
    for measure, channels in sorted(samples.items(), key=lambda one: _sort_key(one[0])):
        for channel, parity in _compare_channels(measure, channels).items():
            measured[channel].append(parity)
    items = [
        ChannelRead(
            key=channel,
            name=names[channel],
            measures=measured[channel],
            stages=to_stage_reads(by_channel.get(channel, {}), None, policies),
        )
        for channel in sorted({*measured, *by_channel}, key=lambda channel: (names[channel], channel))
    ]
    period = {"from": cut.period.since, "to": cut.period.until}
    return ChannelParityRead.model_validate(period | {"items": items})


def _compare_channels(measure: Measure, channels: Mapping[str, Counts]) -> dict[str, ParityRead]:
    """Compare one measure of each channel; more channels make the intervals wider (Bonferroni)."""
    z = rules.compute_quantile(sum(sum(counts) >= rules.MIN_SAMPLE for counts in channels.values()))
    total = rules.sum_counts(channels.values())
    compared = {}
    for channel, counts in channels.items():
        others = tuple(all_ - mine for all_, mine in zip(total, counts, strict=True))
        compared[channel] = _to_read(measure, counts, others, z)
    return compared


def _to_read(measure: Measure, counts: Counts, others: Counts, z: float) -> ParityRead:
    n, n_others = sum(counts), sum(others)
    if measure.what is ParityMeasure.FINDABILITY:
        value, value_of_others = rules.compute_mean(counts), rules.compute_mean(others)
        low, high = rules.compute_mean_interval(counts)
        found = rules.compare_means(counts, others, z)
    else:
        value, value_of_others = rules.compute_share(counts[0], n), rules.compute_share(others[0], n_others)
        low, high = rules.compute_wilson(counts[0], n)
        found = rules.compare_shares(counts[0], n, others[0], n_others, z)
    return ParityRead(
        measure=measure.what,
        stage=measure.stage,
        kind=measure.kind,
        name=_build_name(measure),
        n=n,
        value=value,
        low=low,
        high=high,
        is_too_few=n < rules.MIN_SAMPLE,
        others=compare_with_previous(n_others, value_of_others, found),
    )


def _build_name(measure: Measure) -> str:
    if measure.stage is None or measure.kind is None:
        return _NAMES_RU[measure.what]
    return f"В срок: {STAGES_RU[measure.stage]} ({_KINDS_RU[measure.kind]})"


def _sort_key(measure: Measure) -> tuple[int, int, str]:
    stage = list(Stage).index(measure.stage) if measure.stage else 0
    return list(ParityMeasure).index(measure.what), stage, measure.kind or ""
