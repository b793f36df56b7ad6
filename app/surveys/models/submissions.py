"""Tables of submissions, their revisions and rows of imports."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.core.db import Table, VersionedTable, enum_column, json_column, length_check
from app.surveys.rules.submissions import SubmissionSource


class SurveySubmission(VersionedTable, table=True):
    """A completed questionnaire, without any data about the respondent (no address, user agent or cookie).

    Submissions of respondents never change; those entered from paper or imported are corrected with a
    `SubmissionRevision`.
    """

    __tablename__ = "survey_submissions"
    __table_args__ = (
        sa.CheckConstraint("satisfaction BETWEEN 1 AND 2", name="satisfaction_known"),
        sa.Index("ix_survey_submissions_counted", "organization_id", "counted_on", "satisfaction"),
        sa.CheckConstraint("(batch IS NULL) = (sheet_number IS NULL)", name="sheet_in_batch"),
        sa.CheckConstraint("sheet_number > 0", name="sheet_number_counted"),
        sa.Index("ix_survey_submissions_day_municipality", "counted_on", "municipality"),
        sa.Index(
            "uq_survey_submissions_sheet",
            "batch",
            "organization_id",
            "sheet_number",
            unique=True,
            sqlite_where=sa.text("batch IS NOT NULL"),
            postgresql_where=sa.text("batch IS NOT NULL"),
        ),
        sa.Index(
            "uq_survey_submissions_identity",
            "identity",
            unique=True,
            sqlite_where=sa.text("identity IS NOT NULL"),
            postgresql_where=sa.text("identity IS NOT NULL"),
        ),
    )

    form_id: UUID = Field(foreign_key="survey_forms.id", index=True)
    form: str = Field(max_length=64)
    form_version: int
    organization_id: UUID = Field(foreign_key="organizations.id")
    municipality: str | None = Field(default=None, foreign_key="municipalities.oktmo", max_length=8, index=True)
    filled_at: datetime | None = None
    received_at: datetime
    counted_on: date
    """The local day that the answer counts for: of `filled_at`, or else of `received_at`."""
    source: SubmissionSource = Field(sa_column=enum_column(SubmissionSource, index=True))
    satisfaction: int = Field(sa_type=sa.SmallInteger)
    answers: dict[str, Any] = Field(sa_column=json_column())
    came_from_point_id: UUID | None = Field(default=None, foreign_key="interaction_points.id", index=True)
    keyed_by: UUID | None = Field(default=None, foreign_key="employees.id", index=True)
    """The employee who entered the paper questionnaire."""
    client_id: UUID | None = Field(default=None, index=True)
    """The API client that submitted it."""
    import_id: UUID | None = Field(default=None, foreign_key="imports.id")
    """The import that created it."""
    external_id: str | None = Field(default=None, max_length=255)
    """The id of the row in the imported table."""
    identity: str | None = Field(default=None, max_length=64)
    """A digest that identifies the row when the table is imported again: see `rules.compute_identity`."""
    content: str | None = Field(default=None, max_length=64)
    """A digest of the original answers in a table or on a sheet of a batch; corrections do not change it."""
    batch: str | None = Field(default=None, max_length=100)
    """The batch of paper that the sheet belongs to, as the unit names it."""
    sheet_number: int | None = None


class SubmissionRevision(Table, table=True):
    """The answers of a submission before a correction (A-1.fn); rows are only added."""

    __tablename__ = "survey_revisions"
    __table_args__ = (
        sa.UniqueConstraint("submission_id", "number", name="uq_survey_revisions_number"),
        length_check("reason", 2000),
    )

    submission_id: UUID = Field(foreign_key="survey_submissions.id")
    number: int
    """The version of the submission with these answers."""
    form_id: UUID = Field(foreign_key="survey_forms.id", index=True)
    municipality: str | None = Field(default=None, max_length=8)
    filled_at: datetime | None = None
    counted_on: date
    answers: dict[str, Any] = Field(sa_column=json_column())
    reason: str = Field(max_length=2000)
    corrected_at: datetime
    corrected_by: UUID = Field(foreign_key="employees.id", index=True)


class PreparedSubmission(Table, table=True):
    """A valid row of a table in import, invisible until the whole table is adopted.

    Its id becomes the id of the submission. It is deleted when the import ends, and so has no foreign keys of its own.
    """

    __tablename__ = "survey_prepared"
    __table_args__ = (
        sa.UniqueConstraint("import_id", "number", name="uq_survey_prepared_number"),
        sa.UniqueConstraint("import_id", "identity", name="uq_survey_prepared_identity"),
        sa.Index("ix_survey_prepared_content", "import_id", "content"),
    )

    import_id: UUID
    number: int
    """The row number in the spreadsheet."""
    form_id: UUID
    organization_id: UUID
    municipality: str | None = Field(default=None, max_length=8)
    filled_at: datetime | None = None
    counted_on: date
    satisfaction: int = Field(sa_type=sa.SmallInteger)
    answers: dict[str, Any] = Field(sa_column=json_column())
    external_id: str | None = Field(default=None, max_length=255)
    identity: str = Field(max_length=64)
    content: str = Field(max_length=64)
