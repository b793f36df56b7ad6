"""Tables of reply templates, their versions, shares and reviews, and of knowledge base gaps."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.core.db import Table, VersionedTable, enum_column, json_column, length_check
from app.reply_templates.rules.gaps import GapReason
from app.reply_templates.rules.states import TemplateState


class ReplyTemplate(VersionedTable, table=True):
    """A template of a unit's knowledge base (O-6.2.6).

    `state` is the state of the newest version; a published version stays in use meanwhile.
    """

    __tablename__ = "reply_templates"
    __table_args__ = (
        sa.UniqueConstraint("unit_id", "key", name="uq_reply_templates_key"),
        length_check("key", 64),
        sa.CheckConstraint("review_days IS NULL OR review_days BETWEEN 1 AND 3650", name="review_days_range"),
        sa.CheckConstraint("(next_review_on IS NULL) = (review_remind_on IS NULL)", name="review_days_together"),
        sa.Index("ix_reply_templates_next_review_on", "next_review_on"),
        sa.Index("ix_reply_templates_updated_at", "updated_at", "id"),
    )

    unit_id: UUID = Field(foreign_key="units.id", index=True)
    key: str = Field(max_length=64)
    state: TemplateState = Field(sa_column=enum_column(TemplateState, index=True))
    latest_version: int = Field(default=1)
    published_version: int | None = Field(default=None)
    search_text: str = Field(sa_type=sa.Text)
    """Title, keywords, typical messages and text of the newest version, normalized."""
    published_search_text: str | None = Field(default=None, sa_type=sa.Text)
    """The same for the published version, the only one that other units can search."""
    created_by: UUID | None = Field(default=None, foreign_key="employees.id")
    created_at: datetime
    updated_at: datetime
    """Increases with every change of text, state, typical messages, shares or review."""
    review_days: int | None = None
    """How long the template counts as current, in days; None: the unit's period."""
    reviewed_at: datetime | None = None
    """When the template was last published or reviewed."""
    reviewed_by: UUID | None = Field(default=None, foreign_key="employees.id")
    next_review_on: date | None = None
    """The last day on which the template counts as current; None while it is not in use."""
    review_remind_on: date | None = None
    review_reminded_at: datetime | None = None
    review_escalated_at: datetime | None = None


class TemplateVersion(Table, table=True):
    """A version of a template, kept permanently because sent replies reference it.

    Its text never changes. Typical messages can be added to the newest and the published version, because they only
    affect search.
    """

    __tablename__ = "reply_template_versions"
    __table_args__ = (
        sa.UniqueConstraint("template_id", "number", name="uq_reply_template_versions_number"),
        length_check("title", 500),
        length_check("text", 10_000),
    )

    template_id: UUID = Field(foreign_key="reply_templates.id", index=True)
    number: int
    title: str = Field(max_length=500)
    text: str = Field(sa_type=sa.Text)
    keywords: list[str] = Field(sa_column=json_column())
    examples: list[str] = Field(sa_column=json_column())
    topic_ids: list[str] = Field(sa_column=json_column())
    defaults: dict[str, str] = Field(default_factory=dict, sa_column=json_column())
    """Default values of placeholders."""
    note: str | None = Field(default=None, max_length=2000)
    """The author's note on the version."""
    author_id: UUID | None = Field(default=None, foreign_key="employees.id")
    returned_reason: str | None = Field(default=None, max_length=2000)
    """The reason of the last return."""
    approved_by: UUID | None = Field(default=None, foreign_key="employees.id")
    created_at: datetime
    published_at: datetime | None = None


class TemplateShare(Table, table=True):
    """A unit that may see and use the published version of another unit's template."""

    __tablename__ = "reply_template_shares"
    __table_args__ = (sa.UniqueConstraint("template_id", "unit_id", name="uq_reply_template_shares_unit"),)

    template_id: UUID = Field(foreign_key="reply_templates.id")
    unit_id: UUID = Field(foreign_key="units.id", index=True)


class TemplateReview(Table, table=True):
    """A review: a permanent record that a published version was confirmed as current (O-6.2.6)."""

    __tablename__ = "reply_template_reviews"

    template_id: UUID = Field(foreign_key="reply_templates.id", index=True)
    number: int
    """The version that was confirmed."""
    note: str | None = Field(default=None, max_length=2000)
    reviewed_at: datetime
    reviewed_by: UUID = Field(foreign_key="employees.id")
    next_review_on: date


class GapDismissal(Table, table=True):
    """A permanent record of the decision that a group of messages needs no template (O-6.2.6, O-10)."""

    __tablename__ = "gap_dismissals"
    __table_args__ = (length_check("reason", 2_000),)

    unit_id: UUID = Field(foreign_key="units.id")
    reason: str = Field(max_length=2000)
    dismissed_at: datetime
    dismissed_by: UUID = Field(foreign_key="employees.id")


class TemplateGap(Table, table=True):
    """A message that no template covers (O-6.2.6). Its texts are stored without personal data."""

    __tablename__ = "template_gaps"
    __table_args__ = (
        sa.UniqueConstraint("message_id", name="uq_template_gaps_message_id"),
        sa.Index("ix_template_gaps_unit", "unit_id", "template_id", "id"),
        length_check("text", 20_000),  # a mask may be longer than the text it replaces
    )

    message_id: UUID
    """No foreign key: this package does not depend on messages."""
    unit_id: UUID = Field(foreign_key="units.id")
    reason: GapReason = Field(sa_column=enum_column(GapReason))
    text: str = Field(sa_type=sa.Text)
    forms: list[str] = Field(sa_column=json_column())
    """The dictionary forms of its significant words, used for grouping."""
    answer: str | None = Field(default=None, sa_type=sa.Text)
    """The reply that was written without a template."""
    offered_template_id: UUID | None = Field(default=None, foreign_key="reply_templates.id")
    """The first suggested template."""
    template_id: UUID | None = Field(default=None, foreign_key="reply_templates.id")
    """The draft created from the message; the gap is then closed."""
    dismissal_id: UUID | None = Field(default=None, foreign_key="gap_dismissals.id")
    """The decision that the message needs no template; it is then shown only with later messages of its group."""
    noted_at: datetime
