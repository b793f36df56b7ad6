"""Comments of respondents: searched by lemmas, counted from the counters (A-1.23x, O-11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.core.pagination import PageParams, paginate_rows
from app.monitoring.queries.comments import COMMENTS_ORDER, select_comments
from app.monitoring.queries.survey_counts import Cut, load_counts, load_form_versions, to_survey_cut
from app.monitoring.schemas.comments import CommentGroupRead, CommentRead, CommentsRead
from app.monitoring.schemas.figures import GroupBy
from app.monitoring.service.survey_counts import load_group_names, sort_groups
from app.surveys.queries import NamedSource, load_named_sources
from app.surveys.rules.counts import Counted
from app.surveys.rules.form import normalize_code

if TYPE_CHECKING:
    from uuid import UUID

    from sqlmodel.ext.asyncio.session import AsyncSession

    from app.surveys.models.comments import SurveyComment


async def list_comments(
    session: AsyncSession, cut: Cut, group_by: GroupBy | None, code: str | None, q: str | None, page: PageParams
) -> CommentsRead:
    """Return a page of comments, newest first, with their number in total and by group."""
    sources = await load_named_sources(session, cut.organization_id)
    chosen = {key for key, source in sources.items() if code is None or _has_code(source, code)}
    counted = await load_counts(session, Counted.COMMENTS, cut, group_by)
    groups: dict[str, int] = {}
    for key, by_group in counted.items():
        for group, counts in by_group.items() if key in chosen else ():
            groups[group] = groups.get(group, 0) + sum(counts)
    names = await load_group_names(session, group_by, groups)
    group_reads = [CommentGroupRead(key=key, name=names[key], n=n) for key, n in sort_groups(groups, group_by)]
    query = select_comments(await to_survey_cut(session, cut), None if code is None else chosen, q)
    rows, cursor, count = await paginate_rows(session, query, page, order=COMMENTS_ORDER)
    versions = await load_form_versions(session)
    return CommentsRead.model_validate(
        {
            "from": cut.period.since,
            "to": cut.period.until,
            "group_by": group_by,
            "n": sum(groups.values()),
            "groups": group_reads,
            "items": [_to_read(row, sources[row.row_key], versions) for row in rows],
            "next_cursor": cursor,
            "count": count,
        }
    )


def _to_read(row: SurveyComment, source: NamedSource, versions: dict[UUID, int]) -> CommentRead:
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
