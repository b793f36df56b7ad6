"""API schemas of messages with their thread, replies and history."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from app.attachments.schemas import AttachmentRead
from app.clients.service import ClientKind
from app.core.schemas import LocalDateTime, Output
from app.language.personal_data import PersonalDataKind
from app.messages.rules.enums import (
    Competence,
    MessageClass,
    MessageKind,
    NoAnswerReason,
    Priority,
    RevisionKind,
)
from app.messages.rules.states import MessageState
from app.messages.schemas.deadlines import DeadlineRead
from app.messages.schemas.replies import ReplyRead


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


class HistoryEntryRead(Output):
    """One step in the history of a message."""

    at: LocalDateTime
    what: str
    by: UUID | None
    from_state: MessageState | None
    to_state: MessageState
    note: str | None


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


class TimelineEntryRead(Output):
    """One event of a message, in words."""

    at: LocalDateTime
    kind: Literal["message", "step", "reply", "deadline", "revision"]
    what: str
    by: UUID | None


class TimelineRead(Output):
    """The events of a message, earliest first."""

    items: list[TimelineEntryRead]
