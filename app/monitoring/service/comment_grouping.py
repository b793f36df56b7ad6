"""Texts of what respondents could not find join the group that they are nearest to, or found one (O-11)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.db import build_insert
from app.core.security import system_principal
from app.language.masking import remove_masks
from app.language.text_groups import NEAR_ENOUGH, compute_grown_length, compute_similarity
from app.monitoring.models import UnmetNeed, UnmetNeedLemma, UnmetNeedStep, UnmetNeedText
from app.monitoring.rules import UnmetNeedState
from app.organizations.models import Organization, Unit
from app.reply_templates.models import ReplyTemplate
from app.reply_templates.queries import is_in_use
from app.reply_templates.search.service.index_cache import refresh_synonyms
from app.reply_templates.search.service.learned_choices import select_telling_forms
from app.reply_templates.search.service.suggestions import find_suggestions
from app.surveys.models import SurveyComment

NEW_TEXTS = "Появились новые ответы."


async def group_comments(session: AsyncSession, comment_ids: Sequence[UUID]) -> None:
    """Group comments that were read in; told twice of one changes nothing. One without telling words stays alone."""
    is_grouped = sa.exists().where(col(UnmetNeedText.comment_id) == col(SurveyComment.id))
    query = select(SurveyComment).where(col(SurveyComment.id).in_(comment_ids), ~is_grouped)
    rows = (await session.exec(query.order_by(col(SurveyComment.id)))).all()
    for organization_id in sorted({row.organization_id for row in rows}):
        # Two workers that group at once would found the same group twice. Submissions are let by: KEY SHARE.
        lock = select(Organization.id).where(Organization.id == organization_id).with_for_update(key_share=True)
        await session.exec(lock)
    for row in rows:
        text = remove_masks(row.text)  # a telephone left is not a telephone looked for
        forms = select_telling_forms(text, await refresh_synonyms(session))
        if forms:
            await _join(session, row, text, forms)


async def _join(session: AsyncSession, comment: SurveyComment, text: str, forms: list[str]) -> None:
    group = await _nearest(session, comment.organization_id, forms)
    known: dict[str, int] = {}
    if group is None:
        moment = clock.now()
        group = UnmetNeed(
            organization_id=comment.organization_id,
            state=UnmetNeedState.OPEN,
            length=len(forms),
            created_at=moment,
            changed_at=moment,
        )
        session.add(group)
        session.add(UnmetNeedStep(group_id=group.id, occurred_at=moment, to_state=UnmetNeedState.OPEN))
    else:
        its = (col(UnmetNeedLemma.group_id) == group.id, col(UnmetNeedLemma.lemma).in_(forms))
        known = dict((await session.exec(select(UnmetNeedLemma.lemma, UnmetNeedLemma.n).where(*its))).all())
        group.length = compute_grown_length(group.length, (known.get(form, 0) for form in forms))
        _reopen(session, group)
    if group.template_id is None and not group.is_untied:
        await _tie(session, group, text)
    await session.flush()  # what follows refers to the group
    session.add(UnmetNeedText(comment_id=comment.id, group_id=group.id))
    counted = build_insert(session, UnmetNeedLemma).values(
        [{"lemma": form, "group_id": group.id, "n": 1} for form in sorted(forms)]
    )
    added = {"n": UnmetNeedLemma.__table__.c.n + 1}  # type: ignore[attr-defined]
    await session.exec(counted.on_conflict_do_update(index_elements=["lemma", "group_id"], set_=added))


async def _nearest(session: AsyncSession, organization_id: UUID, forms: list[str]) -> UnmetNeed | None:
    """The group that shares most with a text, if it is near enough; of those as near the older one."""
    shared = sa.func.sum(col(UnmetNeedLemma.n))
    square: Any = sa.cast(shared * shared, sa.Float) / col(UnmetNeed.length)
    query = (
        sa.select(col(UnmetNeed.id), col(UnmetNeed.length), shared)
        .join(UnmetNeedLemma, col(UnmetNeedLemma.group_id) == col(UnmetNeed.id))
        .where(col(UnmetNeed.organization_id) == organization_id, col(UnmetNeedLemma.lemma).in_(forms))
        .group_by(col(UnmetNeed.id), col(UnmetNeed.length))
        .order_by(square.desc(), col(UnmetNeed.id))
        .limit(1)
    )
    found = (await session.exec(query)).first()  # type: ignore[call-overload]
    if found is None or compute_similarity(int(found[2]), found[1], len(forms)) < NEAR_ENOUGH:
        return None
    return await session.get(UnmetNeed, found[0])


def _reopen(session: AsyncSession, group: UnmetNeed) -> None:
    """A text that comes after the matter was resolved opens it again: it was not."""
    if group.state is UnmetNeedState.RESOLVED:
        moment = clock.now()
        group.state, group.changed_at, group.changed_by, group.note = UnmetNeedState.OPEN, moment, None, NEW_TEXTS
        step = UnmetNeedStep(group_id=group.id, occurred_at=moment, to_state=UnmetNeedState.OPEN, note=NEW_TEXTS)
        session.add(step)


async def _tie(session: AsyncSession, group: UnmetNeed, text: str) -> None:
    """Name the template that should answer it: the best of what any unit of the organization would be offered."""
    query = select(ReplyTemplate.unit_id).distinct().join(Unit, col(Unit.id) == col(ReplyTemplate.unit_id))
    query = query.where(Unit.organization_id == group.organization_id, is_in_use())
    offered = []
    for unit_id in (await session.exec(query)).all():
        found = await find_suggestions(session, text, system_principal(unit_id, group.organization_id), limit=1)
        offered += [(one.score, one.template_id, unit_id) for one in found]
    if offered:
        _, group.template_id, unit_id = max(offered)
        group.unit_id = group.unit_id or unit_id  # who took it up keeps it
