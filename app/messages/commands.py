"""Commands of messages, replies, deadline policies and competent bodies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from app.attachments.commands import EncodedFile
from app.calendar.rules.terms import Pause, Roll, TermUnit
from app.clients.service import ClientCard
from app.messages.rules.deadlines import Stage
from app.messages.rules.enums import (
    BulkAction,
    Competence,
    MessageClass,
    MessageKind,
    PauseReason,
    Priority,
    ReplyKind,
    StartEvent,
)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPolicy:
    """A new deadline policy; a criterion that is None matches every message."""

    key: str
    name: str
    stage: Stage
    is_target: bool
    organization_id: UUID | None
    message_class: MessageClass | None
    kind: MessageKind | None
    channel: str | None
    point_id: UUID | None
    priority: Priority | None
    unit: TermUnit
    amount: int
    roll: Roll
    start_event: StartEvent
    pauses: list[PauseReason]
    remind_hours_before: int | None
    extension_days: int | None
    legal_act_id: UUID | None
    clause: str | None
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewTerm:
    """A term to preview without a stored policy."""

    unit: TermUnit
    amount: int
    roll: Roll
    stage: Stage
    working_hours: list[list[str]] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPreview:
    """A start and the policy to apply to it, either stored or a term."""

    policy_id: UUID | None
    policy: PreviewTerm | None
    started_at: datetime
    organization_id: UUID | None
    pauses: list[Pause]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCompetentBody:
    """A new competent body with the explanation for clients."""

    name: str
    questions: str
    explanation: str
    address: str | None
