"""What respondents could not find, grouped, and what is done about it (O-11)."""

from datetime import date
from uuid import UUID

from pydantic import Field

from app.core import example_ids
from app.core.schemas import Input, LocalDateTime, Output, example
from app.core.types import Id, Note
from app.monitoring.rules import UnmetNeedState


class UnmetNeedSourceRead(Output):
    """How many texts of a group are about one source of information."""

    code: str
    name: str
    n: int


class UnmetNeedSummaryRead(Output):
    """Something that respondents could not find: texts of the period, and what is done about it."""

    id: UUID
    organization_id: UUID
    unit_id: UUID | None = Field(description="Whose template should answer it, or who took it up.")
    state: UnmetNeedState
    template_id: UUID | None = Field(description="The reply template that should answer it.")
    template_title: str | None
    n: int = Field(description="How many texts there are.")
    words: list[str] = Field(description="The dictionary forms that most of all its texts have.")
    examples: list[str] = Field(description="The newest texts, five at most, without personal data.")
    sources: list[UnmetNeedSourceRead]
    first_on: date | None
    last_on: date | None
    changed_at: LocalDateTime
    changed_by: UUID | None = Field(description="Null: new texts opened it, or opened it again.")
    note: str | None


class UnmetNeedStepRead(Output):
    """A change of state: when, by whom (null: new texts), and what was said."""

    at: LocalDateTime
    state: UnmetNeedState
    by: UUID | None
    note: str | None


class UnmetNeedRead(UnmetNeedSummaryRead):
    """A group with its history, oldest first; it counts all texts."""

    history: list[UnmetNeedStepRead]


class UnmetNeedListRead(Output):
    """What respondents could not find over a period, the largest group first."""

    since: date | None = Field(alias="from")
    until: date | None = Field(alias="to")
    n: int = Field(description="Texts in all groups, also those not shown.")
    groups: int
    items: list[UnmetNeedSummaryRead]


class UnmetNeedPatch(Input):
    """The template that should answer a group, and the unit whose affair it is."""

    template_id: Id | None = None
    unit_id: Id | None = None
    model_config = example({"template_id": example_ids.TEMPLATE})


class UnmetNeedStart(Input):
    """What will be done about it, if there is something to say."""

    note: Note | None = None
    model_config = example({"note": "Допишем телефоны на страницу отдела"})


class UnmetNeedNote(Input):
    """What was done about it, or why it is opened again."""

    note: Note
    model_config = example({"note": "Телефоны отделов опубликованы на сайте"})
