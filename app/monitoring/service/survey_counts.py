"""Counts of survey answers by question row and group (O-11).

Answers from a reformed municipality count for its successor, under the successor's name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.periods import Period
from app.monitoring import rules
from app.monitoring.rules import Counts, Difference
from app.monitoring.schemas.figures import ComparisonRead, GroupBy
from app.organizations.models import Municipality, Organization
from app.surveys import counters
from app.surveys.models.forms import SurveyForm
from app.surveys.rules.counts import Counted
from app.surveys.rules.submissions import SubmissionSource

NOT_GIVEN = "unknown"
_Group = TypeVar("_Group")
_COLUMNS = {
    GroupBy.DAY: "day",
    GroupBy.MONTH: "day",  # days at the ends of the period are added to their months
    GroupBy.MUNICIPALITY: "municipality",
    GroupBy.ORGANIZATION: "organization_id",
    GroupBy.SOURCE: "source",
    GroupBy.FORM_VERSION: "form_id",
}
SOURCES_RU = {
    SubmissionSource.WEB: "На сайте",
    SubmissionSource.PAPER: "На бумаге",
    SubmissionSource.FEEDBACK_PLATFORM: "Платформа обратной связи",
    SubmissionSource.IMPORT: "Загрузка из файла",
}


@dataclass(frozen=True, slots=True)
class Cut:
    """Filters of submissions."""

    period: Period
    organization_id: UUID | None = None
    municipality: str | None = None
    source: SubmissionSource | None = None
    form_version: int | None = None


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
    now = await read_counts(session, question, cut, group_by)
    period = cut.period.before()
    before = None if period is None else await read_counts(session, question, replace(cut, period=period), group_by)
    keys = {key for groups in now.values() for key in groups}
    head = {
        "from": cut.period.since,
        "to": cut.period.until,
        "group_by": group_by,
        "previous_period": period and {"from": period.since, "to": period.until},
    }
    return Figures(now, before, await load_group_names(session, group_by, keys) if group_by else {}, head)


def is_comparable(group_by: GroupBy | None) -> bool:
    """Return whether groups can be compared between periods; days and months cannot."""
    return group_by not in (GroupBy.DAY, GroupBy.MONTH)


def sort_groups(groups: Mapping[str, _Group], group_by: GroupBy | None) -> list[tuple[str, _Group]]:
    """Sort groups by key, form versions as numbers; return an empty list without `group_by`."""
    is_number = group_by is GroupBy.FORM_VERSION
    return sorted(groups.items(), key=lambda one: (len(one[0]) * is_number, one[0])) if group_by else []


async def read_counts(
    session: AsyncSession, question: Counted, cut: Cut, group_by: GroupBy | None
) -> dict[str, dict[str, Counts]]:
    """Load the counts of each value by question row ("" for 21) and group ("" without grouping)."""
    rows = await counters.read(
        session,
        question,
        await to_survey_cut(session, cut),
        _COLUMNS[group_by] if group_by else None,
        by_day=group_by is GroupBy.DAY,
    )
    versions = await _load_versions(session) if group_by is GroupBy.FORM_VERSION else {}
    last_successors = (
        rules.find_last_successors(await _load_successors(session)) if group_by is GroupBy.MUNICIPALITY else {}
    )

    def build_key(group: Any) -> str:
        match group_by:
            case None:
                return ""
            case GroupBy.MUNICIPALITY:
                return last_successors.get(group, group) or NOT_GIVEN
            case GroupBy.MONTH:
                return f"{group:%Y-%m}"
            case GroupBy.FORM_VERSION:
                return str(versions[group])
        return str(group)

    return rules.add_counts((row.row_key, build_key(row.group), _to_counts(row)) for row in rows)


async def to_survey_cut(session: AsyncSession, cut: Cut) -> counters.Cut:
    """Convert filters for counters and comments; a municipality includes its predecessors."""
    forms = municipalities = None
    if cut.municipality is not None:
        municipalities = rules.find_predecessors(cut.municipality, await _load_successors(session))
    if cut.form_version is not None:
        forms = [key for key, number in (await _load_versions(session)).items() if number == cut.form_version]
    period = cut.period
    return counters.Cut(period.since, period.until, cut.organization_id, municipalities, cut.source, forms)


def _to_counts(row: Any) -> Counts:
    return tuple(int(getattr(row, name)) for name in counters.VALUES)


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


async def _load_successors(session: AsyncSession) -> dict[str, str | None]:
    return dict((await session.exec(select(Municipality.oktmo, Municipality.successor))).all())


async def _load_versions(session: AsyncSession) -> dict[UUID, int]:
    return dict((await session.exec(select(SurveyForm.id, SurveyForm.form_version))).all())


async def load_group_names(session: AsyncSession, group_by: GroupBy, keys: Iterable[str]) -> dict[str, str]:
    """Return the Russian names of groups."""
    names = {key: key for key in keys}
    if group_by is GroupBy.MUNICIPALITY:
        rows = select(Municipality.oktmo, Municipality.name).where(col(Municipality.oktmo).in_(list(names)))
        names |= dict((await session.exec(rows)).all())
        names |= {NOT_GIVEN: "Не указан"} if NOT_GIVEN in names else {}
    elif group_by is GroupBy.ORGANIZATION:
        found = (await session.exec(select(Organization.id, Organization.name))).all()
        names |= {str(key): name for key, name in found if str(key) in names}
    elif group_by is GroupBy.SOURCE:
        names |= {source.value: text for source, text in SOURCES_RU.items() if source.value in names}
    return names
