"""What respondents could not find, in groups: shown over a period, tied to a template, taken up, resolved (O-11)."""

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
from app.core.problems import TransitionNotAllowed
from app.core.references import unknown_reference
from app.core.security import Principal
from app.monitoring.errors import UnmetNeedNotFound
from app.monitoring.models import UnmetNeed, UnmetNeedLemma, UnmetNeedStep, UnmetNeedText
from app.monitoring.rules import (
    UNMET_NEED_MOVES_RU,
    UNMET_NEED_STATES_RU,
    UNMET_NEED_TRANSITIONS,
    UnmetNeedMove,
)
from app.monitoring.schemas.unmet_needs import UnmetNeedPatch, UnmetNeedRead, UnmetNeedStepRead, UnmetNeedSummaryRead
from app.monitoring.service.survey_counts import Cut, survey_cut
from app.organizations import service as organizations
from app.organizations.models import Unit
from app.reply_templates.models import ReplyTemplate, TemplateVersion
from app.reply_templates.queries import is_in_use, usable_by
from app.surveys import counters
from app.surveys.models import Counted, SurveyComment
from app.surveys.queries import load_named_sources

SHOWN_WORDS, SHOWN_EXAMPLES = 5, 5
EVERYTHING = counters.Cut()


@dataclass(frozen=True, slots=True)
class Size:
    """How many texts a group has in a cut, and the days of the first and the last."""

    n: int = 0
    first_on: date | None = None
    last_on: date | None = None


def visible_to(by: Principal) -> ColumnElement[bool]:
    """A head sees what their unit should answer, and in their organization what nobody has yet; who sees all, all."""
    if by.may("monitoring:all_units"):
        return sa.true()
    unit, organization = col(UnmetNeed.unit_id), col(UnmetNeed.organization_id)
    own = unit == by.unit_id if by.unit_id is not None else sa.false()
    return sa.or_(own, sa.and_(unit.is_(None), organization == by.organization_id))


async def list_groups(
    session: AsyncSession, cut: Cut, limit: int, *, by: Principal, **equal: Any
) -> tuple[int, int, list[UnmetNeedSummaryRead]]:
    """How many texts and groups there are, and the largest groups; `equal` are columns of a group, None filters not."""
    survey = await survey_cut(session, cut)
    wanted = [getattr(UnmetNeed, name) == value for name, value in equal.items() if value is not None]
    sizes = _sizes(survey, visible_to(by), *wanted).subquery()
    whole: Any = sa.select(func.coalesce(func.sum(sizes.c.n), 0), func.count())
    n, groups = (await session.exec(whole.select_from(sizes))).one()
    largest: Any = sa.select(sizes).order_by(sizes.c.n.desc(), sizes.c.group_id).limit(limit)
    found = {row.group_id: Size(row.n, row.first_on, row.last_on) for row in (await session.exec(largest)).all()}
    rows = {row.id: row for row in await _groups(session, list(found))}
    return int(n), int(groups), await _read(session, [rows[key] for key in found], found, survey)


async def get_group(session: AsyncSession, group_id: UUID, by: Principal) -> UnmetNeed:
    """The group if the caller may see it, or `UnmetNeedNotFound`."""
    row = (await session.exec(select(UnmetNeed).where(UnmetNeed.id == group_id, visible_to(by)))).first()
    if row is None:
        raise UnmetNeedNotFound
    return row


async def read_group(session: AsyncSession, row: UnmetNeed) -> UnmetNeedRead:
    """A group with all its texts counted, and its history."""
    query = _sizes(EVERYTHING, col(UnmetNeed.id) == row.id)
    size = (await session.exec(query)).first()
    sizes = {row.id: Size(size.n, size.first_on, size.last_on) if size else Size()}
    (shown,) = await _read(session, [row], sizes, EVERYTHING)
    steps = select(UnmetNeedStep).where(UnmetNeedStep.group_id == row.id).order_by(col(UnmetNeedStep.id))
    history = [
        UnmetNeedStepRead(at=step.occurred_at, state=step.to_state, by=step.by_id, note=step.note)
        for step in (await session.exec(steps)).all()
    ]
    return UnmetNeedRead(**shown.model_dump(), history=history)


async def update_group(
    session: AsyncSession, group_id: UUID, body: UnmetNeedPatch, match: IfMatch, *, by: Principal
) -> UnmetNeed:
    """Say which template should answer it, or whose affair it is; a template brings its unit along."""
    row = await get_group(session, group_id, by)
    sent = body.model_fields_set
    unit_id = body.unit_id if "unit_id" in sent else row.unit_id
    if "template_id" in sent and body.template_id is not None:
        template = await _template(session, row, body.template_id, by)
        unit_id = body.unit_id if "unit_id" in sent else template.unit_id
    if "unit_id" in sent and body.unit_id is not None:
        await organizations.get_open_unit(session, body.unit_id, row.organization_id, "/unit_id")
    match.require(row)
    row.unit_id = unit_id
    if "template_id" in sent:
        row.template_id, row.is_untied = body.template_id, body.template_id is None
    audit.record(session, by, "not_found.changed", "not_found_group", row.id, fields=sorted(sent))
    await session.flush()  # the version is counted at the flush
    return row


async def move_group(
    session: AsyncSession, group_id: UUID, move: UnmetNeedMove, note: str | None, match: IfMatch, *, by: Principal
) -> UnmetNeed:
    """Take it up, resolve it or open it again; whoever takes up what nobody has gives it to their unit."""
    row = await get_group(session, group_id, by)
    match.require(row)
    state = UNMET_NEED_TRANSITIONS[row.state].get(move)
    if state is None:
        raise TransitionNotAllowed(UNMET_NEED_STATES_RU[row.state], UNMET_NEED_MOVES_RU[move])
    moment = clock.now()
    row.state, row.changed_at, row.changed_by, row.note = state, moment, by.id, note
    if move is UnmetNeedMove.START and row.unit_id is None and not by.may("monitoring:all_units"):
        row.unit_id = by.unit_id
    session.add(UnmetNeedStep(group_id=row.id, occurred_at=moment, to_state=state, by_id=by.id, note=note))
    audit.record(session, by, f"not_found.{state.value}", "not_found_group", row.id, fields=["state", "note"])
    await session.flush()  # the version is counted at the flush
    return row


async def _template(session: AsyncSession, row: UnmetNeed, template_id: UUID, by: Principal) -> ReplyTemplate:
    """A template in use of the group's organization that the caller may name; else 422."""
    may = is_in_use() if by.may("monitoring:all_units") else usable_by(by)
    query = select(ReplyTemplate).join(Unit, col(Unit.id) == col(ReplyTemplate.unit_id))
    query = query.where(ReplyTemplate.id == template_id, Unit.organization_id == row.organization_id, may)
    found = (await session.exec(query)).first()
    if found is None:
        raise unknown_reference("/template_id")
    return found


def _sizes(cut: counters.Cut, *wanted: ColumnElement[bool]) -> Any:
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
        .where(*cut.holds(counters.comments), *wanted)
        .group_by(col(UnmetNeedText.group_id))
    )


async def _groups(session: AsyncSession, ids: Sequence[UUID]) -> Sequence[UnmetNeed]:
    return (await session.exec(select(UnmetNeed).where(col(UnmetNeed.id).in_(ids)))).all()


async def _read(
    session: AsyncSession, rows: Sequence[UnmetNeed], sizes: dict[UUID, Size], cut: counters.Cut
) -> list[UnmetNeedSummaryRead]:
    ids = [row.id for row in rows]
    titles = await _titles(session, [row.template_id for row in rows if row.template_id is not None])
    words, examples = await _words(session, ids), await _examples(session, ids, cut)
    sources = await _sources(session, ids, cut)
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


async def _titles(session: AsyncSession, template_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Templates by the titles of their published versions, or of the newest where none is published any more."""
    number = func.coalesce(col(ReplyTemplate.published_version), col(ReplyTemplate.latest_version))
    its = sa.and_(col(TemplateVersion.template_id) == col(ReplyTemplate.id), col(TemplateVersion.number) == number)
    query = select(ReplyTemplate.id, TemplateVersion.title).join(TemplateVersion, its)
    return dict((await session.exec(query.where(col(ReplyTemplate.id).in_(template_ids)))).all())


async def _words(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """The lemmas that most texts of each group have."""
    lemma, group_id = col(UnmetNeedLemma.lemma), col(UnmetNeedLemma.group_id)
    place = func.row_number().over(partition_by=group_id, order_by=[col(UnmetNeedLemma.n).desc(), lemma])
    placed = sa.select(group_id, lemma, place.label("place")).where(group_id.in_(ids)).subquery()
    query: Any = sa.select(placed.c.group_id, placed.c.lemma).where(placed.c.place <= SHOWN_WORDS)
    found: dict[UUID, list[str]] = defaultdict(list)
    for key, form in (await session.exec(query.order_by(placed.c.group_id, placed.c.place))).all():
        found[key].append(form)
    return found


async def _examples(session: AsyncSession, ids: Sequence[UUID], cut: counters.Cut) -> dict[UUID, list[str]]:
    """The newest texts of each group, each wording once."""
    group_id, text, day = col(UnmetNeedText.group_id), col(SurveyComment.text), col(SurveyComment.counted_on)
    newest = func.max(day)
    place = func.row_number().over(partition_by=group_id, order_by=[newest.desc(), text])
    placed = sa.select(group_id, text, place.label("place")).join_from(
        UnmetNeedText, SurveyComment, col(SurveyComment.id) == col(UnmetNeedText.comment_id)
    )
    told = placed.where(group_id.in_(ids), *cut.holds(counters.comments)).group_by(group_id, text).subquery()
    query: Any = sa.select(told.c.group_id, told.c.text).where(told.c.place <= SHOWN_EXAMPLES)
    found: dict[UUID, list[str]] = defaultdict(list)
    for key, said in (await session.exec(query.order_by(told.c.group_id, told.c.place))).all():
        found[key].append(said)
    return found


async def _sources(session: AsyncSession, ids: Sequence[UUID], cut: counters.Cut) -> dict[UUID, list[dict[str, Any]]]:
    """How many texts of each group are about which source, in the order of their codes."""
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
