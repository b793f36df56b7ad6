"""Tables of form versions and submissions."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.db import Table, VersionedTable, enum_column, json_column, length_check


class FormState(StrEnum):
    """The state of a form version: draft, published, or withdrawn before it began."""

    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class SubmissionSource(StrEnum):
    """How a questionnaire was filled in."""

    WEB = "web"
    PAPER = "paper"
    FEEDBACK_PLATFORM = "feedback_platform"
    IMPORT = "import"


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


class EntryCheckState(StrEnum):
    """The state of an entry check: waiting for the second entry, agreed, or differing until resolved."""

    WAITING = "waiting"
    AGREED = "agreed"
    DIFFERS = "differs"
    RESOLVED = "resolved"


class Resolution(StrEnum):
    """How differences were resolved: the first entry was right, or the submission was corrected."""

    FIRST_STANDS = "first_stands"
    CORRECTED = "corrected"


class EntryCheck(VersionedTable, table=True):
    """A paper questionnaire selected for a second entry (A-1.fn)."""

    __tablename__ = "survey_entry_checks"
    __table_args__ = (
        sa.UniqueConstraint("submission_id", name="uq_survey_entry_checks_submission"),
        sa.CheckConstraint("reason IS NULL OR length(reason) BETWEEN 1 AND 2000", name="reason_length"),
        sa.CheckConstraint("(second_by IS NULL) = (state = 'waiting')", name="second_keyed"),
        sa.CheckConstraint("(resolution IS NOT NULL) = (state = 'resolved')", name="resolution_told"),
    )

    submission_id: UUID = Field(foreign_key="survey_submissions.id")
    state: EntryCheckState = Field(default=EntryCheckState.WAITING, sa_column=enum_column(EntryCheckState, index=True))
    chosen_at: datetime
    second_by: UUID | None = Field(default=None, foreign_key="employees.id", index=True)
    second_at: datetime | None = None
    second_codes: dict[str, Any] | None = Field(default=None, sa_column=json_column(nullable=True))
    """The second entry by codes."""
    differences: list[dict[str, Any]] | None = Field(default=None, sa_column=json_column(nullable=True))
    resolution: Resolution | None = Field(default=None, sa_column=enum_column(Resolution, nullable=True))
    reason: str | None = Field(default=None, max_length=2000)
    resolved_by: UUID | None = Field(default=None, foreign_key="employees.id", index=True)
    resolved_at: datetime | None = None


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


class UnfinishedQuestionnaire(Table, table=True):
    """A draft of the survey page, found by its code; deleted when it is submitted or expires."""

    __tablename__ = "survey_unfinished"
    __table_args__ = (
        sa.UniqueConstraint("code_hash", name="uq_survey_unfinished_code"),
        length_check("code_hash", 64, shortest=64),
    )

    code_hash: str = Field(max_length=64)
    """SHA-256 of the code, in hexadecimal digits."""
    form: str = Field(max_length=64)
    organization_id: UUID = Field(foreign_key="organizations.id")
    fields: dict[str, str] = Field(sa_column=json_column())
    expires_at: datetime = Field(index=True)


class SurveyLink(Table, table=True):
    """An unused one-time link; deleted when it is used, so that answers cannot be traced to it."""

    __tablename__ = "survey_links"
    __table_args__ = (
        sa.UniqueConstraint("token_hash", name="uq_survey_links_token"),
        length_check("token_hash", 64, shortest=64),
    )

    token_hash: str = Field(max_length=64)
    """SHA-256 of the link's token, in hexadecimal digits."""
    form: str = Field(max_length=64)
    organization_id: UUID = Field(foreign_key="organizations.id")
    expires_at: datetime = Field(index=True)


class Span(StrEnum):
    """The period that a counter sums up: a day, or the month that begins on it."""

    DAY = "day"
    MONTH = "month"


class Counted(StrEnum):
    """A counted question by its key; `came_from` is question 21 by the point a respondent came from.

    Comments are counted by their score when they are indexed, and not with the submission.
    """

    SATISFACTION = "satisfaction"
    SOURCE_USAGE = "source_usage"
    EASE_OF_FINDING = "ease_of_finding"
    CAME_FROM = "came_from"
    COMMENTS = "comments"


class AnswerCount(SQLModel, table=True):
    """How often each value was answered, by day and by month, for every combination of dimensions."""

    __tablename__ = "survey_counts"
    __table_args__ = (
        sa.PrimaryKeyConstraint(
            "question", "span", "day", "organization_id", "form_id", "municipality", "source", "row_key"
        ),
    )

    question: Counted = Field(sa_column=enum_column(Counted))
    span: Span = Field(sa_column=enum_column(Span))
    day: date
    organization_id: UUID = Field(foreign_key="organizations.id")
    form_id: UUID = Field(foreign_key="survey_forms.id")
    municipality: str = Field(max_length=8)
    source: SubmissionSource = Field(sa_column=enum_column(SubmissionSource))
    row_key: str = Field(max_length=64)
    """The source of information (questions 22 and 23), the point of origin, or empty (question 21)."""
    n1: int = 0
    n2: int = 0
    n3: int = 0
    n4: int = 0
    n5: int = 0


class UncountedAnswer(Table, table=True):
    """The tail: a submission, added or by its sign removed, that is not folded into the counters yet."""

    __tablename__ = "survey_count_tail"
    __table_args__ = (sa.CheckConstraint("sign IN (-1, 1)", name="sign_known"),)

    submission_id: UUID
    sign: int = Field(sa_type=sa.SmallInteger)
    organization_id: UUID
    form_id: UUID
    municipality: str | None = Field(default=None, max_length=8)
    source: SubmissionSource = Field(sa_column=enum_column(SubmissionSource))
    counted_on: date
    came_from_point_id: UUID | None = None
    satisfaction: int = Field(sa_type=sa.SmallInteger)
    answers: dict[str, Any] = Field(sa_column=json_column())
    """The answers to questions 22 and 23, without free text."""


class UnreadComments(SQLModel, table=True):
    """A submission whose comments wait to be indexed, because it has some or had some."""

    __tablename__ = "survey_comment_inbox"

    submission_id: UUID = Field(primary_key=True)


class SurveyComment(Table, table=True):
    """A comment on what a respondent did not find (A-1.23x), without personal data and indexed for search.

    It has no foreign key to the submission: indexing deletes the comments of a deleted submission.
    """

    __tablename__ = "survey_comments"
    __table_args__ = (
        sa.UniqueConstraint("submission_id", "row_key", name="uq_survey_comments_row"),
        sa.Index("ix_survey_comments_day", "counted_on", "id"),
        sa.Index("ix_survey_comments_organization", "organization_id", "counted_on", "id"),
        length_check("text", 20_000),  # a mask may be longer than the text it replaces
        sa.CheckConstraint("score BETWEEN 1 AND 5", name="score_known"),
    )

    submission_id: UUID
    organization_id: UUID = Field(foreign_key="organizations.id")
    form_id: UUID = Field(foreign_key="survey_forms.id")
    municipality: str = Field(max_length=8)
    """Empty if none was given, as in the counters."""
    source: SubmissionSource = Field(sa_column=enum_column(SubmissionSource))
    counted_on: date
    row_key: str = Field(max_length=64)
    """The source of information that was scored."""
    score: int = Field(sa_type=sa.SmallInteger)
    text: str = Field(sa_type=sa.Text)


class CommentLemma(SQLModel, table=True):
    """A dictionary form of a word in a comment, used for search."""

    __tablename__ = "survey_comment_lemmas"
    __table_args__ = (
        sa.PrimaryKeyConstraint("lemma", "comment_id"),
        sa.Index("ix_survey_comment_lemmas_comment_id", "comment_id"),
    )

    lemma: str = Field(max_length=100)
    comment_id: UUID = Field(
        sa_column=sa.Column(sa.Uuid(), sa.ForeignKey("survey_comments.id", ondelete="CASCADE"), nullable=False)
    )
