"""API schemas of triage and of the other actions on messages."""

from typing import Annotated, Literal

from pydantic import Field

from app.core import example_ids
from app.core.schemas import Input, example
from app.core.types import FreeText, Id, Label, Name, Note
from app.messages.rules.enums import (
    Competence,
    MessageClass,
    NoAnswerReason,
    Priority,
)


class Need(Input):
    """The need of a client (O-6.2.3a)."""

    summary: Note


TriagedClass = Literal[MessageClass.MESSAGE, MessageClass.INFORMATION_REQUEST, MessageClass.MEDIA_REQUEST]


class MessageTriage(Input):
    """The decision on a message. `reason` is required for `outside` and `unclear`."""

    competence: Competence
    topic_id: Id | None = None
    unit_id: Id
    priority: Priority = Priority.NORMAL
    need: Need
    reason: Note | None = None
    message_class: TriagedClass | None = Field(
        default=None, alias="class", description="Default: unchanged. Use `register_as_appeal` to register an appeal."
    )
    model_config = example(
        {
            "competence": "within",
            "topic_id": None,
            "unit_id": example_ids.UNIT,
            "priority": "normal",
            "need": {"summary": "Хочет узнать условия льготного займа"},
            "reason": None,
        }
    )


class MessageAssign(Input):
    """The assignee of a message. A head may specify another unit."""

    assignee_id: Id | None = None
    unit_id: Id | None = None
    model_config = example({"assignee_id": example_ids.OPERATOR})


class MessageReason(Input):
    """The reason for reopening a message."""

    reason: Note
    model_config = example({"reason": "Вопрос решён по телефону"})


class MessageClose(Input):
    """The reason for closing a message. An unanswered appeal also needs the legal reason."""

    reason: Note
    no_answer_reason: NoAnswerReason | None = None
    model_config = example({"reason": "Вопрос решён по телефону"})


class MessageSpam(Input):
    """An optional reason for marking a message as spam."""

    reason: Note | None = None
    model_config = example({"reason": "Реклама"})


class MessageDuplicate(Input):
    """The message that this one duplicates."""

    of: Id
    model_config = example({"of": example_ids.MESSAGE})


class MessageMerge(Input):
    """The message into whose thread the client's messages are moved."""

    into: Id
    model_config = example({"into": example_ids.MESSAGE})


class MessageRedirect(Input):
    """The competent body, the legal act that makes it competent, and the notice to the client."""

    to: Name
    legal_act_id: Id
    text: FreeText
    model_config = example(
        {
            "to": "Министерство здравоохранения Новосибирской области",
            "legal_act_id": example_ids.LEGAL_ACT,
            "text": "Здравствуйте! Ваш вопрос передан в министерство здравоохранения: там вам ответят по существу.",
        }
    )


class MessageExtend(Input):
    """The reason for the extension and its length in days."""

    reason: Note
    days: Annotated[int, Field(strict=True, ge=1, le=365)]
    model_config = example({"reason": "Запрошены сведения у другого ведомства", "days": 15})


class AppealRegister(Input):
    """How the appeal was received and its number in the document management system."""

    came_by: Name
    registration_number: Label
    model_config = example({"came_by": "Платформа обратной связи", "registration_number": "01-45/1234"})


class RegistrationCorrect(Input):
    """The correct number of an appeal in the document management system."""

    registration_number: Label
    model_config = example({"registration_number": "01-45/1235"})
