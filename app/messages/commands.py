"""Commands of messages and replies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.attachments.commands import EncodedFile
from app.clients.service import ClientCard
from app.messages.rules.enums import BulkAction, Competence, MessageClass, MessageKind, Priority, ReplyKind


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A message or comment to register."""

    interaction_point_id: UUID
    kind: MessageKind
    text: str
    received_at: datetime
    client: ClientCard
    external_id: str | None = None
    thread_external_id: str | None = None
    continues_id: UUID | None = None
    attachments: Sequence[EncodedFile] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageDecision:
    """The decision on a message; without a class the message keeps its own."""

    competence: Competence
    unit_id: UUID
    need: str
    topic_id: UUID | None = None
    priority: Priority = Priority.NORMAL
    reason: str | None = None
    message_class: MessageClass | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkChange:
    """One action on many messages."""

    action: BulkAction
    ids: Sequence[UUID]
    reason: str | None = None
    assignee_id: UUID | None = None
    unit_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReply:
    """A draft from a text or from a template with values. If both are given, the text is used."""

    kind: ReplyKind
    values: Mapping[str, str]
    template_id: UUID | None = None
    text: str | None = None
    offered_point_ids: Sequence[UUID] = ()
