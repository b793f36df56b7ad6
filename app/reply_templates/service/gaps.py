"""Gaps of the knowledge base: typical messages that no template answered, and the drafts made of them (O-6.2.6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.grouping import Group, grouped
from app.core.problems import Fault, Invalid
from app.core.security import Principal
from app.reply_templates.errors import GapNotFound
from app.reply_templates.finding.service.choices import telling_forms
from app.reply_templates.finding.service.following import follow_synonyms
from app.reply_templates.models import GapReason, ReplyTemplate, TemplateGap
from app.reply_templates.rules.drafting import keywords_of, one_line, template_text
from app.reply_templates.schemas import DraftOf, GapRead, TemplateCreate
from app.reply_templates.service.templates import MAX_EXAMPLE, create_template

LOOKED_AT = 2_000
"""So many of the newest messages are grouped: a gap that nobody fills shows in them."""
SHOWN_EXAMPLES, SHOWN_WORDS = 5, 5
EXAMPLES_OF_A_DRAFT, KEYWORDS_OF_A_DRAFT = 10, 7


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A message that no template answered, as the room of messages tells of it."""

    message_id: UUID
    unit_id: UUID
    written: str
    """What the client wrote; only its telling words are kept of it."""
    text: str
    """The same without personal data."""
    reason: GapReason
    offered_template_id: UUID | None = None
    answer: str | None = None
    """What was answered, without personal data."""


async def note_gap(session: AsyncSession, told: Unanswered) -> None:
    """Note a message that no template answered; told again, the later telling stands. A drafted one stays drafted."""
    row = await _gap_of(session, told.message_id)
    if row is None:
        row = TemplateGap(
            message_id=told.message_id,
            unit_id=told.unit_id,
            reason=told.reason,
            text=told.text,
            forms=telling_forms(told.written, await follow_synonyms(session)),
            noted_at=clock.now(),
        )
        session.add(row)
    row.unit_id, row.reason, row.answer = told.unit_id, told.reason, told.answer
    row.offered_template_id = told.offered_template_id
    await session.flush()  # a second worker that tells of the same message at once is refused here, and tries again


async def forget_gap(session: AsyncSession, message_id: UUID) -> None:
    """A template answered the message after all, or it needs no answer of the unit."""
    its = col(TemplateGap.message_id) == message_id
    await session.exec(sa.delete(TemplateGap).where(its, col(TemplateGap.template_id).is_(None)))


async def list_gaps(session: AsyncSession, limit: int, *, by: Principal) -> list[GapRead]:
    """The gaps of the caller's unit in groups, the largest first."""
    rows = {row.id: row for row in await _open_gaps(session, by)}
    return [_read([rows[member] for member in group.members], group) for group in _groups(list(rows.values()))[:limit]]


async def draft_of_gap(session: AsyncSession, gap_id: UUID, body: DraftOf, *, by: Principal) -> ReplyTemplate:
    """Make a draft of a group: its messages become typical ones, the newest answer the text unless one is given."""
    rows = {row.id: row for row in await _open_gaps(session, by)}
    group = next((group for group in _groups(list(rows.values())) if gap_id in group.members), None)
    if group is None or by.unit_id is None:
        raise GapNotFound
    members = [rows[member] for member in group.members]
    answers = [row.answer for row in members if row.answer is not None]
    if body.text is None and not answers:
        ru, en = "Ещё никто не ответил: напишите текст.", "Nobody has answered yet: write a text."
        raise Invalid(faults=[Fault("/text", "missing", ru, en)])
    examples = list(dict.fromkeys(row.text[:MAX_EXAMPLE] for row in reversed(members)))[:EXAMPLES_OF_A_DRAFT]
    made = TemplateCreate(
        unit_id=by.unit_id,
        key=body.key,
        title=body.title or one_line(examples[0]),
        text=body.text or template_text(answers[-1]),
        keywords=body.keywords if body.keywords is not None else keywords_of(group.words(KEYWORDS_OF_A_DRAFT)),
        examples=examples,
    )
    template = await create_template(session, made, by=by)
    for row in members:
        row.template_id = template.id
    return template


async def _gap_of(session: AsyncSession, message_id: UUID) -> TemplateGap | None:
    return (await session.exec(select(TemplateGap).where(TemplateGap.message_id == message_id))).first()


async def _open_gaps(session: AsyncSession, by: Principal) -> Sequence[TemplateGap]:
    """Oldest first: a new message joins a group and does not found it anew."""
    if by.unit_id is None:
        return []
    query = select(TemplateGap).where(TemplateGap.unit_id == by.unit_id, col(TemplateGap.template_id).is_(None))
    newest = (await session.exec(query.order_by(col(TemplateGap.id).desc()).limit(LOOKED_AT))).all()
    return newest[::-1]


def _groups(rows: Sequence[TemplateGap]) -> list[Group[UUID]]:
    return grouped([(row.id, frozenset(row.forms)) for row in rows])


def _read(rows: Sequence[TemplateGap], group: Group[UUID]) -> GapRead:
    newest_first = rows[::-1]
    return GapRead(
        id=rows[0].id,
        unit_id=rows[0].unit_id,
        count=len(rows),
        no_template=sum(row.reason is GapReason.NO_TEMPLATE for row in rows),
        not_taken=sum(row.reason is GapReason.NOT_TAKEN for row in rows),
        words=group.words(SHOWN_WORDS),
        examples=list(dict.fromkeys(row.text[:MAX_EXAMPLE] for row in newest_first))[:SHOWN_EXAMPLES],
        offered_template_ids=list(
            dict.fromkeys(row.offered_template_id for row in newest_first if row.offered_template_id is not None)
        ),
        first_at=rows[0].noted_at,
        last_at=rows[-1].noted_at,
    )
