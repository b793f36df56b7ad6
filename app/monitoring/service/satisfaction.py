"""Satisfaction: the share of answer 1 to question 21 (O-11)."""

from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from app.monitoring import rules
from app.monitoring.rules import Counts
from app.monitoring.schemas.figures import ComparedShareRead, ComparisonRead, GroupBy, GroupRead, SatisfactionRead
from app.monitoring.service.survey_counts import Cut, compare_with_previous, is_comparable, read_figures, sort_groups
from app.surveys.models import Counted


async def compute_satisfaction(session: AsyncSession, cut: Cut, group_by: GroupBy | None) -> SatisfactionRead:
    """In all and by group, beside the period before; a submission counts for the day it was filled in."""
    figures = await read_figures(session, Counted.SATISFACTION, cut, group_by)
    now = figures.now.get("", {})
    before = None if figures.before is None else figures.before.get("", {})
    whole = rules.summed(now.values())
    whole_before = None if before is None else rules.summed(before.values())
    groups_before = before if is_comparable(group_by) else None
    items = [
        GroupRead(
            key=key,
            name=figures.names[key],
            previous=_previous(counts, None if groups_before is None else groups_before.get(key, ())),
            **to_share_read(*_pair(counts)),
        )
        for key, counts in sort_groups(now, group_by)
    ]
    total = ComparedShareRead(**to_share_read(*_pair(whole)), previous=_previous(whole, whole_before))
    return SatisfactionRead.model_validate(figures.head | {"total": total, "items": items})


def to_share_read(satisfied: int, n: int) -> dict[str, Any]:
    """A share of satisfied clients as `ShareRead` shows it."""
    return {"n": n, "satisfied": satisfied, **rules.proportion(satisfied, n)}


def _pair(counts: Counts) -> tuple[int, int]:
    """Answers 1, and all answers."""
    return (counts[0], counts[0] + counts[1]) if counts else (0, 0)


def _previous(counts: Counts, before: Counts | None) -> ComparisonRead | None:
    if before is None:
        return None
    satisfied, n = _pair(before)
    return compare_with_previous(n, rules.share(satisfied, n), rules.shares_differ(*_pair(counts), satisfied, n))
