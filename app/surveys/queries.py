"""Selects of forms and submissions, and the shapes that the API shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.core.periods import Period
from app.core.schemas import in_zone
from app.core.security import Principal
from app.surveys.models import FormState, SurveyForm, SurveySubmission
from app.surveys.rules import AGENCY, FILLED_AT, MUNICIPALITY, codes_of, parse_form
from app.surveys.schemas import FormRead, SubmissionRead


def visible_to(by: Principal) -> ColumnElement[bool]:
    """An API client reads what it handed in itself; the client-centricity unit reads all."""
    return col(SurveySubmission.client_id) == by.id if by.kind == "client" else sa.true()


def visible_forms(by: Principal | None) -> ColumnElement[bool]:
    """Everybody sees published versions; drafts are for those who make them."""
    if by is not None and by.may("forms:write"):
        return sa.true()
    return col(SurveyForm.state) == FormState.PUBLISHED


def chosen(by: Principal, period: Period, **equal: Any) -> SelectOfScalar[SurveySubmission]:
    """The submissions that the caller may read, of a period, with these values; None filters nothing."""
    query = select(SurveySubmission).where(visible_to(by), *period.holds(col(SurveySubmission.counted_on)))
    for name, value in equal.items():
        if value is not None:
            query = query.where(getattr(SurveySubmission, name) == value)
    return query


async def form_in_force(
    session: AsyncSession, key: str, on: date | None, organization_id: UUID | None = None
) -> SurveyForm | None:
    """The newest published version valid on the day (None: on any day): the organization's own, else everybody's."""
    own = sa.case((col(SurveyForm.organization_id).is_(None), 1), else_=0)
    query = (
        select(SurveyForm)
        .where(
            SurveyForm.key == key,
            SurveyForm.state == FormState.PUBLISHED,
            *_valid_on(on),
            sa.or_(
                col(SurveyForm.organization_id).is_(None),
                col(SurveyForm.organization_id) == organization_id if organization_id else sa.false(),
            ),
        )
        .order_by(own, col(SurveyForm.form_version).desc())
        .limit(1)
    )
    return (await session.exec(query)).first()


def _valid_on(day: date | None) -> list[ColumnElement[bool]]:
    if day is None:
        return []
    form = SurveyForm
    return [col(form.valid_from) <= day, sa.or_(col(form.valid_to).is_(None), col(form.valid_to) >= day)]


def read_form(row: SurveyForm) -> FormRead:
    """A form version as the API shows it."""
    form = row.definition["form"]
    return FormRead.model_validate(
        {
            **row.model_dump(include={"id", "key", "organization_id", "state", "valid_from", "valid_to"}),
            "version": row.form_version,
            "title": form["title"],
            "sources": [{"interaction_point_id": None, **raw} for raw in form["sources"]],
            "blocks": [
                {
                    "key": block["key"],
                    "title": block["title"],
                    "note": block.get("note"),
                    "questions": [_question(raw) for raw in block["questions"]],
                }
                for block in form["blocks"]
            ],
        }
    )


@dataclass(frozen=True, slots=True)
class NamedSource:
    """A source of information as it is shown: its code in each question by the question's key, its newest wording."""

    suffix: int
    key: str
    text: str
    codes: Mapping[str, str]
    point_id: UUID | None


async def named_sources(session: AsyncSession) -> dict[str, NamedSource]:
    """Every source that a published version names, by its key, in the wording of the newest one."""
    query = select(SurveyForm).where(SurveyForm.state == FormState.PUBLISHED).order_by(col(SurveyForm.form_version))
    found: dict[str, NamedSource] = {}
    for row in (await session.exec(query)).all():
        questions = parse_form(row.definition).questions
        for source in read_form(row).sources:
            codes = {question.key: f"{question.code}.{source.suffix}" for question in questions if question.per_source}
            found[source.key] = NamedSource(source.suffix, source.key, source.text, codes, source.interaction_point_id)
    return found


def _question(raw: dict[str, Any]) -> dict[str, Any]:
    follow_up = raw.get("follow_up")
    return {
        **{name: raw[name] for name in ("number", "code", "key", "kind", "text")},
        "required": raw.get("required", False),
        "options": raw.get("options", []),
        "scale": raw.get("scale"),
        "per_source": raw.get("rows") == "sources",
        "follow_up": follow_up and {**follow_up, "row_at_most": follow_up["when"]["row_at_most"]},
    }


async def read_submissions(session: AsyncSession, rows: list[SurveySubmission]) -> list[SubmissionRead]:
    """Submissions by key and by code, each by its own form version."""
    wanted = {row.form_id for row in rows}
    query = select(SurveyForm).where(col(SurveyForm.id).in_(wanted))
    forms = {form.id: parse_form(form.definition) for form in (await session.exec(query)).all()}
    return [
        SubmissionRead.model_validate(
            {**row.model_dump(), "codes": _statistical(row) | codes_of(forms[row.form_id], row.answers)}
        )
        for row in rows
    ]


def _statistical(row: SurveySubmission) -> dict[str, Any]:
    return {
        AGENCY: str(row.organization_id),
        MUNICIPALITY: row.municipality,
        FILLED_AT: in_zone(row.filled_at) if row.filled_at else None,
    }
