"""Publication and withdrawal of form versions; of one list, one version is in force on a day (A-1)."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.etags import IfMatch
from app.core.problems import TransitionNotAllowed
from app.core.security import Principal
from app.surveys.errors import FormBeginsAlready, FormDaysAnswered, FormHasBegun
from app.surveys.models.forms import SurveyForm, SurveySource
from app.surveys.models.submissions import SurveySubmission
from app.surveys.rules.form import FormState
from app.surveys.service.form_definition import build_definition, get_sources, load_suffixes, require_points_in_force
from app.surveys.service.forms import get_draft, get_form, set_days


async def publish_form(
    session: AsyncSession, form_id: UUID, match: IfMatch, *, changes: Mapping[str, Any], by: Principal
) -> SurveyForm:
    """Publish a draft: its predecessor ends the day before, and its source codes become permanent."""
    row = await get_draft(session, form_id, match, by)
    set_days(row, changes)
    # The draft may be old: its codes and points are validated again.
    row.definition = await build_definition(session, row, get_sources(row))
    await require_points_in_force(session, row)
    row.closes_on = row.valid_to
    await _adjust_neighbours(session, row)
    known = await load_suffixes(session, row.key)
    session.add_all(
        SurveySource(form=row.key, key=raw["key"], suffix=raw["suffix"])
        for raw in row.definition["form"]["sources"]
        if raw["key"] not in known
    )
    row.state, row.published_at = FormState.PUBLISHED, clock.now()
    audit.record(session, by, "survey_form.published", "survey_form", row.id, fields=["state", "valid_from"])
    return row


async def _adjust_neighbours(session: AsyncSession, row: SurveyForm) -> None:
    """End the predecessor the day before, and the version itself before a version published for later."""
    published = select(SurveyForm).where(SurveyForm.key == row.key, SurveyForm.state == FormState.PUBLISHED)
    # Locks all published versions, so that concurrent publications wait for each other.
    await session.exec(published.order_by(col(SurveyForm.id)).with_for_update())
    await _require_unanswered(session, row)
    # Queried again after the lock: the locked rows lack versions published while waiting.
    mine = published.where(SurveyForm.organization_id == row.organization_id)
    for other in (await session.exec(mine)).all():
        if other.valid_from == row.valid_from:
            raise FormBeginsAlready
        if other.valid_from < row.valid_from:
            if other.valid_to is None or other.valid_to >= row.valid_from:
                other.valid_to = row.valid_from - timedelta(days=1)
        elif row.valid_to is None or row.valid_to >= other.valid_from:
            row.valid_to = other.valid_from - timedelta(days=1)


async def _require_unanswered(session: AsyncSession, row: SurveyForm) -> None:
    """Raise `FormDaysAnswered` if the version would cover past days that already have submissions."""
    query = select(SurveySubmission.id).where(
        SurveySubmission.form == row.key,
        SurveySubmission.counted_on >= row.valid_from,
        SurveySubmission.counted_on < clock.today(),
    )
    if row.organization_id is not None:
        query = query.where(SurveySubmission.organization_id == row.organization_id)
    if row.valid_from < clock.today() and (await session.exec(query.limit(1))).first() is not None:
        raise FormDaysAnswered


async def withdraw_form(session: AsyncSession, form_id: UUID, match: IfMatch, *, by: Principal) -> SurveyForm:
    """Withdraw a published version before its first day; the previous version gets its days back."""
    row = await get_form(session, form_id, by)
    match.require(row)
    if row.state is not FormState.PUBLISHED:
        raise TransitionNotAllowed(("черновик", "draft"), ("отозвать", "withdraw"))
    answered = select(SurveySubmission.id).where(SurveySubmission.form_id == row.id).limit(1)
    # A client whose clock is ahead may have submitted an answer for the first day already.
    if row.valid_from <= clock.today() or (await session.exec(answered)).first() is not None:
        raise FormHasBegun
    others = select(SurveyForm).where(
        SurveyForm.id != row.id,
        SurveyForm.key == row.key,
        SurveyForm.state == FormState.PUBLISHED,
        SurveyForm.organization_id == row.organization_id,
    )
    eve: date | None = None
    for other in (await session.exec(others.order_by(col(SurveyForm.valid_from).desc()).with_for_update())).all():
        if other.valid_to == row.valid_from - timedelta(days=1):
            other.valid_to = min((day for day in (other.closes_on, eve) if day is not None), default=None)
        eve = other.valid_from - timedelta(days=1)
    row.state = FormState.WITHDRAWN
    audit.record(session, by, "survey_form.withdrawn", "survey_form", row.id, fields=["state"])
    return row
