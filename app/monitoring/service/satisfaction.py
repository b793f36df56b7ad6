"""Satisfaction over raw submissions: counted in whole numbers by the database, and only then divided (O-11)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.periods import Period
from app.monitoring import rules
from app.monitoring.schemas import GroupBy, GroupRead, SatisfactionRead, ShareRead
from app.organizations.models import Municipality, Organization
from app.surveys.models import SubmissionSource, SurveySubmission

NOT_GIVEN = "unknown"
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


@dataclass(slots=True)
class _Count:
    n: int = 0
    satisfied: int = 0


async def satisfaction(session: AsyncSession, cut: Cut, group_by: GroupBy | None) -> SatisfactionRead:
    """The share of answer 1 to question 21, in all and by group; a submission counts for the day it was filled in."""
    counts = await _counts(session, cut, group_by)
    total = _Count()
    for count in counts.values():
        total.n += count.n
        total.satisfied += count.satisfied
    names = await _names(session, group_by, counts) if group_by else {}
    items = [GroupRead(key=key, name=names[key], **_share(count)) for key, count in sorted(counts.items()) if group_by]
    period = {"from": cut.period.since, "to": cut.period.until}
    figures = {"group_by": group_by, "total": ShareRead(**_share(total)), "items": items}
    return SatisfactionRead.model_validate(period | figures)


def _share(count: _Count) -> dict[str, Any]:
    low, high = rules.wilson(count.satisfied, count.n)
    share = rules.share(count.satisfied, count.n)
    return {"n": count.n, "satisfied": count.satisfied, "share": share, "low": low, "high": high}


async def _counts(session: AsyncSession, cut: Cut, group_by: GroupBy | None) -> dict[str, _Count]:
    row = SurveySubmission
    columns: dict[GroupBy | None, Any] = {
        None: sa.literal(""),
        GroupBy.DAY: col(row.counted_on),
        GroupBy.MONTH: col(row.counted_on),  # days are folded into months below, the same on both databases
        GroupBy.MUNICIPALITY: col(row.municipality),
        GroupBy.ORGANIZATION: col(row.organization_id),
        GroupBy.SOURCE: col(row.source),
        GroupBy.FORM_VERSION: col(row.form_version),
    }
    group = columns[group_by].label("key")
    satisfied = sa.func.count().filter(col(row.satisfaction) == 1)
    query = sa.select(group, sa.func.count(), satisfied).where(*cut.period.holds(col(row.counted_on)))
    if cut.organization_id is not None:
        query = query.where(col(row.organization_id) == cut.organization_id)
    if cut.municipality is not None:
        query = query.where(col(row.municipality) == cut.municipality)
    if cut.source is not None:
        query = query.where(col(row.source) == cut.source)
    counts: dict[str, _Count] = {}
    found = await session.exec(query.group_by(group) if group_by else query)  # type: ignore[call-overload]
    for key, n, happy in found.all():
        told = NOT_GIVEN if key is None else str(key)
        count = counts.setdefault(told[:7] if group_by is GroupBy.MONTH else told, _Count())
        count.n += n
        count.satisfied += happy
    return counts


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
