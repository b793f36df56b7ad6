"""Sources of information: use and ease of finding (O-11, A-1 questions 22 and 23)."""

from collections.abc import Callable
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from app.monitoring import rules
from app.monitoring.queries.survey_counts import Cut
from app.monitoring.rules import Counts
from app.monitoring.schemas.figures import FindabilityRead, GroupBy, SourcesRead
from app.monitoring.service.survey_counts import compare_with_previous, is_comparable, read_figures, sort_groups
from app.surveys.queries import load_named_sources
from app.surveys.rules.counts import Counted

USAGES, SCORES = 3, 5


async def compute_usage(session: AsyncSession, cut: Cut, group_by: GroupBy | None) -> SourcesRead:
    """Compute the use of each source, in total and by group, compared with the preceding period."""
    return SourcesRead.model_validate(
        await _compute_by_source(session, Counted.SOURCE_USAGE, cut, group_by, _to_usage_fields)
    )


async def compute_findability(session: AsyncSession, cut: Cut, group_by: GroupBy | None) -> FindabilityRead:
    """Compute the ease of finding in each source, in total and by group, compared with the preceding period."""
    return FindabilityRead.model_validate(
        await _compute_by_source(session, Counted.EASE_OF_FINDING, cut, group_by, _to_ease_fields)
    )


ToFields = Callable[[Counts, Counts | None], dict[str, Any]]
"""Converter of counts, and of those of the preceding period (None if not compared), into API fields."""


async def _compute_by_source(
    session: AsyncSession, question: Counted, cut: Cut, group_by: GroupBy | None, to_fields: ToFields
) -> dict[str, Any]:
    figures = await read_figures(session, question, cut, group_by)
    sources = await load_named_sources(session, cut.organization_id)
    items = []
    for key in sorted(figures.now, key=lambda key: sources[key].suffix):
        now = figures.now[key]
        before = None if figures.before is None else figures.before.get(key, {})
        groups_before = before if is_comparable(group_by) else None
        groups = [
            {"key": group, "name": figures.names[group]}
            | to_fields(counts, None if groups_before is None else groups_before.get(group, ()))
            for group, counts in sort_groups(now, group_by)
        ]
        total_before = None if before is None else rules.sum_counts(before.values())
        source = {"key": key, "code": sources[key].codes[question], "name": sources[key].text, "groups": groups}
        items.append(source | to_fields(rules.sum_counts(now.values()), total_before))
    return figures.head | {"items": items}


def _to_usage_fields(counts: Counts, before: Counts | None) -> dict[str, Any]:
    used, n = _count_users(counts)
    previous = None
    if before is not None:
        used_before, n_before = _count_users(before)
        found = rules.compare_shares(used, n, used_before, n_before)
        previous = compare_with_previous(n_before, rules.compute_share(used_before, n_before), found)
    return {
        "n": n,
        "counts": _index_by_value(counts[:USAGES]),
        "used": used,
        **rules.build_share_fields(used, n),
        "previous": previous,
    }


def _to_ease_fields(counts: Counts, before: Counts | None) -> dict[str, Any]:
    n = sum(counts)
    low, high = rules.compute_mean_interval(counts)
    return {
        "n": n,
        "counts": _index_by_value(counts[:SCORES]),
        "mean": rules.compute_mean(counts),
        "low": low,
        "high": high,
        "is_too_few": n < rules.MIN_SAMPLE,
        "previous": None
        if before is None
        else compare_with_previous(sum(before), rules.compute_mean(before), rules.compare_means(counts, before)),
    }


def _count_users(counts: Counts) -> tuple[int, int]:
    """Return the number of answers 1 and 2 and of all answers."""
    return sum(counts[:2]), sum(counts[:USAGES])


def _index_by_value(counts: Counts) -> dict[str, int]:
    return {str(value): count for value, count in enumerate(counts, 1)}
