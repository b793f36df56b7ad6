"""What the API takes and gives about the reply check."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from app.core.schemas import Input, Output, example
from app.core.types import LINE, ChannelKey, Day, FreeText, Label
from app.text_check.models import EntryKind
from app.text_check.rules.findings import RuleCode, Severity

EntryText = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=LINE)]
Threshold = Annotated[int, Field(strict=True, ge=1, le=10_000)]
Switch = Annotated[bool, Field(strict=True)]


class FindingRead(Output):
    """Something about a text that its writer should see: a place in code points, and what to do."""

    code: RuleCode | Literal["template_past_review", "point_not_in_force"]
    severity: Severity = Field(description="An error blocks sending, a warning never does.")
    start: int
    end: int = Field(description="The place is `text[start:end]`, in code points of the text as it was given.")
    message: str
    suggestion: str | None = Field(description="What may stand there instead; an empty text: nothing. Null: no advice.")


class ReadabilityRead(Output):
    """Readability of a text (O-6.2.4)."""

    flesch: float
    fk_grade: float
    cli: float
    smog: float
    ari: float
    dale_chall: float
    sentences: int
    words: int


class TextCheck(Input):
    """A text, the kind of channel that it goes to, and whether everybody can read it there."""

    text: FreeText
    channel: ChannelKey | None = Field(default=None, description="Left out: only what holds in every channel.")
    is_public: Switch | None = Field(
        default=None, description="Left out: in a social network personal data are looked for as in a public comment."
    )
    model_config = example({"text": "Здравствуйте! В целях получения займа пройдите по ссылке. 😡", "channel": "vk"})


class TextCheckRead(Output):
    """What was found in a text."""

    findings: list[FindingRead]
    readability: ReadabilityRead | None = Field(description="Null for a text without words.")


class CheckEntryCreate(Input):
    """A phrase with its plain counterpart, an abbreviation with what it stands for, or a positive emoji."""

    kind: EntryKind
    text: EntryText = Field(description="Words of a phrase match in every form; one marked with = only as it stands.")
    replacement: EntryText | None = Field(default=None, description="Not for emoji: they have their Unicode names.")
    model_config = example(
        {"kind": "bureaucratic_phrase", "text": "в преддверии наступления", "replacement": "перед, к"}
    )


class CheckEntryPatch(Input):
    """Another replacement, or the day from which the entry counts no more; null opens it again."""

    replacement: EntryText | None = None
    closed_on: Day | None = None
    model_config = example({"replacement": "сейчас"})


class CheckEntryRead(Output):
    """An entry of the tables of the check."""

    id: UUID
    kind: EntryKind
    text: str
    replacement: str | None
    closed_on: date | None


class RuleOverride(Input):
    """How a rule is set for a channel, for public comments (true) or private messages (false), or for both."""

    channel: ChannelKey | None = None
    is_public: Switch | None = None
    is_on: Switch | None = None
    threshold: Threshold | None = None


class CheckRulePatch(Input):
    """Changes of a rule; lists are given whole."""

    is_on: Switch = True
    threshold: Threshold | None = None
    values: Annotated[list[Label], Field(max_length=200)] = []
    overrides: Annotated[list[RuleOverride], Field(max_length=50)] = []
    model_config = example({"is_on": True, "overrides": [{"channel": "telegram", "is_on": False}]})


class RuleOverrideRead(Output):
    """How a rule is set for a channel; null: any, or as in all channels."""

    channel: str | None
    is_public: bool | None
    is_on: bool | None
    threshold: int | None


class CheckRuleRead(Output):
    """A rule of the check and how it is set."""

    code: RuleCode
    name: str
    severity: Severity
    is_on: bool
    threshold: int | None = Field(description="The rule's number: words, characters, years of learning. Null: none.")
    values: list[str] = Field(description="The rule's words or names: allowed sites, words of greeting, exceptions.")
    overrides: list[RuleOverrideRead]
