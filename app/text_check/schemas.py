"""API schemas of the reply check."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from app.core.schemas import NOT_GIVEN, Input, Output, example
from app.core.types import LINE, ChannelKey, Day, FreeText, Label
from app.text_check.models import EntryKind
from app.text_check.rules.findings import RuleCode, Severity

EntryText = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=LINE)]
Threshold = Annotated[int, Field(strict=True, ge=1, le=10_000)]
Switch = Annotated[bool, Field(strict=True)]


class FindingRead(Output):
    """A finding about a text: its position, what is wrong, and a suggested replacement."""

    code: RuleCode | Literal["template_past_review", "point_not_in_force"]
    severity: Severity = Field(description="An error blocks sending; a warning does not.")
    start: int
    end: int = Field(description="End of the finding: `text[start:end]`, counted in code points of the original text.")
    message: str
    suggestion: str | None = Field(
        description="Suggested replacement; an empty string means delete, null means no suggestion."
    )


class ReadabilityRead(Output):
    """The readability of a text (O-6.2.4): Flesch score, school grades, and numbers of sentences and words."""

    flesch: float
    fk_grade: float
    cli: float
    smog: float
    ari: float
    dale_chall: float
    sentences: int
    words: int


class TextCheck(Input):
    """A text to check, its channel, and whether it will be public."""

    text: FreeText
    channel: ChannelKey | None = Field(
        default=None, description="Channel kind; if omitted, only the settings common to all channels apply."
    )
    is_public: Switch | None = Field(
        default=None, description="Whether the text will be public; if omitted, a social network is treated as public."
    )
    model_config = example({"text": "Здравствуйте! В целях получения займа пройдите по ссылке. 😡", "channel": "vk"})


class TextCheckRead(Output):
    """The result of a check."""

    findings: list[FindingRead]
    readability: ReadabilityRead | None = Field(description="Null for a text without words.")


class CheckEntryCreate(Input):
    """A new dictionary entry: a phrase and its plain replacement, an abbreviation and its expansion, or an emoji."""

    kind: EntryKind
    text: EntryText = Field(
        description="The words of a phrase match in any form; a word marked with = matches only exactly."
    )
    replacement: EntryText | None = Field(
        default=None, description="Plain replacement or expansion; ignored for an emoji, which gets its Unicode name."
    )
    model_config = example(
        {"kind": "bureaucratic_phrase", "text": "в преддверии наступления", "replacement": "перед, к"}
    )


class CheckEntryPatch(Input):
    """Changes to a dictionary entry: its replacement, or its last day (null reopens it)."""

    replacement: EntryText | None = NOT_GIVEN
    closed_on: Day | None = NOT_GIVEN
    model_config = example({"replacement": "сейчас"})


class CheckEntryRead(Output):
    """A dictionary entry of the reply check."""

    id: UUID
    kind: EntryKind
    text: str
    replacement: str | None
    closed_on: date | None


class RuleOverride(Input):
    """A rule setting for a channel, for public comments (true) or private messages (false), or for both."""

    channel: ChannelKey | None = None
    is_public: Switch | None = None
    is_on: Switch | None = None
    threshold: Threshold | None = None


class CheckRulePatch(Input):
    """Changes to a rule; a list replaces the previous list."""

    is_on: Switch = NOT_GIVEN
    threshold: Threshold | None = NOT_GIVEN
    values: Annotated[list[Label], Field(max_length=200)] = NOT_GIVEN
    overrides: Annotated[list[RuleOverride], Field(max_length=50)] = NOT_GIVEN
    model_config = example({"is_on": True, "overrides": [{"channel": "telegram", "is_on": False}]})

    def changes(self) -> dict[str, Any]:
        """Return the named fields; overrides as they are stored, with all their fields."""
        return self.model_dump(include=self.model_fields_set)


class RuleOverrideRead(Output):
    """A rule setting for a channel; null means any channel or the common setting."""

    channel: str | None
    is_public: bool | None
    is_on: bool | None
    threshold: int | None


class CheckRuleRead(Output):
    """A rule of the reply check and its settings."""

    code: RuleCode
    name: str
    severity: Severity
    is_on: bool
    threshold: int | None = Field(
        description="Threshold of the rule: words, characters or school years. Null if it has none."
    )
    values: list[str] = Field(description="Words or names used by the rule: allowed sites, greeting words, exceptions.")
    overrides: list[RuleOverrideRead]
