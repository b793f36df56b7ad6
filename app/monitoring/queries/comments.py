"""Comments of respondents, for lists and for grouping."""

from collections.abc import Collection, Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.monitoring.models import UnmetNeedText
from app.organizations.models import Organization
from app.surveys import counters
from app.surveys.comment_indexer import has_words
from app.surveys.models.comments import SurveyComment

COMMENTS_ORDER = (col(SurveyComment.counted_on), col(SurveyComment.id))


def select_comments(
    cut: counters.Cut, row_keys: Collection[str] | None, q: str | None
) -> SelectOfScalar[SurveyComment]:
    """Build the query of comments about these sources that contain all words of `q`; None does not filter."""
    query = select(SurveyComment).where(*cut.holds(counters.comments))
    if row_keys is not None:
        query = query.where(col(SurveyComment.row_key).in_(row_keys))
    if q is not None:
        query = query.where(*(has_words(q) or [sa.false()]))
    return query


async def load_ungrouped_comments(session: AsyncSession, comment_ids: Sequence[UUID]) -> Sequence[SurveyComment]:
    """Load the comments that belong to no unmet need yet, and lock their organizations against other groupings."""
    is_grouped = sa.exists().where(col(UnmetNeedText.comment_id) == col(SurveyComment.id))
    query = select(SurveyComment).where(col(SurveyComment.id).in_(comment_ids), ~is_grouped)
    rows = (await session.exec(query.order_by(col(SurveyComment.id)))).all()
    for organization_id in sorted({row.organization_id for row in rows}):
        # Without the lock two workers could create the same group twice. KEY SHARE does not block new submissions.
        lock = select(Organization.id).where(Organization.id == organization_id).with_for_update(key_share=True)
        await session.exec(lock)
    return rows
