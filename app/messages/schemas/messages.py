"""API schemas of messages and replies."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from app.attachments.rules import CONTENT_TYPES
from app.clients.service import ClientKind
from app.core import example_ids
from app.core.schemas import Input, LocalDateTime, Output, example
from app.core.types import Address, Day, ExternalId, FreeText, Id, Key, Label, Moment, Name, Note
from app.language.personal_data import PersonalDataKind
from app.messages.models import (
    Competence,
    MessageClass,
    MessageKind,
    NoAnswerReason,
    Priority,
    ReplyKind,
    RevisionKind,
)
from app.messages.rules.states import MessageState, ReplyState
from app.messages.schemas.deadlines import DeadlineRead
from app.reply_templates.schemas import Values
from app.text_check.schemas import FindingRead, ReadabilityRead


class Contact(Input):
    """A contact of a client: the kind of channel and the address in it."""

    kind: Key
    value: Name


class Representative(Input):
    """The representative of a client and the authority to act (O-2.2)."""

    name: Name
    authority: Name
    contacts: Annotated[list[Contact], Field(max_length=10)] = []


class Client(Input):
    """An external client (O-2.2)."""

    kind: ClientKind
    name: Name
    contacts: Annotated[list[Contact], Field(max_length=10)] = []
    representative: Representative | None = None


FileName = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^/\\\\\x00-\x1f\x7f-\x9f]+$")]
"""A file name without path separators and control characters."""


class Attachment(Input):
    """A file of a message. Its content must match its content type."""

    name: FileName
    content_type: Label = Field(description="One of the accepted types: " + ", ".join(CONTENT_TYPES))
    content: Annotated[str, StringConstraints(min_length=1, max_length=1_400_000)] = Field(
        description="The content in Base64."
    )


class MessageCreate(Input):
    """A message or comment registered by a channel or an operator."""

    interaction_point_id: Id
    kind: MessageKind
    external_id: ExternalId | None = None
    thread_external_id: ExternalId | None = None
    text: FreeText
    received_at: Moment
    client: Client
    continues_id: Id | None = Field(
        default=None, description="The message after which the client moved to this channel (O-6.2.3b)."
    )
    attachments: Annotated[list[Attachment], Field(max_length=10)] = []
    model_config = example(
        {
            "interaction_point_id": example_ids.POINT,
            "kind": "comment",
            "external_id": "wall-1_77",
            "thread_external_id": "wall-1_70",
            "text": "Где узнать про льготный заём?",
            "received_at": "2026-11-24T10:15:00+07:00",
            "client": {"kind": "individual", "name": "Иван П.", "contacts": [{"kind": "vk", "value": "id123"}]},
            "attachments": [],
        }
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


class MessageSatisfaction(Input):
    """The client's rating of the answer, in the values of question 21 of the survey (A-1)."""

    satisfaction: Annotated[int, Field(strict=True, ge=1, le=2)] = Field(
        description="1: rather satisfied (скорее удовлетворен); 2: rather dissatisfied (скорее не удовлетворен)."
    )
    model_config = example({"satisfaction": 1})


class RevisionCreate(Input):
    """An edit or deletion of a message at its source."""

    text: FreeText | None = None
    is_deleted: bool = Field(default=False, strict=True)
    changed_at: Moment
    model_config = example(
        {"text": "Где узнать про льготный заём? Спасибо!", "changed_at": "2026-11-24T10:20:00+07:00"}
    )


class BulkAction(StrEnum):
    """Actions available in bulk."""

    ASSIGN = "assign"
    SPAM = "spam"
    CLOSE = "close"


class MessageBulk(Input):
    """One action on up to 500 messages.

    `close` requires `reason` and `spam` accepts it; `assign` requires an assignee or a unit.
    """

    action: BulkAction
    ids: Annotated[list[Id], Field(min_length=1, max_length=500)]
    reason: Note | None = None
    assignee_id: Id | None = None
    unit_id: Id | None = None
    model_config = example({"action": "close", "ids": [example_ids.MESSAGE], "reason": "Вопрос решён"})


class CompetentBodyCreate(Input):
    """A body competent for questions outside the ministry's competence, with the explanation for clients."""

    name: Name
    questions: Note
    explanation: FreeText
    address: Address | None = None
    model_config = example(
        {
            "name": "Министерство здравоохранения Новосибирской области",
            "questions": "Медицинская помощь, лекарства, работа поликлиник",
            "explanation": "Здравствуйте! На вопросы о медицинской помощи отвечает министерство здравоохранения.",
            "address": "https://zdrav.nso.ru",
        }
    )


class CompetentBodyPatch(Input):
    """Changes to a competent body. A closed body is no longer proposed."""

    name: Name = Field(default="")
    questions: Note = Field(default="")
    explanation: FreeText = Field(default="")
    address: Address | None = None
    closed_on: Day | None = None
    model_config = example({"closed_on": "2026-12-31"})


class CompetentBodyRead(Output):
    """A competent body with its questions and the explanation for clients."""

    id: UUID
    name: str
    questions: str
    explanation: str
    address: str | None
    closed_on: date | None


class MessageSpam(Input):
    """An optional reason for marking a message as spam."""

    reason: Note | None = None
    model_config = example({"reason": "Реклама"})


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

    template_id: Id | None = None
    values: Values = {}
    text: FreeText | None = None
    offered_point_ids: Annotated[list[Id], Field(max_length=5)] = []
    model_config = example({"text": "Здравствуйте, Иван! Вот условия займа. Чем ещё помочь?"})


class ReplyReturn(Input):
    """The reason for returning a reply to its author."""

    reason: Note
    model_config = example({"reason": "Добавьте ссылку на условия"})


class ContactRead(Output):
    """A contact of a client."""

    kind: str
    value: str


class RepresentativeRead(Output):
    """The representative of a client."""

    name: str
    authority: str
    contacts: list[ContactRead]


class ClientRead(Output):
    """An external client."""

    kind: ClientKind
    name: str
    contacts: list[ContactRead]
    representative: RepresentativeRead | None


class NeedRead(Output):
    """The need of a client, with the time and author of the record (O-6.2.3a)."""

    summary: str
    recorded_at: LocalDateTime
    recorded_by: UUID


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


class ThreadEntryRead(Output):
    """A message or a sent reply in a thread (O-2.5)."""

    kind: Literal["message", "reply"]
    id: UUID
    message_id: UUID
    at: LocalDateTime
    text: str


class ProposalRead(Output):
    """The proposed topic and unit, with the words of the text that led to them. The decision is made in triage."""

    topic_id: UUID
    unit_id: UUID
    words: list[str]


class RedirectRead(Output):
    """The body to which the message was redirected, and the legal act."""

    to: str
    legal_act_id: UUID | None


class AppealRead(Output):
    """How an appeal was received and its number in the document management system."""

    came_by: str
    registration_number: str
    registered_at: LocalDateTime


class RevisionRead(Output):
    """The text of a message before an edit or deletion at its source."""

    kind: RevisionKind
    text: str
    changed_at: LocalDateTime
    recorded_at: LocalDateTime


class BulkItemRead(Output):
    """The result for one message: 200, or the status and code of the problem."""

    id: UUID
    status: int
    code: str | None
    title: str | None
    state: MessageState | None


class BulkRead(Output):
    """The results for the messages, in the order of the request."""

    done: int
    items: list[BulkItemRead]


class TimelineEntryRead(Output):
    """One event of a message, in words."""

    at: LocalDateTime
    kind: Literal["message", "step", "reply", "deadline", "revision"]
    what: str
    by: UUID | None


class TimelineRead(Output):
    """The events of a message, earliest first."""

    items: list[TimelineEntryRead]


class HistoryEntryRead(Output):
    """One step in the history of a message."""

    at: LocalDateTime
    what: str
    by: UUID | None
    from_state: MessageState | None
    to_state: MessageState
    note: str | None


class AttachmentRead(Output):
    """A file of a message; `GET …/attachments/{id}` downloads it."""

    id: UUID
    name: str
    content_type: str
    size: int


class SuspicionRead(Output):
    """A range of the text, in code points, that may contain personal data."""

    kind: PersonalDataKind
    start: int
    end: int


class MessageRead(Output):
    """A message with its thread, replies and history."""

    id: UUID
    number: str
    interaction_point_id: UUID
    kind: MessageKind
    external_id: str | None
    thread_external_id: str | None
    text: str
    received_at: LocalDateTime
    registered_at: LocalDateTime
    updated_at: LocalDateTime
    client: ClientRead
    attachments: list[AttachmentRead]
    state: MessageState
    message_class: MessageClass = Field(alias="class")
    competence: Competence | None
    triage_reason: str | None
    triaged_at: LocalDateTime | None
    triaged_by: UUID | None = Field(description="The employee who decided on competence, topic and unit.")
    topic_id: UUID | None
    unit_id: UUID
    assignee_id: UUID | None
    priority: Priority
    proposal: ProposalRead | None = Field(description="Null for API clients.")
    duplicate_of: UUID | None
    continues_id: UUID | None
    redirect: RedirectRead | None
    appeal: AppealRead | None
    no_answer_reason: NoAnswerReason | None
    personal_data: list[SuspicionRead] = Field(description="Empty for API clients.")
    is_deleted_at_source: bool
    satisfaction: int | None = Field(description="The client's rating of the answer: 1 or 2 as in question 21.")
    revisions: list[RevisionRead] = Field(description="Empty for API clients.")
    due_at: LocalDateTime | None = Field(description="The earliest running deadline.")
    deadlines: list[DeadlineRead]
    need: NeedRead | None
    replies: list[ReplyRead]
    thread: list[ThreadEntryRead] = Field(
        description="At most the 100 newest messages of the thread, with sent replies."
    )
    history: list[HistoryEntryRead] = Field(description="Empty for API clients.")
