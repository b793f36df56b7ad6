"""Commands of messages."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from app.calendar.rules.terms import Pause, Roll, TermUnit
from app.messages.models import MessageClass, MessageKind, PauseReason, Priority, StartEvent
from app.messages.rules.deadlines import Stage


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
