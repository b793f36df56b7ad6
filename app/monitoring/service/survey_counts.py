"""Figures of survey answers by question row and group, compared with the preceding period (O-11)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sqlmodel.ext.asyncio.session import AsyncSession

from app.monitoring.queries import group_names
from app.monitoring.queries.survey_counts import NOT_GIVEN, Cut, load_counts
from app.monitoring.rules import Counts, Difference
from app.monitoring.schemas.figures import SOURCES_RU, ComparisonRead, GroupBy
from app.surveys.rules.counts import Counted

_Group = TypeVar("_Group")


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of a question by row and group, and those of the preceding period (None if not compared)."""

    now: dict[str, dict[str, Counts]]
    before: dict[str, dict[str, Counts]] | None
    names: dict[str, str]
    """Russian names of the groups."""
    head: dict[str, Any]
    """Common fields of the response."""


async def read_figures(session: AsyncSession, question: Counted, cut: Cut, group_by: GroupBy | None) -> Figures:
    """Load the counts of a question over a period and, if both ends are given, over the preceding period."""
    now = await load_counts(session, question, cut, group_by)
    period = cut.period.before()
    before = None if period is None else await load_counts(session, question, replace(cut, period=period), group_by)
    keys = {key for groups in now.values() for key in groups}
    head = {
        "from": cut.period.since,
        "to": cut.period.until,
        "group_by": group_by,
        "previous_period": period and {"from": period.since, "to": period.until},
    }
    return Figures(now, before, await load_group_names(session, group_by, keys), head)


def is_comparable(group_by: GroupBy | None) -> bool:
    """Return whether groups can be compared between periods; days and months cannot."""
    return group_by not in (GroupBy.DAY, GroupBy.MONTH)


def sort_groups(groups: Mapping[str, _Group], group_by: GroupBy | None) -> list[tuple[str, _Group]]:
    """Sort groups by key, form versions as numbers; return an empty list without `group_by`."""
    is_number = group_by is GroupBy.FORM_VERSION
    return sorted(groups.items(), key=lambda one: (len(one[0]) * is_number, one[0])) if group_by else []


def compare_with_previous(n: int, value: float | None, found: Difference) -> ComparisonRead:
    """Build the API representation of a comparison."""
    return ComparisonRead(
        n=n,
        value=value,
        difference=found.difference,
        difference_low=found.low,
        difference_high=found.high,
        verdict=found.verdict,
    )


async def load_group_names(session: AsyncSession, group_by: GroupBy | None, keys: Collection[str]) -> dict[str, str]:
    """Return the Russian names of groups; a group without a name has its key."""
    known: Mapping[str, str] = {}
    if group_by is GroupBy.MUNICIPALITY:
        known = {NOT_GIVEN: "Не указан"} | await group_names.load_municipality_names(session, keys)
    elif group_by is GroupBy.ORGANIZATION:
        known = {str(key): name for key, name in (await group_names.load_organization_names(session)).items()}
    elif group_by is GroupBy.SOURCE:
        known = {source.value: name for source, name in SOURCES_RU.items()}
    return {key: known.get(key, key) for key in keys}
