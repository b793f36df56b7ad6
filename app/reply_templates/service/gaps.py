"""Gaps of the knowledge base: typical messages that no template answered, and the drafts made of them (O-6.2.6)."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.security import Principal
from app.language.masking import remove_masks
from app.language.text_groups import group_texts
from app.reply_templates.errors import GapNotFound
from app.reply_templates.models import GapDismissal, GapReason, ReplyTemplate, TemplateGap
from app.reply_templates.rules.template_drafts import find_keywords, to_example
from app.reply_templates.schemas import DraftOf, GapDismissalRead, GapRead
from app.reply_templates.search.service.index_cache import refresh_synonyms
from app.reply_templates.search.service.learned_choices import select_telling_forms
from app.reply_templates.service.templates import draft_template

LOOKED_AT = 1_000
"""So many of the newest messages are grouped: a gap that nobody fills shows in them."""
SHOWN_EXAMPLES, SHOWN_WORDS = 5, 5
EXAMPLES_OF_A_DRAFT, KEYWORDS_OF_A_DRAFT = 10, 7


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A message that no template answered, as the room of messages tells of it."""

    message_id: UUID
    unit_id: UUID
    text: str
    """What the client wrote, without personal data."""
    reason: GapReason
    offered_template_id: UUID | None = None
    answer: str | None = None
    """What was answered, without personal data."""


async def record_gap(session: AsyncSession, told: Unanswered) -> None:
    """Note a message that no template answered; told again, the later telling stands. A drafted one stays drafted."""
    forms = select_telling_forms(remove_masks(told.text), await refresh_synonyms(session))
    row = await _gap_of(session, told.message_id)
    if row is None:
        row = TemplateGap(
            message_id=told.message_id,
            unit_id=told.unit_id,
            reason=told.reason,
            text=told.text,
            forms=forms,
            noted_at=clock.now(),
        )
        session.add(row)
    row.text, row.forms = told.text, forms  # a client may edit what they wrote
    if row.unit_id != told.unit_id:
        row.unit_id, row.dismissal_id = told.unit_id, None  # what another unit decided binds this one not
    row.reason, row.answer = told.reason, told.answer
    row.offered_template_id = told.offered_template_id
    await session.flush()  # a second worker that tells of the same message at once is refused here, and tries again


async def remove_gap(session: AsyncSession, message_id: UUID) -> None:
    """A template answered the message after all, or it needs no answer of the unit."""
    its = col(TemplateGap.message_id) == message_id
    await session.exec(sa.delete(TemplateGap).where(its, col(TemplateGap.template_id).is_(None)))


async def list_gaps(session: AsyncSession, limit: int, *, is_dismissed: bool, by: Principal) -> list[GapRead]:
    """The gaps of the caller's unit in groups, the largest first; or those that want no template, which show no more.

    A dismissed group comes back with the first message that joins it, and then only what came later is counted.
    """
    groups = await _groups(session, by)
    wanted = [group for group in groups if group.is_dismissed is is_dismissed]
    wanted.sort(key=lambda group: -len(group.shown))  # of as large ones the first stays first
    return [await _read(session, group) for group in wanted[:limit]]


async def draft_template_from_gap(
    session: AsyncSession, gap_id: UUID, body: DraftOf, *, by: Principal
) -> ReplyTemplate:
    """Make a draft of a group: its messages become typical ones, the newest answer the text unless one is given."""
    group = await _group_of(session, gap_id, by)
    answers = [row.answer for row in group.rows if row.answer is not None]
    template = await draft_template(
        session,
        body,
        unit_id=group.rows[0].unit_id,
        messages=list(dict.fromkeys(row.text for row in reversed(group.rows)))[:EXAMPLES_OF_A_DRAFT],
        answer=answers[-1] if answers else None,
        keywords=find_keywords(group.words(KEYWORDS_OF_A_DRAFT)),
        by=by,
    )
    for row in group.rows:
        row.template_id = template.id
    return template


async def dismiss_gap(session: AsyncSession, gap_id: UUID, reason: str, *, by: Principal) -> GapRead:
    """Decide that a group wants no template, on the record: it shows no more until another message joins it."""
    group = await _group_of(session, gap_id, by)
    if group.is_dismissed:
        raise GapNotFound
    row = GapDismissal(unit_id=group.rows[0].unit_id, reason=reason, dismissed_at=clock.now(), dismissed_by=by.id)
    session.add(row)
    await session.flush()  # the messages refer to it
    for gap in group.rows:
        gap.dismissal_id = row.id
    audit.record(session, by, "template_gap.dismissed", "template_gap", group.rows[0].id)
    return await _read(session, group)


async def _gap_of(session: AsyncSession, message_id: UUID) -> TemplateGap | None:
    return (await session.exec(select(TemplateGap).where(TemplateGap.message_id == message_id))).first()


@dataclass(frozen=True, slots=True)
class _Gap:
    """Messages of one subject, oldest first: a new one joins a group and does not found it anew."""

    rows: Sequence[TemplateGap]
    words: Callable[[int], list[str]]

    @property
    def shown(self) -> Sequence[TemplateGap]:
        """The messages that nobody decided on; of a dismissed group all."""
        return [row for row in self.rows if row.dismissal_id is None] or self.rows

    @property
    def is_dismissed(self) -> bool:
        """Whether nothing came since somebody decided that the group wants no template."""
        return all(row.dismissal_id is not None for row in self.rows)


async def _groups(session: AsyncSession, by: Principal, *, lock: bool = False) -> list[_Gap]:
    if by.unit_id is None:
        return []
    query = select(TemplateGap).where(TemplateGap.unit_id == by.unit_id, col(TemplateGap.template_id).is_(None))
    query = query.order_by(col(TemplateGap.id).desc()).limit(LOOKED_AT)
    if lock:  # of two who draft or dismiss at once the second finds no gap
        query = query.with_for_update().execution_options(populate_existing=True)
    rows = {row.id: row for row in (await session.exec(query)).all()[::-1]}
    texts = [(row.id, frozenset(row.forms)) for row in rows.values()]
    groups = await asyncio.to_thread(group_texts, texts)  # very different texts take as long as many requests
    return [_Gap([rows[member] for member in group.members], group.words) for group in groups]


async def _group_of(session: AsyncSession, gap_id: UUID, by: Principal) -> _Gap:
    """The group that a message stands in, locked, or `GapNotFound`."""
    groups = await _groups(session, by, lock=True)
    found = next((group for group in groups if any(row.id == gap_id for row in group.rows)), None)
    if found is None:
        raise GapNotFound
    return found


async def _read(session: AsyncSession, group: _Gap) -> GapRead:
    newest_first = group.shown[::-1]
    return GapRead(
        id=group.rows[0].id,
        unit_id=group.rows[0].unit_id,
        count=len(newest_first),
        no_template=sum(row.reason is GapReason.NO_TEMPLATE for row in newest_first),
        not_taken=sum(row.reason is GapReason.NOT_TAKEN for row in newest_first),
        words=group.words(SHOWN_WORDS),
        examples=list(dict.fromkeys(to_example(row.text) for row in newest_first))[:SHOWN_EXAMPLES],
        offered_template_ids=list(
            dict.fromkeys(row.offered_template_id for row in newest_first if row.offered_template_id is not None)
        ),
        dismissed=await _last_dismissal(session, group),
        first_at=newest_first[-1].noted_at,
        last_at=newest_first[0].noted_at,
    )


async def _last_dismissal(session: AsyncSession, group: _Gap) -> GapDismissalRead | None:
    told = [row.dismissal_id for row in group.rows if row.dismissal_id is not None]
    if not told:
        return None
    row = await session.get_one(GapDismissal, max(told))  # ids stand in the order of time
    return GapDismissalRead.model_validate(row.model_dump() | {"count": len(told)})
