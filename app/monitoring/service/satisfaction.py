"""Satisfaction: the share of answer 1 to question 21 (O-11)."""

from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from app.monitoring import rules
from app.monitoring.queries.survey_counts import Cut
from app.monitoring.rules import Counts
from app.monitoring.schemas.figures import ComparedShareRead, ComparisonRead, GroupBy, GroupRead, SatisfactionRead
from app.monitoring.service.survey_counts import compare_with_previous, is_comparable, read_figures, sort_groups
from app.surveys.rules.counts import Counted


async def compute_satisfaction(session: AsyncSession, cut: Cut, group_by: GroupBy | None) -> SatisfactionRead:
    """Compute satisfaction in total and by group, compared with the preceding period."""
    figures = await read_figures(session, Counted.SATISFACTION, cut, group_by)
    now = figures.now.get("", {})
    before = None if figures.before is None else figures.before.get("", {})
    total_counts = rules.sum_counts(now.values())
    total_before = None if before is None else rules.sum_counts(before.values())
    groups_before = before if is_comparable(group_by) else None
    items = [
        GroupRead(
            key=key,
            name=figures.names[key],
            previous=_compare(counts, None if groups_before is None else groups_before.get(key, ())),
            **to_share_read(*_count_satisfied(counts)),
        )
        for key, counts in sort_groups(now, group_by)
    ]
    total = ComparedShareRead(
        **to_share_read(*_count_satisfied(total_counts)), previous=_compare(total_counts, total_before)
    )
    return SatisfactionRead.model_validate(figures.head | {"total": total, "items": items})


def to_share_read(satisfied: int, n: int) -> dict[str, Any]:
    """Build the fields of `ShareRead`."""
    return {"n": n, "satisfied": satisfied, **rules.build_share_fields(satisfied, n)}


def _count_satisfied(counts: Counts) -> tuple[int, int]:
    """Return the number of answers 1 and of all answers."""
    return (counts[0], counts[0] + counts[1]) if counts else (0, 0)


def _compare(counts: Counts, before: Counts | None) -> ComparisonRead | None:
    if before is None:
        return None
    satisfied, n = _count_satisfied(before)
    return compare_with_previous(
        n, rules.compute_share(satisfied, n), rules.compare_shares(*_count_satisfied(counts), satisfied, n)
    )
