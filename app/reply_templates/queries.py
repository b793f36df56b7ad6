"""Queries of reply templates: visibility, filters, loading of versions and mapping to API schemas."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.core import clock
from app.core.security import Principal
from app.reply_templates.models import ReplyTemplate, TemplateReview, TemplateShare, TemplateVersion
from app.reply_templates.rules.placeholders import find_placeholders
from app.reply_templates.rules.review import ReviewState, review_state
from app.reply_templates.rules.states import TemplateState
from app.reply_templates.schemas import TemplateRead, TemplateReviewRead, TemplateVersionRead


def owned_by(by: Principal) -> ColumnElement[bool]:
    """Match the templates of the caller's unit; none if the caller has no unit."""
    return col(ReplyTemplate.unit_id) == by.unit_id if by.unit_id is not None else sa.false()


def is_in_use() -> ColumnElement[bool]:
    """Match the templates with a published version that are not archived."""
    published, state = col(ReplyTemplate.published_version), col(ReplyTemplate.state)
    return sa.and_(published.is_not(None), state != TemplateState.ARCHIVED)


def visible_to(by: Principal) -> ColumnElement[bool]:
    """Match the templates that the caller may see: all of their unit, and shared ones in use.

    Only the published version of another unit's template may be shown: `visible_version_number`, `read_templates`.
    """
    if by.unit_id is None:
        return sa.false()
    return sa.or_(owned_by(by), sa.and_(is_in_use(), _shared_with(by.unit_id)))


def usable_by(by: Principal) -> ColumnElement[bool]:
    """Match the templates the caller may use in a reply: in use, and of their unit or shared with it."""
    return sa.and_(visible_to(by), is_in_use())


def visible_version_number(by: Principal) -> ColumnElement[int]:
    """Return the version the caller sees: the newest of their own unit's template, the published one of another's."""
    latest, published = col(ReplyTemplate.latest_version), col(ReplyTemplate.published_version)
    return sa.case((owned_by(by), latest), else_=published)


def _has_state(state: TemplateState, by: Principal) -> ColumnElement[bool]:
    """Match the templates the caller sees in a state; another unit's template is always `published`."""
    is_published = sa.true() if state is TemplateState.PUBLISHED else sa.false()
    return sa.or_(
        sa.and_(owned_by(by), col(ReplyTemplate.state) == state), sa.and_(sa.not_(owned_by(by)), is_published)
    )


def visible_text(by: Principal) -> ColumnElement[str]:
    """Return the search text of the version that the caller sees."""
    newest, published = col(ReplyTemplate.search_text), col(ReplyTemplate.published_search_text)
    return sa.case((owned_by(by), newest), else_=published)


def _has_topic(topic_id: UUID, by: Principal) -> ColumnElement[bool]:
    """Match the templates whose visible version has a topic."""
    version = TemplateVersion
    return sa.exists().where(
        col(version.template_id) == col(ReplyTemplate.id),
        col(version.number) == visible_version_number(by),
        sa.cast(col(version.topic_ids), sa.Text).like(f'%"{topic_id}"%'),
    )


def has_review(state: ReviewState) -> ColumnElement[bool]:
    """Match the templates in use with a review state today."""
    today = clock.today()
    due, remind = col(ReplyTemplate.next_review_on), col(ReplyTemplate.review_remind_on)
    conditions = {
        ReviewState.OVERDUE: due < today,
        ReviewState.DUE_SOON: sa.and_(due >= today, remind <= today),
        ReviewState.CURRENT: remind > today,
    }
    return sa.and_(is_in_use(), conditions[state])


class TemplateSort(StrEnum):
    """The order of a list of templates."""

    NEWEST = "newest"
    KEY = "key"
    UPDATED_AT = "updated_at"
    NEXT_REVIEW_ON = "next_review_on"


ORDERS: dict[TemplateSort, tuple[tuple[Any, ...], bool]] = {
    TemplateSort.NEWEST: ((col(ReplyTemplate.id),), True),
    TemplateSort.KEY: ((col(ReplyTemplate.key), col(ReplyTemplate.id)), False),
    TemplateSort.UPDATED_AT: ((col(ReplyTemplate.updated_at), col(ReplyTemplate.id)), True),
    TemplateSort.NEXT_REVIEW_ON: ((col(ReplyTemplate.next_review_on), col(ReplyTemplate.id)), False),
}
"""The columns of each order, and whether it is descending."""


def select_templates(
    by: Principal,
    words: Iterable[ColumnElement[bool]] = (),
    *,
    state: TemplateState | None = None,
    unit_id: UUID | None = None,
    key: str | None = None,
    topic_id: UUID | None = None,
    review: ReviewState | None = None,
    updated_after: datetime | None = None,
    in_use_only: bool = False,
) -> SelectOfScalar[ReplyTemplate]:
    """Return the select of the visible templates that match the filters and the conditions of a word search.

    Archived templates are left out unless their state or `updated_after` is given.
    """
    query = select(ReplyTemplate).where(visible_to(by), *words)
    if state is not None:
        query = query.where(_has_state(state, by))
    elif updated_after is None:
        query = query.where(col(ReplyTemplate.state) != TemplateState.ARCHIVED)
    for column, value in ((ReplyTemplate.unit_id, unit_id), (ReplyTemplate.key, key)):
        if value is not None:
            query = query.where(column == value)
    if updated_after is not None:
        query = query.where(col(ReplyTemplate.updated_at) > updated_after)
    if topic_id is not None:
        query = query.where(_has_topic(topic_id, by))
    if review is not None:
        query = query.where(has_review(review))
    return query.where(col(ReplyTemplate.next_review_on).is_not(None)) if in_use_only else query


async def load_templates_in_use(
    session: AsyncSession, by: Principal, *, before: UUID | None, limit: int
) -> Sequence[ReplyTemplate]:
    """Load templates in use of the caller's unit, newest first; those older than `before` if it is given."""
    query = select(ReplyTemplate).where(owned_by(by), is_in_use()).order_by(col(ReplyTemplate.id).desc()).limit(limit)
    return (await session.exec(query.where(col(ReplyTemplate.id) < before) if before else query)).all()


def compute_review_state(row: ReplyTemplate) -> ReviewState | None:
    """Return the review state of a template today."""
    return review_state(row.next_review_on, row.review_remind_on, clock.today())


async def load_version(session: AsyncSession, template_id: UUID, number: int) -> TemplateVersion | None:
    """Return a version of a template, None if it does not exist."""
    query = select(TemplateVersion).where(TemplateVersion.template_id == template_id, TemplateVersion.number == number)
    return (await session.exec(query)).first()


def select_reviews(template_id: UUID) -> SelectOfScalar[TemplateReview]:
    """Return the select of the reviews of a template."""
    return select(TemplateReview).where(TemplateReview.template_id == template_id)


async def load_versions(session: AsyncSession, template_id: UUID) -> list[TemplateVersion]:
    """Return all versions of a template, newest first."""
    query = select(TemplateVersion).where(TemplateVersion.template_id == template_id)
    return list((await session.exec(query.order_by(col(TemplateVersion.number).desc()))).all())


async def load_shared_units(session: AsyncSession, template_ids: Iterable[UUID]) -> dict[UUID, list[UUID]]:
    """Return the units that each template is shared with."""
    query = select(TemplateShare).where(col(TemplateShare.template_id).in_(template_ids))
    found: dict[UUID, list[UUID]] = defaultdict(list)
    for share in (await session.exec(query.order_by(col(TemplateShare.unit_id)))).all():
        found[share.template_id].append(share.unit_id)
    return found


async def load_visible_versions(
    session: AsyncSession, rows: Sequence[ReplyTemplate], by: Principal
) -> dict[UUID, TemplateVersion]:
    """Return the version of each template that the caller sees, in one query."""
    numbers = {row.id: row.latest_version if _is_own(row, by) else row.published_version for row in rows}
    return await load_versions_by_number(session, numbers)


async def load_versions_by_number(
    session: AsyncSession, numbers: Mapping[UUID, int | None]
) -> dict[UUID, TemplateVersion]:
    """Return one version of each template, by its number."""
    has_number = sa.tuple_(col(TemplateVersion.template_id), col(TemplateVersion.number)).in_(list(numbers.items()))
    return {v.template_id: v for v in (await session.exec(select(TemplateVersion).where(has_number))).all()}


async def read_template(session: AsyncSession, row: ReplyTemplate, by: Principal) -> TemplateRead:
    """Return a template as the caller may see it."""
    return (await read_templates(session, [row], by))[0]


async def read_templates(session: AsyncSession, rows: Sequence[ReplyTemplate], by: Principal) -> list[TemplateRead]:
    """Return templates as the caller may see them, in two queries."""
    versions = await load_visible_versions(session, rows, by)
    shared = await load_shared_units(session, [row.id for row in rows])
    return [_to_read(row, versions[row.id], shared[row.id], by) for row in rows]


def _to_read(row: ReplyTemplate, version: TemplateVersion, shared: list[UUID], by: Principal) -> TemplateRead:
    values: dict[str, Any] = row.model_dump(exclude={"version"}) | {
        "version": version.number,
        **version.model_dump(include={"title", "text", "keywords", "examples", "topic_ids", "defaults"}),
        "placeholders": find_placeholders(version.text),
        "is_own": True,
        "shared_unit_ids": shared,
        "returned_reason": version.returned_reason,
        "review": compute_review_state(row),
    }
    if not _is_own(row, by):  # internal details are hidden from other units
        values |= {"state": TemplateState.PUBLISHED, "is_own": False, "shared_unit_ids": [by.unit_id]}
        values |= dict.fromkeys(("returned_reason", "review_days", "reviewed_by", "created_by"))
    return TemplateRead.model_validate(values)


def read_version(row: TemplateVersion, *, is_own: bool) -> TemplateVersionRead:
    """Map a version to its API schema; the author and the notes are hidden from other units."""
    values = row.model_dump() | {"version": row.number}
    if not is_own:
        values |= dict.fromkeys(("note", "author_id", "returned_reason", "approved_by"))
    return TemplateVersionRead.model_validate(values)


def read_review(row: TemplateReview) -> TemplateReviewRead:
    """Map a review to its API schema."""
    return TemplateReviewRead.model_validate(row.model_dump() | {"version": row.number})


def _is_own(row: ReplyTemplate, by: Principal) -> bool:
    return row.unit_id == by.unit_id


def _shared_with(unit_id: UUID) -> ColumnElement[bool]:
    return sa.exists().where(
        col(TemplateShare.template_id) == col(ReplyTemplate.id), col(TemplateShare.unit_id) == unit_id
    )
