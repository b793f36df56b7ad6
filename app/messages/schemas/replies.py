"""API schemas of replies."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.core.schemas import NOT_GIVEN, Input, LocalDateTime, Output, example
from app.core.types import FreeText, Id, Note
from app.messages.rules.enums import (
    ReplyKind,
)
from app.messages.rules.states import ReplyState
from app.reply_templates.schemas import Values
from app.text_check.schemas import FindingRead, ReadabilityRead


class ReplyCreate(Input):
    """A draft from a text or from a template with values. If both are given, the text is used."""

    kind: Literal[ReplyKind.ANSWER, ReplyKind.CHANNEL_TRANSFER]
    template_id: Id | None = None
    values: Values = {}
    text: FreeText | None = None
    offered_point_ids: Annotated[list[Id], Field(max_length=5)] = []
    model_config = example(
        {
            "kind": "answer",
            "template_id": None,
            "values": {},
            "text": "Здравствуйте, Иван! Условия займа есть на сайте. Чем ещё помочь?",
        }
    )


class ReplyPatch(Input):
    """Changes to a draft."""

    template_id: Id | None = NOT_GIVEN
    values: Values = NOT_GIVEN
    text: FreeText | None = NOT_GIVEN
    offered_point_ids: Annotated[list[Id], Field(max_length=5)] = NOT_GIVEN
    model_config = example({"text": "Здравствуйте, Иван! Вот условия займа. Чем ещё помочь?"})


class ReplyReturn(Input):
    """The reason for returning a reply to its author."""

    reason: Note
    model_config = example({"reason": "Добавьте ссылку на условия"})


class ReplyRead(Output):
    """A reply. API clients see sent replies only."""

    id: UUID
    message_id: UUID
    kind: ReplyKind
    state: ReplyState
    text: str
    template_id: UUID | None
    template_version: int | None
    offered_point_ids: list[UUID]
    findings: list[FindingRead] = Field(description="Findings of the last check. `POST …/check` checks the text again.")
    readability: ReadabilityRead | None = Field(description="Null if the text has no words.")
    drafted_by: UUID
    created_at: LocalDateTime
    submitted_at: LocalDateTime | None
    approved_by: UUID | None
    approved_at: LocalDateTime | None
    returned_reason: str | None
    sent_at: LocalDateTime | None
    external_id: str | None
