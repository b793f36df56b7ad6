"""What the API takes and gives about forms and submissions."""

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


Batch = Annotated[Label, Field(description="The bundle that the sheet lies in, as the unit calls it.")]
SheetNumber = Annotated[int, Field(strict=True, ge=1, le=1_000_000, description="Its number in the batch.")]


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
    batch: Batch | None = None
    sheet_number: SheetNumber | None = None
    answers: Answers
    model_config = example(BY_CODE)


class PaperSheet(Input):
    """A sheet of a batch."""

    number: SheetNumber
    answers: Answers


class PaperBatchCreate(Input):
    """Sheets of one bundle of paper, keyed by the codes in brackets."""

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
    """What changes in a submission, by codes, and why."""

    reason: Note
    answers: Annotated[Answers, Field(min_length=1)]
    model_config = example({"reason": "Опечатка при вводе листа", "answers": {"21": 2, "23.2.comment": None}})


class EntryCheckEnter(Input):
    """The second entry of a chosen sheet."""

    answers: Answers
    model_config = example({"answers": BY_CODE["answers"]})


class EntryCheckResolve(Input):
    """Why the first entry stands."""

    reason: Note
    model_config = example({"reason": "На листе отмечен ответ 2, первый ввод верен"})


class SubmissionRead(Output):
    """A submission, by key and by code."""

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
    keyed_by: UUID | None = Field(description="Who keyed in the paper, or imported the table.")
    import_id: UUID | None = Field(description="The import that it came with.")
    external_id: str | None = Field(description="What the imported table called it.")
    batch: str | None = Field(description="The bundle of paper that the sheet lies in.")
    sheet_number: int | None


class SheetOutcome(StrEnum):
    """What became of a sheet; `unchanged`: it was keyed in before, and says the same."""

    CREATED = "created"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class SheetErrorRead(Output):
    """One thing wrong with a sheet."""

    pointer: str = Field(description="The place in the request's body (RFC 6901).")
    code: str
    detail: str = Field(description="The reason, in Russian.")


class SheetRead(Output):
    """A sheet of a batch, and what became of it."""

    number: int
    outcome: SheetOutcome
    submission: SubmissionRead | None
    errors: list[SheetErrorRead]


class PaperBatchRead(Output):
    """The answer to a batch, sheet by sheet in the order given."""

    batch: str
    created: int
    unchanged: int
    refused: int
    sheets: list[SheetRead]


class SubmissionRevisionRead(Output):
    """What a submission said before a correction."""

    id: UUID
    number: int = Field(description="The version of the submission that said it, as in its ETag.")
    form_version: int
    municipality: str | None
    filled_at: LocalDateTime | None
    answers: dict[str, Any]
    codes: dict[str, Any]
    reason: str
    corrected_at: LocalDateTime
    corrected_by: UUID


class DifferenceRead(Output):
    """A code that two entries of a sheet differ in."""

    code: str
    first: JsonValue
    second: JsonValue


class EntryCheckRead(Output):
    """A sheet that was chosen for a second entry."""

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
    differences: list[DifferenceRead] | None = Field(description="Null until it is keyed in a second time.")
    resolution: Resolution | None
    reason: str | None
    resolved_by: UUID | None
    resolved_at: LocalDateTime | None


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
    Field(max_length=10, description="Only to be checked: the wording is the order's, and a difference is refused."),
]


class SourceInput(Input):
    """A source of a version: a known key keeps its suffix, a new one gets the next free unless one is given."""

    key: SourceKey
    text: Name
    suffix: Annotated[int, Field(strict=True, ge=1, le=MAX_SUFFIX)] | None = None
    interaction_point_id: Id | None = None


Sources = Annotated[list[SourceInput], Field(min_length=1, max_length=30)]
"""Two codes and a comment a source: 30 of them fit into the answers of one submission."""


class FormCreate(Input):
    """A new version as a draft; without sources it takes those in force."""

    key: Key
    organization_id: Id | None = Field(None, description="Whose list it is; null: of everybody who has none.")
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
    """What changes in a draft."""

    valid_from: Day | None = None
    valid_to: Day | None = None
    sources: Sources | None = None
    title: Name | None = None
    blocks: Wording | None = None
    model_config = example({"sources": [{"key": "official_site", "text": "Официальный сайт ведомства"}]})


class FormPublish(Input):
    """The days of a version; what is left out stays as the draft has it."""

    valid_from: Day | None = None
    valid_to: Day | None = None
    model_config = example({"valid_from": "2027-01-01"})


class SourceComparison(Output):
    """One source in two versions."""

    suffix: int
    codes: list[str]
    change: str
    first: SourceRead | None
    second: SourceRead | None


class FormComparison(Output):
    """Two versions of a form by codes: questions are the order's in both, so only sources can differ."""

    key: str
    first_version: int
    second_version: int
    same_codes: list[str]
    sources: list[SourceComparison]


class LinksCreate(Input):
    """One-time links to a form of an organization."""

    form: Key
    organization_id: Id | None = Field(None, description="The ministry unless given.")
    count: Annotated[int, Field(strict=True, ge=1, le=500)]
    expires_on: Day | None = Field(None, description="The last day of the links, within a year; 30 days unless given.")
    came_from_point_id: Id | None = Field(None, description="The approved point that the links are handed out at.")
    model_config = example({"form": "information-access", "count": 3})


class LinksRead(Output):
    """New links, shown this once: the service keeps their hashes only."""

    form: str
    organization_id: UUID
    count: int
    expires_on: date
    links: list[str] | None
