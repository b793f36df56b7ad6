"""Tables of template search: synonym groups and template choices."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.core.db import Table, VersionedTable, enum_column, json_column, length_check
from app.reply_templates.search.rules.synonyms import SynonymKind


class SynonymGroup(VersionedTable, table=True):
    """A group of terms: synonyms, related terms, or terms outside the ministry's competence."""

    __tablename__ = "synonym_groups"
    __table_args__ = (sa.UniqueConstraint("kind", "name", name="uq_synonym_groups_name"), length_check("name", 100))

    kind: SynonymKind = Field(sa_column=enum_column(SynonymKind))
    name: str = Field(max_length=100)
    terms: list[str] = Field(sa_column=json_column())
    closed_on: date | None = None


class TemplateChoice(Table, table=True):
    """The choice of a template for a message, stored as dictionary forms without personal data."""

    __tablename__ = "template_choices"
    __table_args__ = (sa.Index("ix_template_choices_template", "template_id", "id"),)

    template_id: UUID = Field(foreign_key="reply_templates.id")
    forms: list[str] = Field(sa_column=json_column())
    chosen_at: datetime
