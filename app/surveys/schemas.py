"""Request and response bodies of forms and submissions."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, JsonValue

from app.core.schemas import Input, LocalDateTime, Output, example
from app.core.types import Day, Id, Key, Label, Moment, Name, Note
from app.surveys.models import EntryCheckState, Resolution, SubmissionSource
from app.surveys.rules import MAX_SUFFIX

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
_CODES: dict[str, Any] = {
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
BY_CODE = {"form": "information-access", "answers": _CODES}


Batch = Annotated[Label, Field(description="The batch of paper that the sheet belongs to, as the unit names it.")]
SheetNumber = Annotated[
    int, Field(strict=True, ge=1, le=1_000_000, description="The number of the sheet in its batch.")
]


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


class PaperCreate(Input):
    """A paper questionnaire, entered by the codes in brackets."""

    form: Key
    organization_id: Id | None = None
    batch: Batch | None = None
    sheet_number: SheetNumber | None = None
    answers: Answers
    model_config = example(BY_CODE)


class PaperSheet(Input):
    """A sheet of a batch."""

    number: SheetNumber
    answers: Answers


class PaperBatchCreate(Input):
    """Sheets of one batch of paper questionnaires, entered by the codes in brackets."""

    form: Key
    organization_id: Id | None = None
    batch: Batch
    sheets: Annotated[list[PaperSheet], Field(min_length=1, max_length=100)]
    model_config = example(
        {
            "form": BY_CODE["form"],
            "batch": "МФЦ Бердск, ноябрь 2026",
            "sheets": [
                {"number": 1, "answers": BY_CODE["answers"]},
                {"number": 2, "answers": {**_CODES, "21": 2}},
            ],
        }
    )


class SubmissionCorrect(Input):
    """The answers to change, by codes, and the reason."""

    reason: Note
    answers: Annotated[Answers, Field(min_length=1)]
    model_config = example({"reason": "Опечатка при вводе листа", "answers": {"21": 2, "23.2.comment": None}})


class EntryCheckEnter(Input):
    """The second entry of a selected sheet."""

    answers: Answers
    model_config = example({"answers": BY_CODE["answers"]})


class EntryCheckResolve(Input):
    """The reason why the first entry is right."""

    reason: Note
    model_config = example({"reason": "На листе отмечен ответ 2, первый ввод верен"})


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


class SheetOutcome(StrEnum):
    """The outcome of a sheet; `unchanged`: it was entered before with the same answers."""

    CREATED = "created"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class SheetErrorRead(Output):
    """An error in a sheet."""

    pointer: str = Field(description="JSON Pointer into the request body (RFC 6901).")
    code: str
    detail: str = Field(description="The reason, in Russian.")


class SheetRead(Output):
    """A sheet of a batch and its outcome."""

    number: int
    outcome: SheetOutcome
    submission: SubmissionRead | None
    errors: list[SheetErrorRead]


class PaperBatchRead(Output):
    """The outcomes of a batch, in the order of the request."""

    batch: str
    created: int
    unchanged: int
    refused: int
    sheets: list[SheetRead]


class SubmissionRevisionRead(Output):
    """The answers of a submission before a correction."""

    id: UUID
    number: int = Field(description="The version of the submission with these answers, as in its ETag.")
    form_version: int
    municipality: str | None
    filled_at: LocalDateTime | None
    answers: dict[str, Any]
    codes: dict[str, Any]
    reason: str
    corrected_at: LocalDateTime
    corrected_by: UUID


class DifferenceRead(Output):
    """A code whose answers differ between the two entries of a sheet."""

    code: str
    first: JsonValue
    second: JsonValue


class EntryCheckRead(Output):
    """A sheet selected for a second entry."""

    id: UUID
    submission_id: UUID
    organization_id: UUID
    form: str
    batch: str | None
    sheet_number: int | None
    state: EntryCheckState
    chosen_at: LocalDateTime
    first_by: UUID | None
    second_by: UUID | None
    second_at: LocalDateTime | None
    differences: list[DifferenceRead] | None = Field(description="Null until the second entry.")
    resolution: Resolution | None
    reason: str | None
    resolved_by: UUID | None
    resolved_at: LocalDateTime | None


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

    valid_from: Day | None = None
    valid_to: Day | None = None
    sources: Sources | None = None
    title: Name | None = None
    blocks: Wording | None = None
    model_config = example({"sources": [{"key": "official_site", "text": "Официальный сайт ведомства"}]})


class FormPublish(Input):
    """The dates of a version; omitted dates are taken from the draft."""

    valid_from: Day | None = None
    valid_to: Day | None = None
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


class LinksCreate(Input):
    """One-time links to a form of an organization."""

    form: Key
    organization_id: Id | None = Field(None, description="The organization; the ministry by default.")
    count: Annotated[int, Field(strict=True, ge=1, le=500)]
    expires_on: Day | None = Field(
        None, description="The last day of validity, within a year; 30 days from today by default."
    )
    came_from_point_id: Id | None = Field(
        None, description="The approved interaction point where the links are handed out."
    )
    model_config = example({"form": "information-access", "count": 3})


class LinksRead(Output):
    """New links, returned only once: the service stores only their hashes."""

    form: str
    organization_id: UUID
    count: int
    expires_on: date
    links: list[str] | None
