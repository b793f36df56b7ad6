"""Satisfaction: counted in whole numbers by the database, and only then divided (O-11).

What was answered in a municipality that was reformed since counts for its successor, under the successor's name.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.periods import Period
from app.monitoring import rules
from app.monitoring.schemas import GroupBy, GroupRead, SatisfactionRead, ShareRead
from app.organizations.models import Municipality, Organization
from app.surveys import counters
from app.surveys.models import Counted, SubmissionSource, SurveyForm

NOT_GIVEN = "unknown"
_COLUMNS = {
    GroupBy.DAY: "day",
    GroupBy.MONTH: "day",  # days at the edges are folded into their months
    GroupBy.MUNICIPALITY: "municipality",
    GroupBy.ORGANIZATION: "organization_id",
    GroupBy.SOURCE: "source",
    GroupBy.FORM_VERSION: "form_id",
}
_SOURCES_RU = {
    SubmissionSource.WEB: "На сайте",
    SubmissionSource.PAPER: "На бумаге",
    SubmissionSource.FEEDBACK_PLATFORM: "Платформа обратной связи",
    SubmissionSource.IMPORT: "Загрузка из файла",
}


@dataclass(frozen=True, slots=True)
class Cut:
    """Which submissions are looked at."""

    period: Period
    organization_id: UUID | None = None
    municipality: str | None = None
    source: SubmissionSource | None = None


async def satisfaction(session: AsyncSession, cut: Cut, group_by: GroupBy | None) -> SatisfactionRead:
    """The share of answer 1 to question 21, in all and by group; a submission counts for the day it was filled in."""
    counts = await _counts(session, cut, group_by)
    n, satisfied = (sum(count[place] for count in counts.values()) for place in (0, 1))
    names = await _names(session, group_by, counts) if group_by else {}
    items = [GroupRead(key=key, name=names[key], **_share(*count)) for key, count in sorted(counts.items()) if group_by]
    period = {"from": cut.period.since, "to": cut.period.until}
    figures = {"group_by": group_by, "total": ShareRead(**_share(n, satisfied)), "items": items}
    return SatisfactionRead.model_validate(period | figures)


def _share(n: int, satisfied: int) -> dict[str, Any]:
    low, high = rules.wilson(satisfied, n)
    return {"n": n, "satisfied": satisfied, "share": rules.share(satisfied, n), "low": low, "high": high}


async def _counts(session: AsyncSession, cut: Cut, group_by: GroupBy | None) -> dict[str, tuple[int, int]]:
    """By group: how many answers, and how many of them are answer 1; groups without answers are left out."""
    successors = await _successors(session)
    municipalities = None if cut.municipality is None else rules.those_before(cut.municipality, successors)
    rows = await counters.read(
        session,
        Counted.SATISFACTION,
        counters.Cut(cut.period.since, cut.period.until, cut.organization_id, municipalities, cut.source),
        _COLUMNS[group_by] if group_by else None,
        by_day=group_by is GroupBy.DAY,
    )
    lasting = rules.last_successors(successors)
    versions = await _versions(session) if group_by is GroupBy.FORM_VERSION else {}

    def key_of(group: Any) -> str:
        match group_by:
            case None:
                return ""
            case GroupBy.MUNICIPALITY:
                return lasting.get(group, group) or NOT_GIVEN
            case GroupBy.MONTH:
                return f"{group:%Y-%m}"
            case GroupBy.FORM_VERSION:
                return str(versions[group])
        return str(group)

    sums = rules.added_up((key_of(row.group), int(row.n1 + row.n2), int(row.n1)) for row in rows)
    return {key: count for key, count in sums.items() if count[0]}


async def _successors(session: AsyncSession) -> dict[str, str | None]:
    return dict((await session.exec(select(Municipality.oktmo, Municipality.successor))).all())


async def _versions(session: AsyncSession) -> dict[UUID, int]:
    return dict((await session.exec(select(SurveyForm.id, SurveyForm.form_version))).all())


async def _names(session: AsyncSession, group_by: GroupBy, keys: Iterable[str]) -> dict[str, str]:
    """What the groups are called in Russian."""
    names = {key: key for key in keys}
    if group_by is GroupBy.MUNICIPALITY:
        rows = select(Municipality.oktmo, Municipality.name).where(col(Municipality.oktmo).in_(list(names)))
        names |= dict((await session.exec(rows)).all())
        names |= {NOT_GIVEN: "Не указан"} if NOT_GIVEN in names else {}
    elif group_by is GroupBy.ORGANIZATION:
        found = (await session.exec(select(Organization.id, Organization.name))).all()
        names |= {str(key): name for key, name in found if str(key) in names}
    elif group_by is GroupBy.SOURCE:
        names |= {source.value: text for source, text in _SOURCES_RU.items() if source.value in names}
    return names
