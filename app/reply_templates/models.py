"""Tables of reply templates and their versions."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.core.db import Row, VersionedRow, enum_column, json_column, limit
from app.reply_templates.rules import TemplateState


class ReplyTemplate(VersionedRow, table=True):
    """A template of a unit's knowledge base (O-6.2.6). `state` is of the newest version; a published one goes on."""

    __tablename__ = "reply_templates"
    __table_args__ = (
        sa.UniqueConstraint("unit_id", "key", name="uq_reply_templates_key"),
        limit("key", 64),
    )

    unit_id: UUID = Field(foreign_key="units.id", index=True)
    key: str = Field(max_length=64)
    state: TemplateState = Field(sa_column=enum_column(TemplateState, index=True))
    latest_version: int = Field(default=1)
    published_version: int | None = Field(default=None)
    search_text: str = Field(sa_type=sa.Text)
    """Title, keywords, typical messages and text of the newest version, normalized."""
    created_by: UUID | None = Field(default=None, foreign_key="employees.id")
    created_at: datetime
    updated_at: datetime


class TemplateVersion(Row, table=True):
    """A version of a template, kept for ever: replies already sent point at it."""

    __tablename__ = "reply_template_versions"
    __table_args__ = (
        sa.UniqueConstraint("template_id", "number", name="uq_reply_template_versions_number"),
        limit("title", 500),
        limit("text", 10_000),
    )

    template_id: UUID = Field(foreign_key="reply_templates.id", index=True)
    number: int
    title: str = Field(max_length=500)
    text: str = Field(sa_type=sa.Text)
    keywords: list[str] = Field(sa_column=json_column())
    examples: list[str] = Field(sa_column=json_column())
    topic_ids: list[str] = Field(sa_column=json_column())
    note: str | None = Field(default=None, max_length=2000)
    author_id: UUID | None = Field(default=None, foreign_key="employees.id")
    approved_by: UUID | None = Field(default=None, foreign_key="employees.id")
    created_at: datetime
    published_at: datetime | None = None
