"""Request and response bodies of submissions."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, JsonValue

from app.core.schemas import Input, LocalDateTime, Output, example
from app.core.types import Id, Key, Label, Moment
from app.surveys.rules.submissions import SubmissionSource

Answers = Annotated[
    dict[str, JsonValue],
    Field(
        max_length=200,
        description="Answers by key (`satisfaction`, `source_usage`, `ease_of_finding`, `comments`) or by code"
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

CODES: dict[str, Any] = {
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
}

BY_CODE = {"form": "information-access", "answers": CODES}


class SubmissionCreate(Input):
    """A completed questionnaire."""

    form: Key
    organization_id: Id | None = None
    municipality: Label | None = None
    filled_at: Moment | None = None
    source: SubmissionSource | None = None
    answers: Answers
    came_from_point_id: Id | None = None
    model_config = example(BY_KEY)


class SubmissionRead(Output):
    """A submission with answers by key and by code."""

    id: UUID
    form: str
    form_version: int
    organization_id: UUID
    municipality: str | None
    filled_at: LocalDateTime | None
    source: SubmissionSource
    answers: dict[str, Any]
    codes: dict[str, Any]
    received_at: LocalDateTime
    came_from_point_id: UUID | None
    keyed_by: UUID | None = Field(description="The employee who entered the paper questionnaire or imported the table.")
    import_id: UUID | None = Field(description="The import that created the submission.")
    external_id: str | None = Field(description="The id of the row in the imported table.")
    batch: str | None = Field(description="The batch of paper that the sheet belongs to.")
    sheet_number: int | None
