"""Texts of what respondents could not find join the group that they are nearest to, or found one (O-11)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.db import insert_into
from app.core.security import unit_itself
from app.language.masking import without_masks
from app.language.text_groups import NEAR_ENOUGH, grown, nearness
from app.monitoring.models import NotFoundGroup, NotFoundLemma, NotFoundStep, NotFoundText
from app.monitoring.rules import NotFoundState
from app.organizations.models import Organization, Unit
from app.reply_templates.models import ReplyTemplate
from app.reply_templates.queries import is_in_use
from app.reply_templates.search.service.index_cache import follow_synonyms
from app.reply_templates.search.service.learned_choices import telling_forms
from app.reply_templates.search.service.suggestions import suggest
from app.surveys.models import SurveyComment

NEW_TEXTS = "Появились новые ответы."


async def group_comments(session: AsyncSession, comment_ids: Sequence[UUID]) -> None:
    """Group comments that were read in; told twice of one changes nothing. One without telling words stays alone."""
    is_grouped = sa.exists().where(col(NotFoundText.comment_id) == col(SurveyComment.id))
    query = select(SurveyComment).where(col(SurveyComment.id).in_(comment_ids), ~is_grouped)
    rows = (await session.exec(query.order_by(col(SurveyComment.id)))).all()
    for organization_id in sorted({row.organization_id for row in rows}):
        # Two workers that group at once would found the same group twice. Submissions are let by: KEY SHARE.
        lock = select(Organization.id).where(Organization.id == organization_id).with_for_update(key_share=True)
        await session.exec(lock)
    for row in rows:
        text = without_masks(row.text)  # a telephone left is not a telephone looked for
        forms = telling_forms(text, await follow_synonyms(session))
        if forms:
            await _join(session, row, text, forms)


async def _join(session: AsyncSession, comment: SurveyComment, text: str, forms: list[str]) -> None:
    group = await _nearest(session, comment.organization_id, forms)
    known: dict[str, int] = {}
    if group is None:
        moment = clock.now()
        group = NotFoundGroup(
            organization_id=comment.organization_id,
            state=NotFoundState.OPEN,
            length=len(forms),
            created_at=moment,
            changed_at=moment,
        )
        session.add(group)
        session.add(NotFoundStep(group_id=group.id, occurred_at=moment, to_state=NotFoundState.OPEN))
    else:
        its = (col(NotFoundLemma.group_id) == group.id, col(NotFoundLemma.lemma).in_(forms))
        known = dict((await session.exec(select(NotFoundLemma.lemma, NotFoundLemma.n).where(*its))).all())
        group.length = grown(group.length, (known.get(form, 0) for form in forms))
        _reopen(session, group)
    if group.template_id is None and not group.is_untied:
        await _tie(session, group, text)
    await session.flush()  # what follows refers to the group
    session.add(NotFoundText(comment_id=comment.id, group_id=group.id))
    counted = insert_into(session, NotFoundLemma).values(
        [{"lemma": form, "group_id": group.id, "n": 1} for form in sorted(forms)]
    )
    added = {"n": NotFoundLemma.__table__.c.n + 1}  # type: ignore[attr-defined]
    await session.exec(counted.on_conflict_do_update(index_elements=["lemma", "group_id"], set_=added))


async def _nearest(session: AsyncSession, organization_id: UUID, forms: list[str]) -> NotFoundGroup | None:
    """The group that shares most with a text, if it is near enough; of those as near the older one."""
    shared = sa.func.sum(col(NotFoundLemma.n))
    square: Any = sa.cast(shared * shared, sa.Float) / col(NotFoundGroup.length)
    query = (
        sa.select(col(NotFoundGroup.id), col(NotFoundGroup.length), shared)
        .join(NotFoundLemma, col(NotFoundLemma.group_id) == col(NotFoundGroup.id))
        .where(col(NotFoundGroup.organization_id) == organization_id, col(NotFoundLemma.lemma).in_(forms))
        .group_by(col(NotFoundGroup.id), col(NotFoundGroup.length))
        .order_by(square.desc(), col(NotFoundGroup.id))
        .limit(1)
    )
    found = (await session.exec(query)).first()  # type: ignore[call-overload]
    if found is None or nearness(int(found[2]), found[1], len(forms)) < NEAR_ENOUGH:
        return None
    return await session.get(NotFoundGroup, found[0])


def _reopen(session: AsyncSession, group: NotFoundGroup) -> None:
    """A text that comes after the matter was resolved opens it again: it was not."""
    if group.state is NotFoundState.RESOLVED:
        moment = clock.now()
        group.state, group.changed_at, group.changed_by, group.note = NotFoundState.OPEN, moment, None, NEW_TEXTS
        step = NotFoundStep(group_id=group.id, occurred_at=moment, to_state=NotFoundState.OPEN, note=NEW_TEXTS)
        session.add(step)


async def _tie(session: AsyncSession, group: NotFoundGroup, text: str) -> None:
    """Name the template that should answer it: the best of what any unit of the organization would be offered."""
    query = select(ReplyTemplate.unit_id).distinct().join(Unit, col(Unit.id) == col(ReplyTemplate.unit_id))
    query = query.where(Unit.organization_id == group.organization_id, is_in_use())
    offered = []
    for unit_id in (await session.exec(query)).all():
        found = await suggest(session, text, unit_itself(unit_id, group.organization_id), limit=1)
        offered += [(one.score, one.template_id, unit_id) for one in found]
    if offered:
        _, group.template_id, unit_id = max(offered)
        group.unit_id = group.unit_id or unit_id  # who took it up keeps it
