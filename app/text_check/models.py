"""Tables of the reply check: dictionary entries and rule settings."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from app.core.db import VersionedTable, enum_column, json_column, length_check
from app.text_check.rules.findings import NAMES_RU, RuleCode, Severity, get_severity


class EntryKind(StrEnum):
    """The kind of a dictionary entry."""

    BUREAUCRATIC_PHRASE = "bureaucratic_phrase"
    EMPTY_POLITENESS = "empty_politeness"
    ABBREVIATION = "abbreviation"
    WELL_KNOWN_ABBREVIATION = "well_known_abbreviation"
    EMOJI = "emoji"


class CheckEntry(VersionedTable, table=True):
    """A dictionary entry: a phrase, an abbreviation or a positive emoji; its match key never changes."""

    __tablename__ = "check_entries"
    __table_args__ = (
        sa.UniqueConstraint("kind", "matched", name="uq_check_entries_matched"),
        length_check("text", 200),
        length_check("matched", 300),
    )

    kind: EntryKind = Field(sa_column=enum_column(EntryKind))
    text: str = Field(max_length=200)
    matched: str = Field(max_length=300)
    """The match key: the lemmas of a phrase, an abbreviation in capitals, or the key of an emoji."""
    replacement: str | None = Field(default=None, max_length=200)
    """A plain replacement, the expansion of an abbreviation, or the Unicode name of an emoji."""
    closed_on: date | None = None
    updated_at: datetime


class CheckRule(VersionedTable, table=True):
    """The settings of a rule, common and by channel."""

    __tablename__ = "check_rules"
    __table_args__ = (
        sa.UniqueConstraint("code", name="uq_check_rules_code"),
        sa.CheckConstraint("threshold BETWEEN 1 AND 10000", name="threshold_range"),
    )

    code: RuleCode = Field(sa_column=enum_column(RuleCode))
    is_on: bool = Field(default=True)
    threshold: int | None = None
    values: list[str] = Field(sa_column=json_column())
    overrides: list[dict[str, Any]] = Field(sa_column=json_column())
    """Items of `{"channel", "is_public", "is_on", "threshold"}`; null means any, or the common setting."""
    updated_at: datetime

    @property
    def name(self) -> str:
        """The rule's name in Russian."""
        return NAMES_RU[self.code]

    @property
    def severity(self) -> Severity:
        """The severity of the rule's findings."""
        return get_severity(self.code)
