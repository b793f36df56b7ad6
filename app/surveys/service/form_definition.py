"""The definition of a form version: the fixed wording of the order with the version's own sources (A-1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.problems import FieldError, ValidationFailed
from app.core.references import unknown_reference
from app.interaction_points import service as points
from app.interaction_points.errors import PointNotFound, PointNotInForce
from app.organizations import service as organizations
from app.surveys.commands import FormSource
from app.surveys.models.forms import SurveyForm, SurveySource
from app.surveys.queries import read_form
from app.surveys.rules.form import FormState
from app.surveys.rules.sources import find_differences, number_sources
from app.surveys.statutory_wording import load_order_form

CHANGE_RU = "Формулировка закреплена приказом, изменить её нельзя."
CHANGE_EN = "The wording is fixed by the order and cannot be changed."


def validate_wording(given: Mapping[str, Any]) -> None:
    """Raise an error for each difference of `title` and `blocks` from the wording of the order; None is not given."""
    fixed = _load_fixed_wording()
    errors = [
        FieldError(pointer, "wording_fixed", CHANGE_RU, CHANGE_EN)
        for name in ("title", "blocks")
        if given.get(name) is not None
        for pointer in find_differences(given[name], fixed[name], f"/{name}")
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


def get_sources(row: SurveyForm) -> list[FormSource]:
    """Return the sources of a version."""
    return [
        FormSource(key=one.key, text=one.text, suffix=one.suffix, interaction_point_id=one.interaction_point_id)
        for one in read_form(row).sources
    ]


async def load_suffixes(session: AsyncSession, key: str) -> dict[str, int]:
    """Load the suffixes of the sources of published versions by key."""
    rows = (await session.exec(select(SurveySource).where(SurveySource.form == key))).all()
    return {row.key: row.suffix for row in rows}


async def build_definition(session: AsyncSession, row: SurveyForm, sources: Sequence[FormSource]) -> dict[str, Any]:
    """Build the order's form with these sources. Raises 422 for wrong codes and points."""
    known = await load_suffixes(session, row.key)
    suffixes, errors = number_sources([(source.key, source.suffix) for source in sources], known)
    ministry = await organizations.get_ministry(session)
    for place, source in enumerate(sources):
        if source.interaction_point_id is not None:
            owner = await _find_point_organization(session, source.interaction_point_id)
            if owner is None or (row.organization_id and owner not in (row.organization_id, ministry.id)):
                errors += unknown_reference(f"/sources/{place}/interaction_point_id").field_errors
    if errors:
        raise ValidationFailed(field_errors=errors)
    rows = [
        {
            "suffix": suffix,
            "key": source.key,
            "text": source.text,
            "interaction_point_id": source.interaction_point_id and str(source.interaction_point_id),
        }
        for suffix, source in zip(suffixes, sources, strict=True)
    ]
    return {"form": load_order_form() | {"version": row.form_version, "sources": rows}}


async def _find_point_organization(session: AsyncSession, point_id: UUID) -> UUID | None:
    try:
        return (await points.get_point(session, point_id, None)).organization_id
    except PointNotFound:
        return None


async def require_points_in_force(session: AsyncSession, row: SurveyForm) -> None:
    """Require a point approved on the first day for each source of an organization's own list (O-3)."""
    errors = []
    for place, source in enumerate(get_sources(row)):
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
            ru = "Точка взаимодействия в этот день не действует."
            en = "The interaction point is not in force on that day."
            errors.append(FieldError(pointer, "point_not_in_force", ru, en))
    if errors:
        raise ValidationFailed(field_errors=errors)
