"""Unmet needs with the numbers, words and examples of their comments."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.security import Principal
from app.monitoring.models import UnmetNeed, UnmetNeedLemma, UnmetNeedStep, UnmetNeedText
from app.monitoring.queries.visibility import is_monitored
from app.organizations.models import Unit
from app.reply_templates.models import ReplyTemplate
from app.reply_templates.queries import is_in_use, usable_by
from app.surveys import counters
from app.surveys.models.comments import SurveyComment

SHOWN_WORDS, SHOWN_EXAMPLES = 5, 5


class Size(NamedTuple):
    """The number of comments of a group, and the days of the first and the last one."""

    n: int = 0
    first_on: date | None = None
    last_on: date | None = None


def _visible_to(by: Principal) -> ColumnElement[bool]:
    """Return the filter for unmet needs: of the caller's unit and unassigned ones of the organization, or all."""
    is_unassigned = sa.and_(col(UnmetNeed.unit_id).is_(None), col(UnmetNeed.organization_id) == by.organization_id)
    return sa.or_(is_monitored(UnmetNeed.unit_id, by), is_unassigned)


async def find_group(session: AsyncSession, group_id: UUID, by: Principal) -> UnmetNeed | None:
    """Return a group that the caller may see, or None."""
    return (await session.exec(select(UnmetNeed).where(UnmetNeed.id == group_id, _visible_to(by)))).first()


async def load_largest(
    session: AsyncSession, cut: counters.Cut, limit: int, by: Principal, equal: Mapping[str, Any]
) -> tuple[int, int, dict[UUID, Size]]:
    """Load the numbers of comments and groups and the largest groups; a None in `equal` does not filter."""
    conditions = [getattr(UnmetNeed, name) == value for name, value in equal.items() if value is not None]
    sizes = _build_size_query(cut, _visible_to(by), *conditions).subquery()
    total: Any = sa.select(func.coalesce(func.sum(sizes.c.n), 0), func.count())
    n, groups = (await session.exec(total.select_from(sizes))).one()
    largest: Any = sa.select(sizes).order_by(sizes.c.n.desc(), sizes.c.group_id).limit(limit)
    found = {group_id: Size(*size) for group_id, *size in (await session.exec(largest)).all()}
    return int(n), int(groups), found


async def load_size(session: AsyncSession, group_id: UUID) -> Size:
    """Load the size of a group over all its comments."""
    row = (await session.exec(_build_size_query(counters.Cut(), col(UnmetNeed.id) == group_id))).first()
    return Size(*row[1:]) if row else Size()


def _build_size_query(cut: counters.Cut, *conditions: ColumnElement[bool]) -> Any:
    day = col(SurveyComment.counted_on)
    return (
        sa.select(
            col(UnmetNeedText.group_id),
            func.count().label("n"),
            func.min(day).label("first_on"),
            func.max(day).label("last_on"),
        )
        .join_from(UnmetNeedText, SurveyComment, col(SurveyComment.id) == col(UnmetNeedText.comment_id))
        .join(UnmetNeed, col(UnmetNeed.id) == col(UnmetNeedText.group_id))
        .where(*cut.holds(counters.comments), *conditions)
        .group_by(col(UnmetNeedText.group_id))
    )


async def load_groups(session: AsyncSession, ids: Collection[UUID]) -> list[UnmetNeed]:
    """Load groups in the order of their ids."""
    rows = {
        row.id: row for row in (await session.exec(select(UnmetNeed).where(col(UnmetNeed.id).in_(list(ids))))).all()
    }
    return [rows[key] for key in ids]


async def load_steps(session: AsyncSession, group_id: UUID) -> Sequence[UnmetNeedStep]:
    """Load the state changes of a group, oldest first."""
    query = select(UnmetNeedStep).where(UnmetNeedStep.group_id == group_id)
    return (await session.exec(query.order_by(col(UnmetNeedStep.id)))).all()


async def load_words(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """Load the most frequent lemmas of each group."""
    lemma, group_id = col(UnmetNeedLemma.lemma), col(UnmetNeedLemma.group_id)
    place = func.row_number().over(partition_by=group_id, order_by=[col(UnmetNeedLemma.n).desc(), lemma])
    placed = sa.select(group_id, lemma.label("text"), place.label("place")).where(group_id.in_(ids))
    return await _load_first_texts(session, placed, SHOWN_WORDS)


async def load_examples(session: AsyncSession, ids: Sequence[UUID], cut: counters.Cut) -> dict[UUID, list[str]]:
    """Load the newest distinct comments of each group."""
    group_id, text = col(UnmetNeedText.group_id), col(SurveyComment.text)
    newest = func.max(col(SurveyComment.counted_on))
    place = func.row_number().over(partition_by=group_id, order_by=[newest.desc(), text])
    placed = sa.select(group_id, text.label("text"), place.label("place")).join_from(
        UnmetNeedText, SurveyComment, col(SurveyComment.id) == col(UnmetNeedText.comment_id)
    )
    placed = placed.where(group_id.in_(ids), *cut.holds(counters.comments)).group_by(group_id, text)
    return await _load_first_texts(session, placed, SHOWN_EXAMPLES)


async def _load_first_texts(session: AsyncSession, placed: sa.Select[Any], count: int) -> dict[UUID, list[str]]:
    ranked = placed.subquery()
    query: Any = sa.select(ranked.c.group_id, ranked.c.text).where(ranked.c.place <= count)
    found: dict[UUID, list[str]] = defaultdict(list)
    for key, text in (await session.exec(query.order_by(ranked.c.group_id, ranked.c.place))).all():
        found[key].append(text)
    return found


async def count_by_source(session: AsyncSession, ids: Sequence[UUID], cut: counters.Cut) -> list[tuple[UUID, str, int]]:
    """Count the comments of each group by source: rows of group, key of the source and number."""
    group_id, key = col(UnmetNeedText.group_id), col(SurveyComment.row_key)
    query: Any = sa.select(group_id, key, func.count()).join_from(
        UnmetNeedText, SurveyComment, col(SurveyComment.id) == col(UnmetNeedText.comment_id)
    )
    query = query.where(group_id.in_(ids), *cut.holds(counters.comments)).group_by(group_id, key)
    return [(group, source, n) for group, source, n in (await session.exec(query)).all()]


async def find_unit_of_template(
    session: AsyncSession, template_id: UUID, organization_id: UUID, by: Principal
) -> UUID | None:
    """Return the unit of a published template of the organization that the caller may use, or None."""
    is_allowed = is_in_use() if by.may("monitoring:all_units") else usable_by(by)
    query = select(ReplyTemplate.unit_id).join(Unit, col(Unit.id) == col(ReplyTemplate.unit_id))
    query = query.where(ReplyTemplate.id == template_id, Unit.organization_id == organization_id, is_allowed)
    return (await session.exec(query)).first()


async def load_units_with_templates(session: AsyncSession, organization_id: UUID) -> Sequence[UUID]:
    """Load the units of an organization that have reply templates in use."""
    query = select(ReplyTemplate.unit_id).distinct().join(Unit, col(Unit.id) == col(ReplyTemplate.unit_id))
    return (await session.exec(query.where(Unit.organization_id == organization_id, is_in_use()))).all()


async def load_lemma_counts(session: AsyncSession, group_id: UUID, lemmas: Collection[str]) -> dict[str, int]:
    """Load the numbers of comments of a group that contain each of the lemmas."""
    conditions = (col(UnmetNeedLemma.group_id) == group_id, col(UnmetNeedLemma.lemma).in_(lemmas))
    return dict((await session.exec(select(UnmetNeedLemma.lemma, UnmetNeedLemma.n).where(*conditions))).all())


async def find_nearest(
    session: AsyncSession, organization_id: UUID, lemmas: Collection[str]
) -> tuple[UnmetNeed, int] | None:
    """Return the most similar group of the organization and the scalar product of both; the older one of equals."""
    shared = func.sum(col(UnmetNeedLemma.n))
    square: Any = sa.cast(shared * shared, sa.Float) / col(UnmetNeed.length)
    query = (
        select(UnmetNeed, shared)
        .join(UnmetNeedLemma, col(UnmetNeedLemma.group_id) == col(UnmetNeed.id))
        .where(UnmetNeed.organization_id == organization_id, col(UnmetNeedLemma.lemma).in_(lemmas))
        .group_by(col(UnmetNeed.id))
        .order_by(square.desc(), col(UnmetNeed.id))
        .limit(1)
    )
    row = (await session.exec(query)).first()
    return None if row is None else (row[0], int(row[1]))
