"""What the API takes and gives about finding."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.core.schemas import Input, Output, example
from app.core.types import ChannelKey, Day, FreeText, Label
from app.reply_templates.search.rules.synonyms import SynonymKind

Terms = Annotated[list[Label], Field(min_length=1, max_length=100)]
HowMany = Annotated[int, Field(strict=True, ge=1, le=20)]


class TemplateSuggest(Input):
    """A text that wants an answer."""

    text: FreeText
    channel: ChannelKey | None = Field(
        default=None, description="Where it came in, as `/interaction-points` names it. It does not change the ranking."
    )
    limit: HowMany = 5
    model_config = example({"text": "Где узнать про льготный заём?", "channel": "vk", "limit": 5})


class SuggestionRead(Output):
    """A template that fits."""

    template_id: UUID
    template_version: int
    title: str
    score: float = Field(description="From 0 to 1: how likely it is that the template answers the text.")
    matched: list[str] = Field(description="The words of the text that speak for it, as they are written there.")
    learned: float = Field(description="What of the score was learned from use.")
    reasons: list[str] = Field(description="Why it is offered, in words.")


class SuggestionsRead(Output):
    """The templates that fit, best first; none where silence is better than a wrong one."""

    items: list[SuggestionRead]


class SynonymGroupCreate(Input):
    """A new group of synonyms."""

    kind: SynonymKind
    name: Label
    terms: Terms
    model_config = example({"kind": "same", "name": "АИЖК", "terms": ["АИЖК", "агентство ипотечного кредитования"]})


class SynonymGroupPatch(Input):
    """Changes of a group; a day in `closed_on` ends it."""

    name: Label = Field(default="")
    terms: Terms = []
    closed_on: Day | None = None
    model_config = example({"terms": ["ИП", "индивидуальный предприниматель", "ипэшник"]})


class SynonymGroupRead(Output):
    """A group of synonyms."""

    id: UUID
    kind: SynonymKind
    name: str
    terms: list[str]
    closed_on: date | None
