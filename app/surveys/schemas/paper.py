"""Request and response bodies of paper questionnaires, their corrections and entry checks."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, JsonValue

from app.core.schemas import Input, LocalDateTime, Output, example
from app.core.types import Id, Key, Label, Note
from app.surveys.rules.entry_checks import EntryCheckState, Resolution, SheetOutcome
from app.surveys.schemas.submissions import BY_CODE, CODES, Answers, SubmissionRead

Batch = Annotated[Label, Field(description="The batch of paper that the sheet belongs to, as the unit names it.")]

SheetNumber = Annotated[
    int, Field(strict=True, ge=1, le=1_000_000, description="The number of the sheet in its batch.")
]


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
            "sheets": [{"number": 1, "answers": BY_CODE["answers"]}, {"number": 2, "answers": {**CODES, "21": 2}}],
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
