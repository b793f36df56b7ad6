"""Unmet needs: listed over a period, linked to a template, started, resolved and reopened (O-11)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.etags import IfMatch
from app.core.references import unknown_reference
from app.core.security import Principal
from app.monitoring.errors import UnmetNeedNotFound
from app.monitoring.models import UnmetNeed, UnmetNeedLemma, UnmetNeedStep, UnmetNeedText
from app.monitoring.rules import (
    UNMET_NEED_TRANSITIONS,
    UnmetNeedMove,
)
from app.monitoring.schemas.unmet_needs import UnmetNeedPatch, UnmetNeedRead, UnmetNeedStepRead, UnmetNeedSummaryRead
from app.monitoring.service.survey_counts import Cut, to_survey_cut
from app.organizations import service as organizations
from app.organizations.models import Unit
from app.reply_templates.models import ReplyTemplate, TemplateVersion
from app.reply_templates.queries import is_in_use, usable_by
from app.surveys import counters
from app.surveys.models.comments import SurveyComment
from app.surveys.queries import load_named_sources
from app.surveys.rules.counts import Counted

SHOWN_WORDS, SHOWN_EXAMPLES = 5, 5
EVERYTHING = counters.Cut()


@dataclass(frozen=True, slots=True)
class Size:
    """The number of comments of a group, and the days of the first and the last one."""

    n: int = 0
    first_on: date | None = None
    last_on: date | None = None


def visible_to(by: Principal) -> ColumnElement[bool]:
    """Return the filter for unmet needs: of the caller's unit and unassigned ones of the organization, or all."""
    if by.may("monitoring:all_units"):
        return sa.true()
    unit, organization = col(UnmetNeed.unit_id), col(UnmetNeed.organization_id)
    own = unit == by.unit_id if by.unit_id is not None else sa.false()
    return sa.or_(own, sa.and_(unit.is_(None), organization == by.organization_id))


async def list_groups(
    session: AsyncSession, cut: Cut, limit: int, *, by: Principal, **equal: Any
) -> tuple[int, int, list[UnmetNeedSummaryRead]]:
    """Return the numbers of comments and groups and the largest groups; a None in `equal` does not filter."""
    survey = await to_survey_cut(session, cut)
    conditions = [getattr(UnmetNeed, name) == value for name, value in equal.items() if value is not None]
    sizes = _build_size_query(survey, visible_to(by), *conditions).subquery()
    total: Any = sa.select(func.coalesce(func.sum(sizes.c.n), 0), func.count())
    n, groups = (await session.exec(total.select_from(sizes))).one()
    largest: Any = sa.select(sizes).order_by(sizes.c.n.desc(), sizes.c.group_id).limit(limit)
    found = {row.group_id: Size(row.n, row.first_on, row.last_on) for row in (await session.exec(largest)).all()}
    rows = {row.id: row for row in await _load_groups(session, list(found))}
    return int(n), int(groups), await _to_reads(session, [rows[key] for key in found], found, survey)


async def get_group(session: AsyncSession, group_id: UUID, by: Principal) -> UnmetNeed:
    """Return a group that the caller may see. Raises `UnmetNeedNotFound`."""
    row = (await session.exec(select(UnmetNeed).where(UnmetNeed.id == group_id, visible_to(by)))).first()
    if row is None:
        raise UnmetNeedNotFound
    return row


async def read_group(session: AsyncSession, row: UnmetNeed) -> UnmetNeedRead:
    """Return a group with the figures of all its comments and its history."""
    query = _build_size_query(EVERYTHING, col(UnmetNeed.id) == row.id)
    size = (await session.exec(query)).first()
    sizes = {row.id: Size(size.n, size.first_on, size.last_on) if size else Size()}
    (summary,) = await _to_reads(session, [row], sizes, EVERYTHING)
    steps = select(UnmetNeedStep).where(UnmetNeedStep.group_id == row.id).order_by(col(UnmetNeedStep.id))
    history = [
        UnmetNeedStepRead(at=step.occurred_at, state=step.to_state, by=step.by_id, note=step.note)
        for step in (await session.exec(steps)).all()
    ]
    return UnmetNeedRead(**summary.model_dump(), history=history)


async def update_group(
    session: AsyncSession, group_id: UUID, body: UnmetNeedPatch, match: IfMatch, *, by: Principal
) -> UnmetNeed:
    """Set the template or the responsible unit; a template also sets its own unit unless one is given."""
    row = await get_group(session, group_id, by)
    sent = body.model_fields_set
    unit_id = body.unit_id if "unit_id" in sent else row.unit_id
    if "template_id" in sent and body.template_id is not None:
        template = await _load_template(session, row, body.template_id, by)
        unit_id = body.unit_id if "unit_id" in sent else template.unit_id
    if "unit_id" in sent and body.unit_id is not None:
        await organizations.get_open_unit(session, body.unit_id, row.organization_id, "/unit_id")
    match.require(row)
    row.unit_id = unit_id
    if "template_id" in sent:
        row.template_id, row.is_untied = body.template_id, body.template_id is None
    audit.record(session, by, "not_found.changed", "not_found_group", row.id, fields=sorted(sent))
    await session.flush()  # the flush raises the version
    return row


async def move_group(
    session: AsyncSession, group_id: UUID, move: UnmetNeedMove, note: str | None, match: IfMatch, *, by: Principal
) -> UnmetNeed:
    """Start, resolve or reopen a group; starting an unassigned one assigns it to the caller's unit."""
    row = await get_group(session, group_id, by)
    match.require(row)
    state = UNMET_NEED_TRANSITIONS.require(row.state, move)
    moment = clock.now()
    row.state, row.changed_at, row.changed_by, row.note = state, moment, by.id, note
    if move is UnmetNeedMove.START and row.unit_id is None and not by.may("monitoring:all_units"):
        row.unit_id = by.unit_id
    session.add(UnmetNeedStep(group_id=row.id, occurred_at=moment, to_state=state, by_id=by.id, note=note))
    audit.record(session, by, f"not_found.{state.value}", "not_found_group", row.id, fields=["state", "note"])
    await session.flush()  # the flush raises the version
    return row


async def _load_template(session: AsyncSession, row: UnmetNeed, template_id: UUID, by: Principal) -> ReplyTemplate:
    """Return a published template of the group's organization that the caller may use. Raises `ValidationFailed`."""
    is_allowed = is_in_use() if by.may("monitoring:all_units") else usable_by(by)
    query = select(ReplyTemplate).join(Unit, col(Unit.id) == col(ReplyTemplate.unit_id))
    query = query.where(ReplyTemplate.id == template_id, Unit.organization_id == row.organization_id, is_allowed)
    found = (await session.exec(query)).first()
    if found is None:
        raise unknown_reference("/template_id")
    return found


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


async def _load_groups(session: AsyncSession, ids: Sequence[UUID]) -> Sequence[UnmetNeed]:
    return (await session.exec(select(UnmetNeed).where(col(UnmetNeed.id).in_(ids)))).all()


async def _to_reads(
    session: AsyncSession, rows: Sequence[UnmetNeed], sizes: dict[UUID, Size], cut: counters.Cut
) -> list[UnmetNeedSummaryRead]:
    ids = [row.id for row in rows]
    titles = await _load_titles(session, [row.template_id for row in rows if row.template_id is not None])
    words, examples = await _load_words(session, ids), await _load_examples(session, ids, cut)
    sources = await _load_sources(session, ids, cut)
    return [
        UnmetNeedSummaryRead(
            **row.model_dump(exclude={"length", "version", "created_at"}),
            template_title=titles.get(row.template_id) if row.template_id else None,
            n=sizes[row.id].n,
            first_on=sizes[row.id].first_on,
            last_on=sizes[row.id].last_on,
            words=words[row.id],
            examples=examples[row.id],
            sources=sources[row.id],
        )
        for row in rows
    ]


async def _load_titles(session: AsyncSession, template_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Load the titles of templates: of the published version, otherwise of the latest."""
    number = func.coalesce(col(ReplyTemplate.published_version), col(ReplyTemplate.latest_version))
    version_of_template = sa.and_(
        col(TemplateVersion.template_id) == col(ReplyTemplate.id), col(TemplateVersion.number) == number
    )
    query = select(ReplyTemplate.id, TemplateVersion.title).join(TemplateVersion, version_of_template)
    return dict((await session.exec(query.where(col(ReplyTemplate.id).in_(template_ids)))).all())


async def _load_words(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """Load the most frequent lemmas of each group."""
    lemma, group_id = col(UnmetNeedLemma.lemma), col(UnmetNeedLemma.group_id)
    place = func.row_number().over(partition_by=group_id, order_by=[col(UnmetNeedLemma.n).desc(), lemma])
    placed = sa.select(group_id, lemma, place.label("place")).where(group_id.in_(ids)).subquery()
    query: Any = sa.select(placed.c.group_id, placed.c.lemma).where(placed.c.place <= SHOWN_WORDS)
    found: dict[UUID, list[str]] = defaultdict(list)
    for key, form in (await session.exec(query.order_by(placed.c.group_id, placed.c.place))).all():
        found[key].append(form)
    return found


async def _load_examples(session: AsyncSession, ids: Sequence[UUID], cut: counters.Cut) -> dict[UUID, list[str]]:
    """Load the newest distinct comments of each group."""
    group_id, text, day = col(UnmetNeedText.group_id), col(SurveyComment.text), col(SurveyComment.counted_on)
    newest = func.max(day)
    place = func.row_number().over(partition_by=group_id, order_by=[newest.desc(), text])
    placed = sa.select(group_id, text, place.label("place")).join_from(
        UnmetNeedText, SurveyComment, col(SurveyComment.id) == col(UnmetNeedText.comment_id)
    )
    ranked = placed.where(group_id.in_(ids), *cut.holds(counters.comments)).group_by(group_id, text).subquery()
    query: Any = sa.select(ranked.c.group_id, ranked.c.text).where(ranked.c.place <= SHOWN_EXAMPLES)
    found: dict[UUID, list[str]] = defaultdict(list)
    for key, example in (await session.exec(query.order_by(ranked.c.group_id, ranked.c.place))).all():
        found[key].append(example)
    return found


async def _load_sources(
    session: AsyncSession, ids: Sequence[UUID], cut: counters.Cut
) -> dict[UUID, list[dict[str, Any]]]:
    """Count the comments of each group by source, in the order of the sources' codes."""
    named = await load_named_sources(session, cut.organization_id)
    group_id, key = col(UnmetNeedText.group_id), col(SurveyComment.row_key)
    query: Any = sa.select(group_id, key, func.count()).join_from(
        UnmetNeedText, SurveyComment, col(SurveyComment.id) == col(UnmetNeedText.comment_id)
    )
    query = query.where(group_id.in_(ids), *cut.holds(counters.comments)).group_by(group_id, key)
    found: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for group, source, n in sorted((await session.exec(query)).all(), key=lambda row: named[row[1]].suffix):
        code = named[source].codes[Counted.EASE_OF_FINDING]
        found[group].append({"code": code, "name": named[source].text, "n": n})
    return found
