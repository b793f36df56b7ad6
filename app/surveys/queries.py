"""Queries of forms and submissions, and their mapping to API schemas."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.core.periods import Period
from app.core.schemas import format_local
from app.core.security import Principal
from app.core.validity import Validity
from app.surveys.models.entry_checks import EntryCheck
from app.surveys.models.forms import SurveyForm
from app.surveys.models.submissions import SubmissionRevision, SurveySubmission
from app.surveys.rules.entry_checks import EntryCheckState
from app.surveys.rules.form import AGENCY, FILLED_AT, MUNICIPALITY, Form, FormState, parse_form, to_codes
from app.surveys.schemas.forms import FormRead
from app.surveys.schemas.paper import EntryCheckRead, SubmissionRevisionRead
from app.surveys.schemas.submissions import SubmissionRead


def visible_to(by: Principal) -> ColumnElement[bool]:
    """Return the condition on submissions visible to the caller: an API client's own, otherwise all."""
    return col(SurveySubmission.client_id) == by.id if by.kind == "client" else sa.true()


def visible_forms(by: Principal | None) -> ColumnElement[bool]:
    """Return the condition on visible forms: published versions for everyone, drafts for form editors."""
    if by is not None and by.may("forms:write"):
        return sa.true()
    return col(SurveyForm.state) == FormState.PUBLISHED


def select_submissions(by: Principal, period: Period, **equal: Any) -> SelectOfScalar[SurveySubmission]:
    """Select the submissions visible to the caller in a period with these values; None does not filter."""
    query = select(SurveySubmission).where(visible_to(by), *period.holds(col(SurveySubmission.counted_on)))
    return query.where(*_match(SurveySubmission, equal))


def select_revisions(submission_id: UUID) -> SelectOfScalar[SubmissionRevision]:
    """Select the revisions of a submission."""
    return select(SubmissionRevision).where(SubmissionRevision.submission_id == submission_id)


def select_forms(by: Principal | None, **equal: Any) -> SelectOfScalar[SurveyForm]:
    """Select the form versions visible to the caller with these values; None does not filter."""
    return select(SurveyForm).where(visible_forms(by), *_match(SurveyForm, equal))


def _match(table: Any, equal: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    return [getattr(table, name) == value for name, value in equal.items() if value is not None]


async def load_form_in_force(
    session: AsyncSession, key: str, on: date | None, organization_id: UUID | None = None
) -> SurveyForm | None:
    """Load the newest published version valid on a day (None: on any day).

    The organization's own version precedes the common one.
    """
    return find_valid_form(await load_published_forms(session, key, organization_id), on)


async def load_versions(session: AsyncSession, key: str | None) -> list[Form]:
    """Load the published versions of a form for all organizations (of all forms if None)."""
    return [parse_form(row.definition) for row in (await session.exec(select_forms(None, key=key))).all()]


async def load_published_forms(session: AsyncSession, key: str, organization_id: UUID | None) -> list[SurveyForm]:
    """Load the published versions that apply to an organization: its own first, then by number, newest first."""
    own = sa.case((col(SurveyForm.organization_id).is_(None), 1), else_=0)
    query = (
        select(SurveyForm)
        .where(
            SurveyForm.key == key,
            SurveyForm.state == FormState.PUBLISHED,
            sa.or_(
                col(SurveyForm.organization_id).is_(None),
                col(SurveyForm.organization_id) == organization_id if organization_id else sa.false(),
            ),
        )
        .order_by(own, col(SurveyForm.form_version).desc())
    )
    return list((await session.exec(query)).all())


def find_valid_form(forms: Iterable[SurveyForm], on: date | None) -> SurveyForm | None:
    """Return the first of the versions that is valid on a day (None: on any day)."""
    return next((form for form in forms if on is None or Validity(form.valid_from, form.valid_to).includes(on)), None)


def read_form(row: SurveyForm) -> FormRead:
    """Map a form version to its API schema."""
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
                    "questions": [_to_question(raw) for raw in block["questions"]],
                }
                for block in form["blocks"]
            ],
        }
    )


@dataclass(frozen=True, slots=True)
class NamedSource:
    """A source of information for display: its code by question key, and its newest wording."""

    suffix: int
    key: str
    text: str
    codes: Mapping[str, str]
    point_id: UUID | None


async def load_named_sources(session: AsyncSession, organization_id: UUID | None = None) -> dict[str, NamedSource]:
    """Load every source of published versions, by its key.

    The wording is that of the organization's newest version, else of the common one, else of another organization's.
    """
    whose = col(SurveyForm.organization_id)
    own = whose == organization_id if organization_id else sa.false()
    later = sa.case((own, 2), (whose.is_(None), 1), else_=0)
    query = (
        select(SurveyForm).where(SurveyForm.state == FormState.PUBLISHED).order_by(later, col(SurveyForm.form_version))
    )
    found: dict[str, NamedSource] = {}
    for row in (await session.exec(query)).all():
        questions = parse_form(row.definition).questions
        for source in read_form(row).sources:
            codes = {question.key: f"{question.code}.{source.suffix}" for question in questions if question.per_source}
            found[source.key] = NamedSource(source.suffix, source.key, source.text, codes, source.interaction_point_id)
    return found


def _to_question(raw: dict[str, Any]) -> dict[str, Any]:
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
    """Map submissions to API schemas, by key and by code, each with its own form version."""
    forms = await _load_forms(session, rows)
    return [
        SubmissionRead.model_validate(
            {**row.model_dump(), "codes": get_statistical(row) | to_codes(forms[row.form_id], row.answers)}
        )
        for row in rows
    ]


async def read_submission(session: AsyncSession, row: SurveySubmission) -> SubmissionRead:
    """Map a submission to its API schema, by key and by code."""
    return (await read_submissions(session, [row]))[0]


@dataclass(frozen=True, slots=True)
class Coded:
    """A submission by codes, for a table row."""

    id: UUID
    codes: dict[str, Any]


async def read_codes(session: AsyncSession, query: SelectOfScalar[SurveySubmission]) -> list[Coded]:
    """Load the submissions of a query by codes only; takes less than half the time of full ones."""
    names = ("id", "form_id", "organization_id", "municipality", "filled_at", "answers")
    columns = query.with_only_columns(*[getattr(SurveySubmission, name) for name in names])
    rows = (await (await session.connection()).execute(columns)).all()  # `execute` returns several columns
    forms = await _load_forms(session, rows)
    return [Coded(row.id, get_statistical(row) | to_codes(forms[row.form_id], row.answers)) for row in rows]


async def _load_forms(session: AsyncSession, rows: Iterable[Any]) -> dict[UUID, Form]:
    query = select(SurveyForm).where(col(SurveyForm.id).in_({row.form_id for row in rows}))
    return {form.id: parse_form(form.definition) for form in (await session.exec(query)).all()}


async def read_revisions(session: AsyncSession, rows: Sequence[SubmissionRevision]) -> list[SubmissionRevisionRead]:
    """Map revisions to API schemas, by key and by code, each with its form version at that time."""
    forms = await _load_forms(session, rows)
    return [
        SubmissionRevisionRead.model_validate(
            {
                **row.model_dump(),
                "form_version": forms[row.form_id].version,
                "codes": {
                    MUNICIPALITY: row.municipality,
                    FILLED_AT: format_local(row.filled_at) if row.filled_at else None,
                }
                | to_codes(forms[row.form_id], row.answers),
            }
        )
        for row in rows
    ]


def select_entry_checks(state: EntryCheckState | None, batch: str | None) -> SelectOfScalar[EntryCheck]:
    """Build the query of entry checks by state and by batch; None does not filter."""
    query = select(EntryCheck)
    if state is not None:
        query = query.where(EntryCheck.state == state)
    if batch is not None:
        query = query.join(SurveySubmission).where(SurveySubmission.batch == batch)
    return query


async def read_entry_checks(session: AsyncSession, rows: Sequence[EntryCheck]) -> list[EntryCheckRead]:
    """Map entry checks to API schemas with their sheets; of the first entry only the differences are included."""
    query = select(SurveySubmission).where(col(SurveySubmission.id).in_({row.submission_id for row in rows}))
    first = {one.id: one for one in (await session.exec(query)).all()}
    return [
        EntryCheckRead.model_validate(
            {
                **first[row.submission_id].model_dump(include={"organization_id", "form", "batch", "sheet_number"}),
                **row.model_dump(),
                "first_by": first[row.submission_id].keyed_by,
            }
        )
        for row in rows
    ]


async def read_entry_check(session: AsyncSession, row: EntryCheck) -> EntryCheckRead:
    """Map an entry check to its API schema."""
    return (await read_entry_checks(session, [row]))[0]


class _WithMetadata(Protocol):
    """An object with the values of 11, 12 and 13."""

    @property
    def organization_id(self) -> UUID: ...
    @property
    def municipality(self) -> str | None: ...
    @property
    def filled_at(self) -> datetime | None: ...


def get_statistical(row: _WithMetadata) -> dict[str, Any]:
    """Return the answers 11, 12 and 13 of a submission."""
    return {
        AGENCY: str(row.organization_id),
        MUNICIPALITY: row.municipality,
        FILLED_AT: format_local(row.filled_at) if row.filled_at else None,
    }
