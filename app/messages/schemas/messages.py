"""What the API takes and gives about messages and replies."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

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
from app.messages.rules.attachments import CONTENT_TYPES
from app.messages.rules.states import MessageState, ReplyState
from app.messages.schemas.deadlines import DeadlineRead
from app.reply_templates.schemas import Values
from app.text_check.schemas import FindingRead, ReadabilityRead


class Contact(Input):
    """A way to reach a client: the kind of channel and the address in it."""

    kind: Key
    value: Name


class Representative(Input):
    """Who acts for a client, and by what authority (O-2.2)."""

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
"""The name of a file, without path separators and control characters."""


class Attachment(Input):
    """A file that comes with a message. Its content must be of the type it is said to be."""

    name: FileName
    content_type: Label = Field(description="One of the types taken: " + ", ".join(CONTENT_TYPES))
    content: Annotated[str, StringConstraints(min_length=1, max_length=1_400_000)] = Field(description="In Base64.")


class MessageCreate(Input):
    """A message or comment as a channel or an operator hands it in."""

    interaction_point_id: Id
    kind: MessageKind
    external_id: ExternalId | None = None
    thread_external_id: ExternalId | None = None
    text: FreeText
    received_at: Moment
    client: Client
    continues_id: Id | None = Field(
        default=None, description="The message whose client was asked to go on here, and does (O-6.2.3b)."
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
    """The analysed need of a client (O-6.2.3a)."""

    summary: Note


TriagedClass = Literal[MessageClass.MESSAGE, MessageClass.INFORMATION_REQUEST, MessageClass.MEDIA_REQUEST]


class MessageTriage(Input):
    """The decision on a message; `reason` is required for outside and unclear."""

    competence: Competence
    topic_id: Id | None = None
    unit_id: Id
    priority: Priority = Priority.NORMAL
    need: Need
    reason: Note | None = None
    message_class: TriagedClass | None = Field(
        default=None, alias="class", description="Left out: as it is. An appeal is made by `register_as_appeal` only."
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
    """Who works on a message; a head may name another unit."""

    assignee_id: Id | None = None
    unit_id: Id | None = None
    model_config = example({"assignee_id": example_ids.OPERATOR})


class MessageReason(Input):
    """Why a message is closed or taken up again."""

    reason: Note
    model_config = example({"reason": "Вопрос решён по телефону"})


class MessageClose(Input):
    """Why a message is closed; for an appeal without an answer also the reason that the law knows."""

    reason: Note
    no_answer_reason: NoAnswerReason | None = None
    model_config = example({"reason": "Вопрос решён по телефону"})


class MessageDuplicate(Input):
    """The message that this one repeats."""

    of: Id
    model_config = example({"of": example_ids.MESSAGE})


class MessageMerge(Input):
    """The message into whose thread what the same client wrote is brought."""

    into: Id
    model_config = example({"into": example_ids.MESSAGE})


class MessageRedirect(Input):
    """Who is competent, the act that says so, and what the client is told."""

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
    """Why the final reply is put off, and by how many days."""

    reason: Note
    days: Annotated[int, Field(strict=True, ge=1, le=365)]
    model_config = example({"reason": "Запрошены сведения у другого ведомства", "days": 15})


class AppealRegister(Input):
    """How the appeal came, and its number in the document system."""

    came_by: Name
    registration_number: Label
    model_config = example({"came_by": "Платформа обратной связи", "registration_number": "01-45/1234"})


class RegistrationCorrect(Input):
    """The right number of an appeal in the document system."""

    registration_number: Label
    model_config = example({"registration_number": "01-45/1235"})


class MessageSatisfaction(Input):
    """How the client rated the answer, in the values of question 21 of the survey (A-1)."""

    satisfaction: Annotated[int, Field(strict=True, ge=1, le=2)] = Field(
        description="1: скорее удовлетворен, 2: скорее не удовлетворен."
    )
    model_config = example({"satisfaction": 1})


class RevisionCreate(Input):
    """What happened to a message at its source: a new text, or its deletion."""

    text: FreeText | None = None
    is_deleted: bool = Field(default=False, strict=True)
    changed_at: Moment
    model_config = example(
        {"text": "Где узнать про льготный заём? Спасибо!", "changed_at": "2026-11-24T10:20:00+07:00"}
    )


class BulkAction(StrEnum):
    """What can be done to many messages at once."""

    ASSIGN = "assign"
    SPAM = "spam"
    CLOSE = "close"


class MessageBulk(Input):
    """One action on up to 500 messages; `reason` for close and spam, assignee or unit for assign."""

    action: BulkAction
    ids: Annotated[list[Id], Field(min_length=1, max_length=500)]
    reason: Note | None = None
    assignee_id: Id | None = None
    unit_id: Id | None = None
    model_config = example({"action": "close", "ids": [example_ids.MESSAGE], "reason": "Вопрос решён"})


class CompetentBodyCreate(Input):
    """Who is competent for questions that are not the ministry's, and what clients are told."""

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
    """Changes of a competent body; closed, it is not proposed any more."""

    name: Name = Field(default="")
    questions: Note = Field(default="")
    explanation: FreeText = Field(default="")
    address: Address | None = None
    closed_on: Day | None = None
    model_config = example({"closed_on": "2026-12-31"})


class CompetentBodyRead(Output):
    """Who is competent for what, with the explanation prepared for clients."""

    id: UUID
    name: str
    questions: str
    explanation: str
    address: str | None
    closed_on: date | None


class MessageSpam(Input):
    """Why a message is spam, if there is something to say."""

    reason: Note | None = None
    model_config = example({"reason": "Реклама"})


class ReplyCreate(Input):
    """A draft: a free text, or a template with values; the text wins."""

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
    """Changes of a draft."""

    template_id: Id | None = None
    values: Values = {}
    text: FreeText | None = None
    offered_point_ids: Annotated[list[Id], Field(max_length=5)] = []
    model_config = example({"text": "Здравствуйте, Иван! Вот условия займа. Чем ещё помочь?"})


class ReplyReturn(Input):
    """Why a reply goes back to its author."""

    reason: Note
    model_config = example({"reason": "Добавьте ссылку на условия"})


class ContactRead(Output):
    """A way to reach a client."""

    kind: str
    value: str


class RepresentativeRead(Output):
    """Who acts for a client."""

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
    """The analysed need, with when and by whom it was recorded (O-6.2.3a)."""

    summary: str
    recorded_at: LocalDateTime
    recorded_by: UUID


class ReplyRead(Output):
    """A reply. API clients see only those that were sent."""

    id: UUID
    message_id: UUID
    kind: ReplyKind
    state: ReplyState
    text: str
    template_id: UUID | None
    template_version: int | None
    offered_point_ids: list[UUID]
    findings: list[FindingRead] = Field(description="Of the last check: `POST …/check` renews it.")
    readability: ReadabilityRead | None = Field(description="Null for a text without words.")
    drafted_by: UUID
    created_at: LocalDateTime
    submitted_at: LocalDateTime | None
    approved_by: UUID | None
    approved_at: LocalDateTime | None
    returned_reason: str | None
    sent_at: LocalDateTime | None
    external_id: str | None


class ThreadEntryRead(Output):
    """A message or a sent reply of the thread, in the order of time (O-2.5)."""

    kind: Literal["message", "reply"]
    id: UUID
    message_id: UUID
    at: LocalDateTime
    text: str


class ProposalRead(Output):
    """The topic and unit that the text speaks for, with the words that led to them; a person decides."""

    topic_id: UUID
    unit_id: UUID
    words: list[str]


class RedirectRead(Output):
    """Who the question was handed to, and by which act."""

    to: str
    legal_act_id: UUID | None


class AppealRead(Output):
    """How an appeal came, and its number in the document system."""

    came_by: str
    registration_number: str
    registered_at: LocalDateTime


class RevisionRead(Output):
    """A text that stood at the source before it was edited or deleted there."""

    kind: RevisionKind
    text: str
    changed_at: LocalDateTime
    recorded_at: LocalDateTime


class BulkItemRead(Output):
    """What became of one message: 200, or the refusal's status and code."""

    id: UUID
    status: int
    code: str | None
    title: str | None
    state: MessageState | None


class BulkRead(Output):
    """What became of each message, in the order asked."""

    done: int
    items: list[BulkItemRead]


class TimelineEntryRead(Output):
    """One thing that happened, in words."""

    at: LocalDateTime
    kind: Literal["message", "step", "reply", "deadline", "revision"]
    what: str
    by: UUID | None


class TimelineRead(Output):
    """Everything that happened to a message, in the order of time."""

    items: list[TimelineEntryRead]


class HistoryEntryRead(Output):
    """One step of a message's life."""

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
    """A place of the text, in code points, that may hold personal data."""

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
    triaged_by: UUID | None = Field(description="Who decided on competence, topic and unit.")
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
    satisfaction: int | None = Field(description="How the client rated the answer: 1 or 2 as in question 21.")
    revisions: list[RevisionRead] = Field(description="Empty for API clients.")
    due_at: LocalDateTime | None = Field(description="The earliest deadline that still runs.")
    deadlines: list[DeadlineRead]
    need: NeedRead | None
    replies: list[ReplyRead]
    thread: list[ThreadEntryRead] = Field(description="At most the newest 100 messages of the thread.")
    history: list[HistoryEntryRead] = Field(description="Empty for API clients.")
