"""What the API takes and gives about forms and submissions."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, JsonValue

from app.core.schemas import Input, Output, ShownMoment, example
from app.core.types import Id, Key, Label, Moment
from app.surveys.models import SubmissionSource

Answers = Annotated[
    dict[str, JsonValue],
    Field(
        max_length=200,
        description="By key (`satisfaction`, `source_usage`, `ease_of_finding`, `comments`) or by the codes of the form"
        " (`21`, `22.1`, `23.1`, `23.1.comment`, with `11`, `12` and `13`).",
    ),
]

BY_KEY = {
    "form": "information-access",
    "municipality": "50701000",
    "filled_at": None,
    "source": "web",
    "answers": {
        "satisfaction": 1,
        "source_usage": {"official_site": 1, "telegram": 2, "vk": 3, "ok": 3},
        "ease_of_finding": {"official_site": 5, "telegram": 2, "vk": 4, "ok": 4},
        "comments": {"telegram": "не нашёл телефон"},
    },
}
BY_CODE = {
    "form": "information-access",
    "answers": {
        "12": "50701000",
        "13": "2026-11-24",
        "21": 1,
        "22.1": 1,
        "22.2": 2,
        "22.3": 3,
        "22.4": 3,
        "23.1": 5,
        "23.2": 2,
        "23.3": 4,
        "23.4": 4,
        "23.2.comment": "не нашёл телефон",
    },
}


class SubmissionCreate(Input):
    """A filled-in form."""

    form: Key
    organization_id: Id | None = None
    municipality: Label | None = None
    filled_at: Moment | None = None
    source: SubmissionSource | None = None
    answers: Answers
    came_from_point_id: Id | None = None
    model_config = example(BY_KEY)


class PaperCreate(Input):
    """A paper questionnaire, keyed by the codes in brackets."""

    form: Key
    organization_id: Id | None = None
    answers: Answers
    model_config = example(BY_CODE)


class SubmissionRead(Output):
    """A submission, by key and by code."""

    id: UUID
    form: str
    form_version: int
    organization_id: UUID
    municipality: str | None
    filled_at: ShownMoment | None
    source: SubmissionSource
    answers: dict[str, Any]
    codes: dict[str, Any]
    received_at: ShownMoment
    came_from_point_id: UUID | None
    keyed_by: UUID | None


class OptionRead(Output):
    """A value of a question with its wording."""

    value: int
    text: str


class ScaleRead(Output):
    """The ends of a scale with their wording."""

    min: int
    max: int
    min_text: str
    max_text: str


class FollowUpRead(Output):
    """The free-text question that a low score leads to (A-1.23x)."""

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
    """A source of information: the suffix gives the codes 22.N and 23.N."""

    suffix: int
    key: str
    text: str


class FormRead(Output):
    """A version of the form in the exact wording of Appendix 1 (A-1)."""

    key: str
    version: int
    title: str
    state: str
    organization_id: UUID | None
    valid_from: date
    valid_to: date | None
    blocks: list[BlockRead]
    sources: list[SourceRead]
