"""Tables of indexed comments."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.db import Table, enum_column, length_check
from app.surveys.rules.submissions import SubmissionSource


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
