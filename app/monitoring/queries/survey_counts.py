"""Counts of survey answers by question row and group (O-11).

Answers from a reformed municipality count for its successor, under the successor's name.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.periods import Period
from app.interaction_points.models import Point
from app.monitoring import rules
from app.monitoring.rules import Counts
from app.monitoring.schemas.figures import GroupBy
from app.monitoring.schemas.service_levels import LevelGroupBy
from app.organizations.models import Municipality
from app.surveys import counters
from app.surveys.models.forms import SurveyForm
from app.surveys.queries import load_named_sources
from app.surveys.rules.counts import Counted
from app.surveys.rules.submissions import SubmissionSource

NOT_GIVEN = "unknown"
_COLUMNS = {
    GroupBy.DAY: "day",
    GroupBy.MONTH: "day",  # days at the ends of the period are added to their months
    GroupBy.MUNICIPALITY: "municipality",
    GroupBy.ORGANIZATION: "organization_id",
    GroupBy.SOURCE: "source",
    GroupBy.FORM_VERSION: "form_id",
}
_CHANNELS_OF_SOURCES = {"official_site": "site"}
"""Channels of the sources in the order's own list; its other keys are keys of channels."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Filters of submissions."""

    period: Period
    organization_id: UUID | None = None
    municipality: str | None = None
    source: SubmissionSource | None = None
    form_version: int | None = None


async def load_counts(
    session: AsyncSession, question: Counted, cut: Cut, group_by: GroupBy | None
) -> dict[str, dict[str, Counts]]:
    """Load the counts of each value by question row ("" for 21) and group ("" without grouping)."""
    column = _COLUMNS[group_by] if group_by else None
    survey_cut = await to_survey_cut(session, cut)
    rows = await counters.read(session, question, survey_cut, column, by_day=group_by is GroupBy.DAY)
    versions = await load_form_versions(session) if group_by is GroupBy.FORM_VERSION else {}
    successors = await _load_successors(session) if group_by is GroupBy.MUNICIPALITY else {}
    last_successors = rules.find_last_successors(successors)

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
        forms = [key for key, number in (await load_form_versions(session)).items() if number == cut.form_version]
    period = cut.period
    return counters.Cut(period.since, period.until, cut.organization_id, municipalities, cut.source, forms)


async def count_came_from(session: AsyncSession, cut: Cut, group_by: LevelGroupBy) -> dict[Any, Counts]:
    """Count the answers 1 and 2 to question 21 by the channel or the unit of the point a respondent came from."""
    key: Any = {LevelGroupBy.CHANNEL: col(Point.channel), LevelGroupBy.UNIT: col(Point.unit_id)}[group_by]
    groups: dict[UUID, Any] = dict((await session.exec(select(Point.id, key))).all())
    found: dict[Any, Counts] = {}
    for point, counts in (await load_counts(session, Counted.CAME_FROM, cut, None)).items():
        group = groups[UUID(point)]
        found[group] = rules.sum_counts([found.get(group, (0, 0)), counts[""][:2]])
    return found


async def count_ease_by_channel(session: AsyncSession, cut: Cut) -> dict[str, Counts]:
    """Count the scores of question 23 by the channel of the source; other keys are not those of channels."""
    points = dict((await session.exec(select(Point.id, Point.channel))).all())
    sources = await load_named_sources(session, cut.organization_id)
    ease = await load_counts(session, Counted.EASE_OF_FINDING, cut, None)
    parts = []
    for key, counts in ease.items():
        point_id = sources[key].point_id
        channel = _CHANNELS_OF_SOURCES.get(key, key) if point_id is None else points[point_id]
        parts.append(("", channel, counts[""]))
    return rules.add_counts(parts).get("", {})


async def load_form_versions(session: AsyncSession) -> dict[UUID, int]:
    """Load the numbers of all form versions by id."""
    return dict((await session.exec(select(SurveyForm.id, SurveyForm.form_version))).all())


async def _load_successors(session: AsyncSession) -> dict[str, str | None]:
    return dict((await session.exec(select(Municipality.oktmo, Municipality.successor))).all())


def _to_counts(row: Any) -> Counts:
    return tuple(int(getattr(row, name)) for name in counters.VALUES)
