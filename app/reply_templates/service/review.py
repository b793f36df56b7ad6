"""Reviews of templates: due dates, confirmations, reminders and escalations (O-6.2.6)."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.etags import IfMatch
from app.core.outbox import emit
from app.core.security import Principal
from app.organizations import service as organizations
from app.reply_templates.events import TemplateReviewNear, TemplateReviewOverdue
from app.reply_templates.models import ReplyTemplate, TemplateReview
from app.reply_templates.rules import review as rules
from app.reply_templates.rules.states import TEMPLATE_TRANSITIONS, TemplateMove, TemplateState
from app.reply_templates.service.access import get_own_template, mark_changed

BATCH = 200


async def confirm_template(
    session: AsyncSession, template_id: UUID, note: str | None, match: IfMatch, *, by: Principal
) -> ReplyTemplate:
    """Record that the published version is current. The next review is counted from today."""
    row = await get_own_template(session, template_id, by)
    match.require(row)
    if row.published_version is None or row.state is TemplateState.ARCHIVED:
        raise TEMPLATE_TRANSITIONS.refuse(row.state, TemplateMove.REVIEW)
    row.reviewed_at, row.reviewed_by = clock.now(), by.id
    next_on = await compute_next_review(session, row)
    session.add(
        TemplateReview(
            template_id=row.id,
            number=row.published_version,
            note=note,
            reviewed_at=row.reviewed_at,
            reviewed_by=by.id,
            next_review_on=next_on,
        )
    )
    return await mark_changed(session, row, "template.reviewed", by, ["next_review_on"])


async def compute_next_review(session: AsyncSession, row: ReplyTemplate) -> Any:
    """Set and return the next review date of a template, None while it is not in use; reminders start again."""
    unit = await organizations.get_unit(session, row.unit_id)
    apply_period(row, row.review_days or unit.template_review_days)
    return row.next_review_on


def apply_period(row: ReplyTemplate, days: int) -> None:
    """Compute the next review date from the last publication or review; a new date resets the reminders."""
    before, row.next_review_on, row.review_remind_on = row.next_review_on, None, None
    is_used = row.published_version is not None and row.state is not TemplateState.ARCHIVED
    if is_used and row.reviewed_at is not None:
        row.next_review_on = rules.next_review_on(clock.local_date(row.reviewed_at), days)
        row.review_remind_on = rules.remind_on(row.next_review_on, days)
    if row.next_review_on != before:
        row.review_reminded_at = row.review_escalated_at = None


async def remind_of_reviews(session: AsyncSession) -> int:
    """Emit one event per template whose review is near and one when it is overdue; return the number of events.

    The mark on the row and the event are in one transaction, and only one of two workers marks the row.
    """
    moment = clock.now()
    near = await _mark(session, _is_near(), review_reminded_at=moment)
    for row in near:
        emit(session, TemplateReviewNear(template_id=row.id, next_review_on=row.next_review_on))
    overdue = await _mark(session, _is_overdue(), review_escalated_at=moment)
    for row in overdue:
        emit(session, TemplateReviewOverdue(template_id=row.id, next_review_on=row.next_review_on))
    return len(near) + len(overdue)


async def is_review_due(session: AsyncSession) -> bool:
    """Return whether `remind_of_reviews` has events to emit."""
    query = select(ReplyTemplate.id).where(sa.or_(_is_near(), _is_overdue())).limit(1)
    return (await session.exec(query)).first() is not None


def _is_near() -> ColumnElement[bool]:
    """Match templates with a pending reminder; an overdue review is escalated instead."""
    row, today = ReplyTemplate, clock.today()
    remind, due = col(row.review_remind_on), col(row.next_review_on)
    return sa.and_(remind <= today, due >= today, col(row.review_reminded_at).is_(None))


def _is_overdue() -> ColumnElement[bool]:
    row = ReplyTemplate
    return sa.and_(col(row.next_review_on) < clock.today(), col(row.review_escalated_at).is_(None))


async def _mark(session: AsyncSession, due: ColumnElement[bool], **values: Any) -> list[Any]:
    row = ReplyTemplate
    due_ids = sa.select(col(row.id)).where(due).limit(BATCH).with_for_update(skip_locked=True)
    marked = await session.exec(
        sa.update(row)
        .where(col(row.id).in_(due_ids))
        .values(values)
        .returning(col(row.id), col(row.next_review_on))
        .execution_options(synchronize_session=False)
    )
    return list(marked.all())
