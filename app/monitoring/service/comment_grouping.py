"""Grouping of comments: each joins the most similar unmet need or creates a new one (O-11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core import clock
from app.core.db import build_insert
from app.core.security import system_principal
from app.language.masking import remove_masks
from app.language.text_groups import NEAR_ENOUGH, compute_grown_length, compute_similarity
from app.monitoring.models import UnmetNeed, UnmetNeedLemma, UnmetNeedStep, UnmetNeedText
from app.monitoring.queries.comments import load_ungrouped_comments
from app.monitoring.queries.unmet_needs import find_nearest, load_lemma_counts, load_units_with_templates
from app.monitoring.rules import UnmetNeedState
from app.reply_templates.search.service.index_cache import refresh_synonyms
from app.reply_templates.search.service.learned_choices import select_telling_forms
from app.reply_templates.search.service.suggestions import find_suggestions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlmodel.ext.asyncio.session import AsyncSession

    from app.surveys.models.comments import SurveyComment

NEW_TEXTS = "Появились новые ответы."


async def group_comments(session: AsyncSession, comment_ids: Sequence[UUID]) -> None:
    """Group newly indexed comments; already grouped ones and those without significant words are skipped."""
    synonyms = await refresh_synonyms(session)
    for row in await load_ungrouped_comments(session, comment_ids):
        text = remove_masks(row.text)  # a respondent's own telephone number is not a request for one
        forms = select_telling_forms(text, synonyms)
        if forms:
            await _add_to_group(session, row, text, forms)


async def _add_to_group(session: AsyncSession, comment: SurveyComment, text: str, forms: list[str]) -> None:
    nearest = await find_nearest(session, comment.organization_id, forms)
    if nearest is None or compute_similarity(nearest[1], nearest[0].length, len(forms)) < NEAR_ENOUGH:
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
        group, _ = nearest
        known = await load_lemma_counts(session, group.id, forms)
        group.length = compute_grown_length(group.length, (known.get(form, 0) for form in forms))
        _reopen(session, group)
    if group.template_id is None and not group.is_untied:
        await _set_template(session, group, text)
    await session.flush()  # the rows below refer to the group
    session.add(UnmetNeedText(comment_id=comment.id, group_id=group.id))
    counted = build_insert(session, UnmetNeedLemma).values(
        [{"lemma": form, "group_id": group.id, "n": 1} for form in sorted(forms)]
    )
    added = {"n": UnmetNeedLemma.__table__.c.n + 1}  # type: ignore[attr-defined]
    await session.exec(counted.on_conflict_do_update(index_elements=["lemma", "group_id"], set_=added))


def _reopen(session: AsyncSession, group: UnmetNeed) -> None:
    """Reopen a resolved need: a new comment shows that it persists."""
    if group.state is UnmetNeedState.RESOLVED:
        moment = clock.now()
        group.state, group.changed_at, group.changed_by, group.note = UnmetNeedState.OPEN, moment, None, NEW_TEXTS
        step = UnmetNeedStep(group_id=group.id, occurred_at=moment, to_state=UnmetNeedState.OPEN, note=NEW_TEXTS)
        session.add(step)


async def _set_template(session: AsyncSession, group: UnmetNeed, text: str) -> None:
    """Set the reply template: the best suggestion among the templates of all units of the organization."""
    offered = []
    for unit_id in await load_units_with_templates(session, group.organization_id):
        found = await find_suggestions(session, text, system_principal(unit_id, group.organization_id), limit=1)
        offered += [(one.score, one.template_id, unit_id) for one in found]
    if offered:
        _, group.template_id, unit_id = max(offered)
        group.unit_id = group.unit_id or unit_id  # a unit that already works on it keeps it
