"""Channel parity: each channel compared with all the others by the same measures (O-4)."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.security import Principal
from app.interaction_points.models import Point
from app.messages.models import Message
from app.messages.rules.deadlines import STAGES_RU, Stage
from app.monitoring import rules
from app.monitoring.rules import Counts
from app.monitoring.schemas.channel_parity import ChannelParityRead, ChannelRead, ParityMeasure, ParityRead
from app.monitoring.schemas.service_levels import DeadlineKind, LevelGroupBy
from app.monitoring.service import service_levels
from app.monitoring.service.service_levels import LevelCut
from app.monitoring.service.survey_counts import Cut, compare_with_previous, read_counts
from app.surveys.queries import load_named_sources
from app.surveys.rules.counts import Counted

SITE = "site"
_CHANNELS_OF_SOURCES = {"official_site": SITE}
"""Channels of the sources in the order's own list; its other keys are keys of channels."""
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
    by_channel = await service_levels.read_levels(session, cut, LevelGroupBy.CHANNEL, by)
    samples = await _load_survey_samples(session, cut) | await _load_message_samples(session, cut, by)
    for channel, known in by_channel.items():
        for policy, level in known.items():
            kind = DeadlineKind.TARGET if policy.is_target else DeadlineKind.LIMIT
            measure = Measure(ParityMeasure.IN_TIME, policy.stage, kind)
            before = samples.setdefault(measure, {}).get(channel, (0, 0))
            samples[measure][channel] = rules.sum_counts([before, (level.met, level.missed)])
    policies = await service_levels.load_policy_names(session)
    names = await service_levels.load_group_names(session, LevelGroupBy.CHANNEL)
    measured: dict[str, list[ParityRead]] = defaultdict(list)
    for measure, channels in sorted(samples.items(), key=lambda one: _sort_key(one[0])):
        for channel, parity in _compare_channels(measure, channels).items():
            measured[channel].append(parity)
    items = [
        ChannelRead(
            key=channel,
            name=names[channel],
            measures=measured[channel],
            stages=service_levels.to_stage_reads(by_channel.get(channel, {}), None, policies),
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


async def _load_survey_samples(session: AsyncSession, cut: LevelCut) -> Samples:
    """Count question 21 by the channel a respondent came from and question 23 by the channel of the source."""
    survey = Cut(cut.period, cut.organization_id)
    points = dict((await session.exec(select(Point.id, Point.channel))).all())
    came_from = await read_counts(session, Counted.CAME_FROM, survey, None)
    satisfied = [("", points[UUID(point)], counts[""][:2]) for point, counts in came_from.items()]
    sources = await load_named_sources(session, cut.organization_id)
    channels = {
        key: points[source.point_id] if source.point_id is not None else _CHANNELS_OF_SOURCES.get(key, key)
        for key, source in sources.items()
    }
    known = set(await service_levels.load_group_names(session, LevelGroupBy.CHANNEL))
    ease = await read_counts(session, Counted.EASE_OF_FINDING, survey, None)
    found = [("", channels[key], counts[""]) for key, counts in ease.items() if channels[key] in known]
    return {
        Measure(ParityMeasure.SATISFACTION): rules.add_counts(satisfied).get("", {}),
        Measure(ParityMeasure.FINDABILITY): rules.add_counts(found).get("", {}),
    }


async def _load_message_samples(session: AsyncSession, cut: LevelCut, by: Principal) -> Samples:
    """Count the clients' ratings of answers to messages received in the period."""
    rating = col(Message.satisfaction)
    query: Any = sa.select(
        col(Point.channel),
        func.count().filter(rating == 1),
        func.count().filter(rating == 2),  # noqa: PLR2004
    )
    query = query.join_from(Message, Point, col(Point.id) == col(Message.point_id))
    received = await service_levels.build_period_condition(session, cut.period, col(Message.received_at))
    query = query.where(service_levels.visible_to(by), rating.is_not(None), received)
    if cut.organization_id is not None:
        query = query.where(col(Message.organization_id) == cut.organization_id)
    rows = (await session.exec(query.group_by(col(Point.channel)))).all()
    return {Measure(ParityMeasure.ANSWER_SATISFACTION): {channel: (yes, no) for channel, yes, no in rows}}
