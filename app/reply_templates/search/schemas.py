"""API schemas of template suggestions and synonym groups."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.core.schemas import NOT_GIVEN, Input, Output, example
from app.core.types import ChannelKey, Day, FreeText, Label
from app.reply_templates.search.rules.synonyms import SynonymKind

Terms = Annotated[list[Label], Field(min_length=1, max_length=100)]
ResultLimit = Annotated[int, Field(strict=True, ge=1, le=20)]


class TemplateSuggest(Input):
    """A text to suggest templates for."""

    text: FreeText
    channel: ChannelKey | None = Field(
        default=None,
        description="The channel of the text, as in `/interaction-points`; it does not affect ranking.",
    )
    limit: ResultLimit = 5
    model_config = example({"text": "Где узнать про льготный заём?", "channel": "vk", "limit": 5})


class SuggestionRead(Output):
    """A suggested template."""

    template_id: UUID
    template_version: int
    title: str
    score: float = Field(description="Likelihood that the template answers the text, from 0 to 1.")
    matched: list[str] = Field(description="Words of the text that match the template, as written.")
    learned: float = Field(description="The part of the score learned from earlier choices.")
    reasons: list[str] = Field(description="Why the template is suggested, in Russian.")


class SuggestionsRead(Output):
    """Suggested templates, best first; empty when none fits well enough."""

    items: list[SuggestionRead]


class SynonymGroupCreate(Input):
    """A new synonym group."""

    kind: SynonymKind
    name: Label
    terms: Terms
    model_config = example({"kind": "same", "name": "АИЖК", "terms": ["АИЖК", "агентство ипотечного кредитования"]})


class SynonymGroupPatch(Input):
    """Changes to a synonym group; `closed_on` closes it from that day."""

    name: Label = NOT_GIVEN
    terms: Terms = NOT_GIVEN
    closed_on: Day | None = NOT_GIVEN
    model_config = example({"terms": ["ИП", "индивидуальный предприниматель", "ипэшник"]})


class SynonymGroupRead(Output):
    """A synonym group."""

    id: UUID
    kind: SynonymKind
    name: str
    terms: list[str]
    closed_on: date | None
