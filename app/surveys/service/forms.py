"""Form versions: created as drafts, changed until they are published (A-1)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.etags import IfMatch
from app.core.problems import FieldError, ValidationFailed
from app.core.references import unknown_reference
from app.core.security import Principal
from app.core.validity import Validity
from app.organizations.errors import OrganizationNotFound
from app.surveys.commands import FormSource, NewForm
from app.surveys.errors import FormIsPublished, FormNotFound
from app.surveys.models.forms import SurveyForm
from app.surveys.queries import load_form_in_force, read_form, select_forms
from app.surveys.rules.form import FormState, parse_form
from app.surveys.rules.sources import compare_sources
from app.surveys.schemas.forms import FormComparison, FormRead, SourceComparison
from app.surveys.service.form_definition import build_definition, get_sources, validate_wording
from app.surveys.service.references import get_organization, require_organization
from app.surveys.statutory_wording import load_order_form


async def current_form(
    session: AsyncSession, key: str, organization_id: UUID | None = None, on: date | None = None
) -> SurveyForm:
    """Return the version in force on a day (today by default) for an organization (the ministry by default).

    Raises `FormNotFound`.
    """
    try:
        organization = await get_organization(session, organization_id)
    except OrganizationNotFound:
        raise FormNotFound from None
    row = await load_form_in_force(session, key, on or clock.today(ZoneInfo(organization.zone)), organization.id)
    if row is None:
        raise FormNotFound
    return row


async def read_current_form(session: AsyncSession, key: str, organization_id: UUID, on: date) -> FormRead:
    """Return the version in force on a day for an organization, with its questions. Raises `FormNotFound`."""
    return read_form(await current_form(session, key, organization_id, on))


async def get_form(session: AsyncSession, form_id: UUID, by: Principal | None) -> SurveyForm:
    """Return a version visible to the caller. Raises `FormNotFound`."""
    row = (await session.exec(select_forms(by, id=form_id))).first()
    if row is None:
        raise FormNotFound
    return row


async def get_draft(session: AsyncSession, form_id: UUID, match: IfMatch, by: Principal) -> SurveyForm:
    """Return a draft to change. Raises `FormNotFound`, `PreconditionFailed`, `FormIsPublished`."""
    row = await get_form(session, form_id, by)
    match.require(row)
    if row.state is not FormState.DRAFT:
        raise FormIsPublished
    return row


async def create_form(session: AsyncSession, new: NewForm, *, by: Principal) -> SurveyForm:
    """Create a new version as a draft, numbered after all versions of the form."""
    if new.key != load_order_form()["key"]:
        raise unknown_reference("/key")
    if new.organization_id is not None:
        organization = await require_organization(session, new.organization_id)
        if Validity(last=organization.closed_on).is_over(clock.today()):
            raise unknown_reference("/organization_id")
    validate_wording({"title": new.title, "blocks": new.blocks})
    sources = new.sources
    if sources is None:
        sources = await _load_sources_in_force(session, new.key, new.organization_id)
    newest = select(sa.func.max(SurveyForm.form_version)).where(SurveyForm.key == new.key)
    row = SurveyForm(
        key=new.key,
        form_version=((await session.exec(newest)).one() or 0) + 1,
        organization_id=new.organization_id,
        state=FormState.DRAFT,
        valid_from=new.valid_from or clock.today(),
        valid_to=new.valid_to,
        definition={},
        created_at=clock.now(),
        created_by=by.id,
    )
    _require_date_order(row)
    row.definition = await build_definition(session, row, sources)
    session.add(row)
    audit.record(session, by, "survey_form.created", "survey_form", row.id)
    return row


async def _load_sources_in_force(session: AsyncSession, key: str, organization_id: UUID | None) -> Sequence[FormSource]:
    row = await load_form_in_force(session, key, None, organization_id)
    if row is None:
        raise FormNotFound
    return get_sources(row)


async def update_form(
    session: AsyncSession, form_id: UUID, match: IfMatch, *, changes: Mapping[str, Any], by: Principal
) -> SurveyForm:
    """Update a draft; `sources` holds `FormSource` commands. A value of None leaves all but `valid_to` unchanged."""
    row = await get_draft(session, form_id, match, by)
    validate_wording(changes)
    set_days(row, changes)
    if changes.get("sources") is not None:
        row.definition = await build_definition(session, row, changes["sources"])
    changed = sorted(changes.keys() - {"title", "blocks"})
    audit.record(session, by, "survey_form.changed", "survey_form", row.id, fields=changed)
    return row


def set_days(row: SurveyForm, changes: Mapping[str, Any]) -> None:
    """Set the days that the changes name. Raises 422 if they are in the wrong order."""
    row.valid_from = changes.get("valid_from") or row.valid_from
    if "valid_to" in changes:
        row.valid_to = changes["valid_to"]
    _require_date_order(row)


def _require_date_order(row: SurveyForm) -> None:
    if row.valid_to is not None and row.valid_to < row.valid_from:
        ru, en = "Дата окончания раньше даты начала.", "The end date is before the start date."
        raise ValidationFailed(field_errors=[FieldError("/valid_to", "dates_reversed", ru, en)])


async def delete_form(session: AsyncSession, form_id: UUID, match: IfMatch, *, by: Principal) -> None:
    """Delete a draft; no other row refers to it."""
    row = await get_draft(session, form_id, match, by)
    await session.delete(row)
    audit.record(session, by, "survey_form.deleted", "survey_form", row.id)


async def compare_forms(
    session: AsyncSession, key: str, first: int, second: int, by: Principal | None
) -> FormComparison:
    """Compare two versions by codes. Raises `FormNotFound`."""
    visible = (await session.exec(select_forms(by, key=key))).all()
    rows = {row.form_version: row for row in visible if row.form_version in (first, second)}
    if {first, second} - rows.keys():
        raise FormNotFound
    questions = parse_form(rows[first].definition).questions
    per_source = [question.code for question in questions if question.per_source]
    old, new = ({source.suffix: source for source in read_form(rows[number]).sources} for number in (first, second))
    changes = compare_sources(*({suffix: source.text for suffix, source in side.items()} for side in (old, new)))
    compared = [
        SourceComparison(
            suffix=suffix,
            codes=[f"{code}.{suffix}" for code in per_source],
            change=change,
            first=old.get(suffix),
            second=new.get(suffix),
        )
        for suffix, change in changes
    ]
    both = [code for source in compared if source.first and source.second for code in source.codes]
    single = [question.code for question in questions if not question.per_source]
    return FormComparison(
        key=key, first_version=first, second_version=second, same_codes=single + sorted(both), sources=compared
    )
