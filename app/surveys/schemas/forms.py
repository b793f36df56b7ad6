"""Request and response bodies of form versions."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field, JsonValue

from app.core.schemas import NOT_GIVEN, Input, Output, example
from app.core.types import Day, Id, Key, Name
from app.surveys.rules.sources import MAX_SUFFIX


class OptionRead(Output):
    """A value of a question and its wording."""

    value: int
    text: str


class ScaleRead(Output):
    """The ends of a scale and their wording."""

    min: int
    max: int
    min_text: str
    max_text: str


class FollowUpRead(Output):
    """The free-text question that follows a low score (A-1.23x)."""

    row_at_most: int
    required: bool
    text: str


class QuestionRead(Output):
    """A question of the form: its number on paper and its code in brackets."""

    number: str
    code: str
    key: str
    kind: str
    required: bool
    text: str
    options: list[OptionRead]
    scale: ScaleRead | None
    per_source: bool
    follow_up: FollowUpRead | None


class BlockRead(Output):
    """A block of the form."""

    key: str
    title: str
    note: str | None
    questions: list[QuestionRead]


class SourceRead(Output):
    """A source of information; the suffix gives the codes 22.N and 23.N."""

    suffix: int
    key: str
    text: str
    interaction_point_id: UUID | None


class FormRead(Output):
    """A version of the form in the exact wording of Appendix 1 (A-1)."""

    id: UUID
    key: str
    version: int
    title: str
    state: str
    organization_id: UUID | None
    valid_from: date
    valid_to: date | None
    blocks: list[BlockRead]
    sources: list[SourceRead]


SourceKey = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_]{0,63}$")]

Wording = Annotated[
    list[Annotated[dict[str, JsonValue], Field(max_length=20)]],
    Field(max_length=10, description="Only compared with the wording fixed by the order; a difference is refused."),
]


class SourceInput(Input):
    """A source of a version.

    A known key keeps its suffix; a new key gets the next free suffix unless one is given.
    """

    key: SourceKey
    text: Name
    suffix: Annotated[int, Field(strict=True, ge=1, le=MAX_SUFFIX)] | None = None
    interaction_point_id: Id | None = None


Sources = Annotated[list[SourceInput], Field(min_length=1, max_length=30)]
"""Each source needs two codes and a comment; 30 sources fit into the answers of one submission."""


class FormCreate(Input):
    """A new draft version; without `sources` it copies those in force."""

    key: Key
    organization_id: Id | None = Field(
        None, description="The organization of the list; null for all without their own list."
    )
    valid_from: Day | None = None
    valid_to: Day | None = None
    sources: Sources | None = None
    title: Name | None = None
    blocks: Wording | None = None
    model_config = example(
        {
            "key": "information-access",
            "sources": [
                {"key": "official_site", "text": "Официальный сайт ведомства"},
                {"key": "telegram", "text": "Телеграм-канал ведомства"},
                {"key": "vk", "text": "Страница ведомства в социальной сети «ВКонтакте»"},
                {"key": "ok", "text": "Страница ведомства в социальной сети «Одноклассники»"},
                {"key": "max", "text": "Канал ведомства в мессенджере MAX"},
            ],
        }
    )


class FormPatch(Input):
    """The changes to a draft."""

    valid_from: Day | None = NOT_GIVEN
    valid_to: Day | None = NOT_GIVEN
    sources: Sources | None = NOT_GIVEN
    title: Name | None = NOT_GIVEN
    blocks: Wording | None = NOT_GIVEN
    model_config = example({"sources": [{"key": "official_site", "text": "Официальный сайт ведомства"}]})


class FormPublish(Input):
    """The dates of a version; omitted dates are taken from the draft."""

    valid_from: Day | None = NOT_GIVEN
    valid_to: Day | None = NOT_GIVEN
    model_config = example({"valid_from": "2027-01-01"})


class SourceComparison(Output):
    """A source in two versions."""

    suffix: int
    codes: list[str]
    change: str
    first: SourceRead | None
    second: SourceRead | None


class FormComparison(Output):
    """Two versions of a form by codes; only sources can differ, because the questions are fixed by the order."""

    key: str
    first_version: int
    second_version: int
    same_codes: list[str]
    sources: list[SourceComparison]
