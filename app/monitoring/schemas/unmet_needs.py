"""Unmet needs: groups of comments on what respondents could not find (O-11)."""

from datetime import date
from uuid import UUID

from pydantic import Field

from app.core import example_ids
from app.core.schemas import NOT_GIVEN, Input, LocalDateTime, Output, example
from app.core.types import Id, Note
from app.monitoring.rules import UnmetNeedState


class UnmetNeedSourceRead(Output):
    """The number of comments of an unmet need about one source of information."""

    code: str
    name: str
    n: int


class UnmetNeedSummaryRead(Output):
    """An unmet need with its comments of the period and its state."""

    id: UUID
    organization_id: UUID
    unit_id: UUID | None = Field(description="The unit responsible for the unmet need.")
    state: UnmetNeedState
    template_id: UUID | None = Field(description="The reply template that should answer the unmet need.")
    template_title: str | None
    n: int = Field(description="The number of comments.")
    words: list[str] = Field(description="The most frequent lemmas of all its comments.")
    examples: list[str] = Field(description="The newest comments, at most five, with personal data masked.")
    sources: list[UnmetNeedSourceRead]
    first_on: date | None
    last_on: date | None
    changed_at: LocalDateTime
    changed_by: UUID | None = Field(description="Null if new comments opened or reopened it.")
    note: str | None


class UnmetNeedStepRead(Output):
    """A state change; `by` is null if new comments caused it."""

    at: LocalDateTime
    state: UnmetNeedState
    by: UUID | None
    note: str | None


class UnmetNeedRead(UnmetNeedSummaryRead):
    """An unmet need with the figures of all its comments and its history, oldest first."""

    history: list[UnmetNeedStepRead]


class UnmetNeedListRead(Output):
    """Unmet needs of a period, the largest first."""

    since: date | None = Field(alias="from")
    until: date | None = Field(alias="to")
    n: int = Field(description="The number of comments in all groups, including those not listed.")
    groups: int = Field(description="The number of unmet needs, including those not listed.")
    items: list[UnmetNeedSummaryRead]


class UnmetNeedPatch(Input):
    """The reply template that should answer the unmet need, and the unit responsible for it."""

    template_id: Id | None = NOT_GIVEN
    unit_id: Id | None = NOT_GIVEN
    model_config = example({"template_id": example_ids.TEMPLATE})


class UnmetNeedStart(Input):
    """An optional note on what will be done."""

    note: Note | None = None
    model_config = example({"note": "Допишем телефоны на страницу отдела"})


class UnmetNeedNote(Input):
    """A note on what was done or why the unmet need is reopened."""

    note: Note
    model_config = example({"note": "Телефоны отделов опубликованы на сайте"})
