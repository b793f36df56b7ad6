"""Tables of form versions and their sources."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.core.db import Table, VersionedTable, enum_column, json_column
from app.surveys.rules.form import FormState


def _build_start_index(name: str, whose: str, *columns: str) -> sa.Index:
    """Build the index that gives published versions of the same list different start dates."""
    where = sa.text(f"state = 'published' AND {whose}")
    return sa.Index(name, *columns, unique=True, sqlite_where=where, postgresql_where=where)


class SurveyForm(VersionedTable, table=True):
    """A version of a form with its own list of sources (A-1); without an organization it is for all.

    After publication only `valid_to` changes, or the version is withdrawn; database triggers enforce it.
    """

    __tablename__ = "survey_forms"
    __table_args__ = (
        # Numbered across organizations, so that a number identifies one version in figures by version.
        sa.UniqueConstraint("key", "form_version", name="uq_survey_forms_version"),
        _build_start_index(
            "uq_survey_forms_own_start", "organization_id IS NOT NULL", "key", "organization_id", "valid_from"
        ),
        # NULLs are distinct in a unique index, so the common form needs its own.
        _build_start_index("uq_survey_forms_common_start", "organization_id IS NULL", "key", "valid_from"),
        sa.CheckConstraint("valid_to IS NULL OR valid_from <= valid_to", name="validity_order"),
        sa.CheckConstraint("form_version > 0", name="form_version_counted"),
    )

    key: str = Field(max_length=64)
    form_version: int
    organization_id: UUID | None = Field(default=None, foreign_key="organizations.id", index=True)
    state: FormState = Field(sa_column=enum_column(FormState))
    valid_from: date
    valid_to: date | None = None
    closes_on: date | None = None
    """The end date at publication; `valid_to` is earlier if a later version ends it."""
    definition: dict[str, Any] = Field(sa_column=json_column())
    created_at: datetime
    created_by: UUID | None = Field(default=None, foreign_key="employees.id", index=True)
    published_at: datetime | None = None


class SurveySource(Table, table=True):
    """A source of a published version: its key and suffix belong together permanently (22.N, 23.N)."""

    __tablename__ = "survey_sources"
    __table_args__ = (
        sa.UniqueConstraint("form", "key", name="uq_survey_sources_key"),
        sa.UniqueConstraint("form", "suffix", name="uq_survey_sources_suffix"),
        sa.CheckConstraint("suffix > 0", name="suffix_counted"),
    )

    form: str = Field(max_length=64)
    key: str = Field(max_length=64)
    suffix: int
