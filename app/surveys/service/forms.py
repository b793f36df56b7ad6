"""Form versions: created as drafts, published with dates, then unchangeable (A-1)."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.etags import IfMatch
from app.core.problems import FieldError, TransitionNotAllowed, ValidationFailed
from app.core.references import unknown_reference
from app.core.security import Principal
from app.core.validity import Validity
from app.interaction_points import service as points
from app.interaction_points.errors import PointNotFound, PointNotInForce
from app.organizations import service as organizations
from app.organizations.errors import OrganizationNotFound
from app.organizations.models import Organization
from app.surveys.errors import FormBeginsAlready, FormDaysAnswered, FormHasBegun, FormIsPublished, FormNotFound
from app.surveys.models.forms import SurveyForm, SurveySource
from app.surveys.models.submissions import SurveySubmission
from app.surveys.queries import load_form_in_force, read_form, visible_forms
from app.surveys.rules.form import FormState, parse_form
from app.surveys.rules.sources import compare_sources, find_differences, number_sources
from app.surveys.schemas.forms import (
    FormComparison,
    FormCreate,
    FormPatch,
    FormPublish,
    SourceComparison,
    SourceInput,
    SourceRead,
)
from app.surveys.statutory_wording import load_order_form

CHANGE_RU = "Формулировка закреплена приказом, изменить её нельзя."
CHANGE_EN = "The wording is fixed by the order and cannot be changed."


async def current_form(
    session: AsyncSession, key: str, organization_id: UUID | None = None, on: date | None = None
) -> SurveyForm:
    """Return the version in force on a day (today by default) for an organization (the ministry by default).

    Raises `FormNotFound`.
    """
    try:
        organization = await _get_organization(session, organization_id)
    except OrganizationNotFound:
        raise FormNotFound from None
    row = await load_form_in_force(session, key, on or clock.today(ZoneInfo(organization.zone)), organization.id)
    if row is None:
        raise FormNotFound
    return row


async def _get_organization(session: AsyncSession, organization_id: UUID | None) -> Organization:
    if organization_id is None:
        return await organizations.get_ministry(session)
    return await organizations.get_organization(session, organization_id)


async def get_form(session: AsyncSession, form_id: UUID, by: Principal | None) -> SurveyForm:
    """Return a version visible to the caller. Raises `FormNotFound`."""
    row = (await session.exec(select(SurveyForm).where(SurveyForm.id == form_id, visible_forms(by)))).first()
    if row is None:
        raise FormNotFound
    return row


async def create_form(session: AsyncSession, body: FormCreate, *, by: Principal) -> SurveyForm:
    """Create a new version as a draft, numbered after all versions of the form."""
    if body.key != load_order_form()["key"]:
        raise unknown_reference("/key")
    if body.organization_id is not None:
        await _require_open_organization(session, body.organization_id)
    _validate_wording(body)
    sources = body.sources
    if sources is None:
        sources = await _load_sources_in_force(session, body.key, body.organization_id)
    newest = select(sa.func.max(SurveyForm.form_version)).where(SurveyForm.key == body.key)
    number = ((await session.exec(newest)).one() or 0) + 1
    row = SurveyForm(
        key=body.key,
        form_version=number,
        organization_id=body.organization_id,
        state=FormState.DRAFT,
        valid_from=body.valid_from or clock.today(),
        valid_to=body.valid_to,
        definition={},
        created_at=clock.now(),
        created_by=by.id,
    )
    _require_date_order(row)
    row.definition = await _build_definition(session, row, sources)
    session.add(row)
    audit.record(session, by, "survey_form.created", "survey_form", row.id)
    await session.flush()  # a number taken in the meantime fails here, within the request
    return row


async def update_form(
    session: AsyncSession, form_id: UUID, body: FormPatch, match: IfMatch, *, by: Principal
) -> SurveyForm:
    """Update a draft."""
    row = await get_form(session, form_id, by)
    match.require(row)
    if row.state is not FormState.DRAFT:
        raise FormIsPublished
    _validate_wording(body)
    _set_days(row, body)
    if body.sources is not None:
        row.definition = await _build_definition(session, row, body.sources)
    changed = sorted(body.model_fields_set - {"title", "blocks"})
    audit.record(session, by, "survey_form.changed", "survey_form", row.id, fields=changed)
    await session.flush()  # the flush raises the version
    return row


async def publish_form(
    session: AsyncSession, form_id: UUID, body: FormPublish, match: IfMatch, *, by: Principal
) -> SurveyForm:
    """Publish a draft: its predecessor ends the day before, and its source codes become permanent."""
    row = await get_form(session, form_id, by)
    match.require(row)
    if row.state is not FormState.DRAFT:
        raise FormIsPublished
    _set_days(row, body)
    # The draft may be old: its codes and points are validated again.
    row.definition = await _build_definition(session, row, _get_sources(row))
    await _require_points_in_force(session, row)
    row.closes_on = row.valid_to
    await _adjust_neighbours(session, row)
    known = await _load_suffixes(session, row.key)
    session.add_all(
        SurveySource(form=row.key, key=raw["key"], suffix=raw["suffix"])
        for raw in row.definition["form"]["sources"]
        if raw["key"] not in known
    )
    row.state, row.published_at = FormState.PUBLISHED, clock.now()
    audit.record(session, by, "survey_form.published", "survey_form", row.id, fields=["state", "valid_from"])
    await session.flush()  # a code taken in the meantime fails here, within the request
    return row


async def delete_form(session: AsyncSession, form_id: UUID, match: IfMatch, *, by: Principal) -> None:
    """Delete a draft; no other row refers to it."""
    row = await get_form(session, form_id, by)
    match.require(row)
    if row.state is not FormState.DRAFT:
        raise FormIsPublished
    await session.delete(row)
    audit.record(session, by, "survey_form.deleted", "survey_form", row.id)


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
    await session.flush()  # the flush raises the version
    return row


async def compare_forms(
    session: AsyncSession, key: str, first: int, second: int, by: Principal | None
) -> FormComparison:
    """Compare two versions by codes. Raises `FormNotFound`."""
    query = select(SurveyForm).where(SurveyForm.key == key, visible_forms(by))
    rows = {row.form_version: row for row in (await session.exec(query)).all() if row.form_version in (first, second)}
    if {first, second} - rows.keys():
        raise FormNotFound
    one, other = parse_form(rows[first].definition), parse_form(rows[second].definition)
    per_source = [question.code for question in one.questions if question.per_source]
    by_suffix = [{source.suffix: source for source in read_form(rows[number]).sources} for number in (first, second)]
    compared = [
        SourceComparison(
            suffix=suffix,
            codes=[f"{code}.{suffix}" for code in per_source],
            change=change,
            first=by_suffix[0].get(suffix),
            second=by_suffix[1].get(suffix),
        )
        for suffix, change, _, _ in compare_sources(one.sources, other.sources)
    ]
    both = [code for source in compared if source.first and source.second for code in source.codes]
    single = [question.code for question in one.questions if not question.per_source]
    return FormComparison(
        key=key, first_version=first, second_version=second, same_codes=single + sorted(both), sources=compared
    )


def _validate_wording(body: FormCreate | FormPatch) -> None:
    """Raise an error for each difference from the wording of the order (A-1)."""
    fixed = _load_fixed_wording()
    wordings = {name: getattr(body, name) for name in ("title", "blocks") if getattr(body, name) is not None}
    errors = [
        FieldError(pointer, "wording_fixed", CHANGE_RU, CHANGE_EN)
        for name, value in wordings.items()
        for pointer in find_differences(value, fixed[name], f"/{name}")
    ]
    if errors:
        raise ValidationFailed(field_errors=errors)


def _load_fixed_wording() -> dict[str, Any]:
    form = load_order_form()
    probe = SurveyForm(
        key=form["key"],
        form_version=form["version"],
        state=FormState.PUBLISHED,
        valid_from=date.min,
        definition={"form": form},
        created_at=clock.now(),
    )
    return read_form(probe).model_dump(mode="json")


async def _require_open_organization(session: AsyncSession, organization_id: UUID) -> None:
    try:
        row = await organizations.get_organization(session, organization_id)
    except OrganizationNotFound:
        raise unknown_reference("/organization_id") from None
    if not Validity(last=row.closed_on).includes(clock.today()):
        raise unknown_reference("/organization_id")


async def _load_sources_in_force(session: AsyncSession, key: str, organization_id: UUID | None) -> list[SourceInput]:
    row = await load_form_in_force(session, key, None, organization_id)
    if row is None:
        raise FormNotFound
    return _get_sources(row)


def _get_sources(row: SurveyForm) -> list[SourceInput]:
    return [SourceInput.model_validate(raw, strict=False) for raw in row.definition["form"]["sources"]]


async def _load_suffixes(session: AsyncSession, key: str) -> dict[str, int]:
    rows = (await session.exec(select(SurveySource).where(SurveySource.form == key))).all()
    return {row.key: row.suffix for row in rows}


async def _build_definition(session: AsyncSession, row: SurveyForm, sources: Sequence[SourceInput]) -> dict[str, Any]:
    """Build the order's form with these sources; source codes and points are validated."""
    suffixes, wrong = number_sources(
        [(source.key, source.suffix) for source in sources], await _load_suffixes(session, row.key)
    )
    errors = [FieldError(f"/sources/{error.place}/{error.field}", error.code, error.ru, error.en) for error in wrong]
    ministry = await organizations.get_ministry(session)
    for place, source in enumerate(sources):
        if source.interaction_point_id is not None:
            point = await _find_point_organization(session, source.interaction_point_id)
            if point is None or (row.organization_id and point not in (row.organization_id, ministry.id)):
                errors += unknown_reference(f"/sources/{place}/interaction_point_id").field_errors
    if errors:
        raise ValidationFailed(field_errors=errors)
    rows = [
        SourceRead(
            suffix=suffix, key=source.key, text=source.text, interaction_point_id=source.interaction_point_id
        ).model_dump(mode="json")
        for suffix, source in zip(suffixes, sources, strict=True)
    ]
    return {"form": load_order_form() | {"version": row.form_version, "sources": rows}}


async def _find_point_organization(session: AsyncSession, point_id: UUID) -> UUID | None:
    try:
        return (await points.get_point(session, point_id, None)).organization_id
    except PointNotFound:
        return None


async def _require_points_in_force(session: AsyncSession, row: SurveyForm) -> None:
    """Require a point approved on the first day for each source of an organization's own list (O-3)."""
    errors = []
    for place, source in enumerate(_get_sources(row)):
        pointer = f"/sources/{place}/interaction_point_id"
        if source.interaction_point_id is None:
            if row.organization_id is not None:
                ru, en = "Укажите точку взаимодействия источника.", "The source needs an interaction point."
                errors.append(FieldError(pointer, "missing", ru, en))
            continue
        try:
            point = await points.get_point(session, source.interaction_point_id, None)
            await points.require_in_force(session, point, row.valid_from)
        except PointNotInForce:
            ru, en = (
                "Точка взаимодействия в этот день не действует.",
                "The interaction point is not in force on that day.",
            )
            errors.append(FieldError(pointer, "point_not_in_force", ru, en))
    if errors:
        raise ValidationFailed(field_errors=errors)


def _set_days(row: SurveyForm, body: FormPatch | FormPublish) -> None:
    row.valid_from = body.valid_from or row.valid_from
    if "valid_to" in body.model_fields_set:
        row.valid_to = body.valid_to
    _require_date_order(row)


def _require_date_order(row: SurveyForm) -> None:
    if row.valid_to is not None and row.valid_to < row.valid_from:
        ru, en = "Дата окончания раньше даты начала.", "The end date is before the start date."
        raise ValidationFailed(field_errors=[FieldError("/valid_to", "dates_reversed", ru, en)])


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
