"""Comments of respondents: searched by lemmas, counted from the counters (A-1.23x, O-11)."""

from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.pagination import PageParams, paginate_rows
from app.monitoring.schemas.comments import CommentGroupRead, CommentRead, CommentsRead
from app.monitoring.schemas.figures import GroupBy
from app.monitoring.service.survey_counts import Cut, load_group_names, read_counts, sort_groups, to_survey_cut
from app.surveys import counters
from app.surveys.comment_indexer import has_words
from app.surveys.models.comments import SurveyComment
from app.surveys.models.forms import SurveyForm
from app.surveys.queries import NamedSource, load_named_sources
from app.surveys.rules.counts import Counted
from app.surveys.rules.form import normalize_code


async def list_comments(
    session: AsyncSession, cut: Cut, group_by: GroupBy | None, code: str | None, q: str | None, page: PageParams
) -> CommentsRead:
    """Return a page of comments, newest first, with their number in total and by group."""
    sources = await load_named_sources(session, cut.organization_id)
    chosen = {key for key, source in sources.items() if code is None or _has_code(source, code)}
    counted = await read_counts(session, Counted.COMMENTS, cut, group_by)
    groups: dict[str, int] = {}
    for key, by_group in counted.items():
        for group, counts in by_group.items() if key in chosen else ():
            groups[group] = groups.get(group, 0) + sum(counts)
    names = await load_group_names(session, group_by, groups) if group_by else {}
    group_reads = [CommentGroupRead(key=key, name=names[key], n=n) for key, n in sort_groups(groups, group_by)]
    query = select(SurveyComment).where(*(await to_survey_cut(session, cut)).holds(counters.comments))
    if code is not None:
        query = query.where(col(SurveyComment.row_key).in_(chosen))
    if q is not None:
        query = query.where(*(has_words(q) or [col(SurveyComment.id).is_(None)]))
    order = (col(SurveyComment.counted_on), col(SurveyComment.id))
    rows, cursor, count = await paginate_rows(session, query, page, order=order)
    versions = dict((await session.exec(select(SurveyForm.id, SurveyForm.form_version))).all())
    return CommentsRead.model_validate(
        {
            "from": cut.period.since,
            "to": cut.period.until,
            "group_by": group_by,
            "n": sum(groups.values()),
            "groups": group_reads,
            "items": [read_comment(row, sources[row.row_key], versions) for row in rows],
            "next_cursor": cursor,
            "count": count,
        }
    )


def read_comment(row: SurveyComment, source: NamedSource, versions: dict[UUID, int]) -> CommentRead:
    """Convert a comment row into its API representation."""
    values: dict[str, Any] = row.model_dump() | {
        "day": row.counted_on,
        "municipality": row.municipality or None,
        "form_version": versions[row.form_id],
        "code": source.codes[Counted.EASE_OF_FINDING],
        "key": row.row_key,
        "name": source.text,
    }
    return CommentRead.model_validate(values)


def _has_code(source: NamedSource, code: str) -> bool:
    """Return whether a code is that of the question (23), the row (23.3) or its comment (23.3.comment)."""
    own = source.codes[Counted.EASE_OF_FINDING]
    return normalize_code(code).removesuffix(".comment") in (own, own.partition(".")[0])
