"""Knowledge base gaps: messages that no template covers, and the drafts created from them (O-6.2.6)."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.security import Principal
from app.language.masking import remove_masks
from app.language.text_groups import group_texts
from app.reply_templates.commands import TemplateDraft
from app.reply_templates.errors import GapNotFound
from app.reply_templates.models import GapDismissal, ReplyTemplate, TemplateGap
from app.reply_templates.rules.gaps import GapReason
from app.reply_templates.rules.template_drafts import find_keywords, to_example
from app.reply_templates.schemas import GapDismissalRead, GapRead
from app.reply_templates.search.service.index_cache import refresh_synonyms
from app.reply_templates.search.service.learned_choices import select_telling_forms
from app.reply_templates.service.templates import draft_template

MAX_MESSAGES = 1_000
"""Only the newest messages are grouped: an open gap keeps appearing among them."""
MAX_EXAMPLES, MAX_WORDS = 5, 5
MAX_DRAFT_EXAMPLES, MAX_DRAFT_KEYWORDS = 10, 7


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A message that no template covers, as reported by the messages package."""

    message_id: UUID
    unit_id: UUID
    text: str
    """The client's text, without personal data."""
    reason: GapReason
    offered_template_id: UUID | None = None
    answer: str | None = None
    """The reply, without personal data."""


async def record_gap(session: AsyncSession, message: Unanswered) -> None:
    """Record a message that no template covers, or update its record. A draft created from it is kept."""
    forms = select_telling_forms(remove_masks(message.text), await refresh_synonyms(session))
    row = await _find_gap(session, message.message_id)
    if row is None:
        row = TemplateGap(
            message_id=message.message_id,
            unit_id=message.unit_id,
            reason=message.reason,
            text=message.text,
            forms=forms,
            noted_at=clock.now(),
        )
        session.add(row)
    row.text, row.forms = message.text, forms  # the client may have edited the message
    if row.unit_id != message.unit_id:
        row.unit_id, row.dismissal_id = message.unit_id, None  # another unit's decision does not apply to this unit
    row.reason, row.answer = message.reason, message.answer
    row.offered_template_id = message.offered_template_id
    await session.flush()  # a concurrent worker with the same message fails here and retries


async def remove_gap(session: AsyncSession, message_id: UUID) -> None:
    """Delete the gap of a message that a template answered or that needs no reply from the unit."""
    its = col(TemplateGap.message_id) == message_id
    await session.exec(sa.delete(TemplateGap).where(its, col(TemplateGap.template_id).is_(None)))


async def list_gaps(session: AsyncSession, limit: int, *, is_dismissed: bool, by: Principal) -> list[GapRead]:
    """Return the gaps of the caller's unit in groups, the largest first; or only the dismissed groups.

    A dismissed group is listed again after the first new message, and then only later messages are counted.
    """
    groups = await _load_groups(session, by)
    listed = [group for group in groups if group.is_dismissed is is_dismissed]
    listed.sort(key=lambda group: -len(group.counted))  # a stable sort: equal groups keep their order
    return await _read_groups(session, listed[:limit])


async def draft_template_from_gap(
    session: AsyncSession, gap_id: UUID, draft: TemplateDraft, *, by: Principal
) -> ReplyTemplate:
    """Create a draft from a group: its messages become typical messages, the newest reply the text unless given."""
    group = await _get_group(session, gap_id, by)
    answers = [row.answer for row in group.rows if row.answer is not None]
    template = await draft_template(
        session,
        draft,
        unit_id=group.rows[0].unit_id,
        messages=list(dict.fromkeys(row.text for row in reversed(group.rows)))[:MAX_DRAFT_EXAMPLES],
        answer=answers[-1] if answers else None,
        keywords=find_keywords(group.words(MAX_DRAFT_KEYWORDS)),
        by=by,
    )
    for row in group.rows:
        row.template_id = template.id
    return template


async def dismiss_gap(session: AsyncSession, gap_id: UUID, reason: str, *, by: Principal) -> GapRead:
    """Record the decision that a group needs no template; it is hidden until a new message joins it.

    Raises `GapNotFound`.
    """
    group = await _get_group(session, gap_id, by)
    if group.is_dismissed:
        raise GapNotFound
    row = GapDismissal(unit_id=group.rows[0].unit_id, reason=reason, dismissed_at=clock.now(), dismissed_by=by.id)
    session.add(row)
    await session.flush()  # the messages reference the dismissal
    for gap in group.rows:
        gap.dismissal_id = row.id
    audit.record(session, by, "template_gap.dismissed", "template_gap", group.rows[0].id)
    return (await _read_groups(session, [group]))[0]


async def _find_gap(session: AsyncSession, message_id: UUID) -> TemplateGap | None:
    return (await session.exec(select(TemplateGap).where(TemplateGap.message_id == message_id))).first()


@dataclass(frozen=True, slots=True)
class _Gap:
    """A group of similar messages, oldest first, so that a new message joins an existing group."""

    rows: Sequence[TemplateGap]
    words: Callable[[int], list[str]]

    @property
    def counted(self) -> Sequence[TemplateGap]:
        """The messages without a decision; all messages of a dismissed group."""
        return [row for row in self.rows if row.dismissal_id is None] or self.rows

    @property
    def is_dismissed(self) -> bool:
        """Whether no message came after the decision to dismiss the group."""
        return all(row.dismissal_id is not None for row in self.rows)

    @property
    def dismissal_ids(self) -> Sequence[UUID]:
        """The decision on each message that has one."""
        return [row.dismissal_id for row in self.rows if row.dismissal_id is not None]


async def _load_groups(session: AsyncSession, by: Principal, *, lock: bool = False) -> list[_Gap]:
    if by.unit_id is None:
        return []
    query = select(TemplateGap).where(TemplateGap.unit_id == by.unit_id, col(TemplateGap.template_id).is_(None))
    query = query.order_by(col(TemplateGap.id).desc()).limit(MAX_MESSAGES)
    if lock:  # of two concurrent decisions the second finds no gap
        query = query.with_for_update().execution_options(populate_existing=True)
    rows = {row.id: row for row in (await session.exec(query)).all()[::-1]}
    texts = [(row.id, frozenset(row.forms)) for row in rows.values()]
    groups = await asyncio.to_thread(group_texts, texts)  # grouping is slow for very different texts
    return [_Gap([rows[member] for member in group.members], group.words) for group in groups]


async def _get_group(session: AsyncSession, gap_id: UUID, by: Principal) -> _Gap:
    """Return the group of a message and lock its rows. Raises `GapNotFound`."""
    groups = await _load_groups(session, by, lock=True)
    found = next((group for group in groups if any(row.id == gap_id for row in group.rows)), None)
    if found is None:
        raise GapNotFound
    return found


async def _read_groups(session: AsyncSession, groups: Sequence[_Gap]) -> list[GapRead]:
    last_ids = [max(group.dismissal_ids) for group in groups if group.dismissal_ids]  # ids are ordered by time
    query = select(GapDismissal).where(col(GapDismissal.id).in_(last_ids))
    dismissals = {row.id: row for row in (await session.exec(query)).all()} if last_ids else {}
    return [_to_read(group, dismissals) for group in groups]


def _to_read(group: _Gap, dismissals: Mapping[UUID, GapDismissal]) -> GapRead:
    newest_first = group.counted[::-1]
    return GapRead(
        id=group.rows[0].id,
        unit_id=group.rows[0].unit_id,
        count=len(newest_first),
        no_template=sum(row.reason is GapReason.NO_TEMPLATE for row in newest_first),
        not_taken=sum(row.reason is GapReason.NOT_TAKEN for row in newest_first),
        words=group.words(MAX_WORDS),
        examples=list(dict.fromkeys(to_example(row.text) for row in newest_first))[:MAX_EXAMPLES],
        offered_template_ids=list(
            dict.fromkeys(row.offered_template_id for row in newest_first if row.offered_template_id is not None)
        ),
        dismissed=_read_last_dismissal(group.dismissal_ids, dismissals),
        first_at=newest_first[-1].noted_at,
        last_at=newest_first[0].noted_at,
    )


def _read_last_dismissal(ids: Sequence[UUID], dismissals: Mapping[UUID, GapDismissal]) -> GapDismissalRead | None:
    if not ids:
        return None
    return GapDismissalRead.model_validate(dismissals[max(ids)].model_dump() | {"count": len(ids)})
