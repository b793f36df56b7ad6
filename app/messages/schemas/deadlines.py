"""API schemas of deadlines and deadline policies."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AliasChoices, Field

from app.calendar.rules.terms import Roll, TermUnit
from app.calendar.schemas import Hours
from app.core.schemas import NOT_GIVEN, Input, LocalDateTime, Output, example
from app.core.types import ChannelKey, Day, Id, Key, Label, Moment, Name
from app.messages.models import MessageClass, MessageKind, PauseReason, Priority, StartEvent
from app.messages.rules.deadlines import DeadlineState, Stage

Amount = Annotated[int, Field(strict=True, ge=1, le=1000)]
HoursBefore = Annotated[int, Field(strict=True, ge=1, le=720)]
ExtensionDays = Annotated[int, Field(strict=True, ge=1, le=365)]
Pauses = Annotated[list[PauseReason], Field(max_length=5)]


class DeadlinePolicyCreate(Input):
    """A new deadline policy. A criterion that is null matches every message."""

    key: Key
    name: Name
    stage: Stage
    is_target: bool = Field(default=False, strict=True)
    organization_id: Id | None = None
    message_class: MessageClass | None = Field(default=None, alias="class")
    kind: MessageKind | None = None
    channel: ChannelKey | None = None
    interaction_point_id: Id | None = None
    priority: Priority | None = None
    unit: TermUnit
    amount: Amount
    roll: Roll
    start_event: StartEvent
    pauses: Pauses = []
    remind_hours_before: HoursBefore | None = None
    extension_days: ExtensionDays | None = None
    legal_act_id: Id | None = None
    clause: Label | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None
    model_config = example(
        {
            "key": "telegram-first-reply-target",
            "name": "Первый ответ в Телеграме (цель)",
            "stage": "first_reply",
            "is_target": True,
            "class": "message",
            "channel": "telegram",
            "unit": "working_hours",
            "amount": 4,
            "roll": "none",
            "start_event": "receipt",
            "pauses": [],
            "remind_hours_before": 1,
            "valid_from": "2026-12-01",
        }
    )


class DeadlinePolicyPatch(Input):
    """Changes to a policy. Deadlines that have started keep the policy as it was at their start."""

    name: Name = NOT_GIVEN
    amount: Amount = NOT_GIVEN
    unit: TermUnit = NOT_GIVEN
    roll: Roll = NOT_GIVEN
    pauses: Pauses = NOT_GIVEN
    remind_hours_before: HoursBefore | None = NOT_GIVEN
    extension_days: ExtensionDays | None = NOT_GIVEN
    legal_act_id: Id | None = NOT_GIVEN
    clause: Label | None = NOT_GIVEN
    valid_from: Day | None = NOT_GIVEN
    valid_to: Day | None = NOT_GIVEN
    model_config = example({"roll": "next", "remind_hours_before": 48})


class DeadlinePolicyRead(Output):
    """A deadline policy. A target has no legal act."""

    id: UUID
    key: str
    name: str
    stage: Stage
    is_target: bool
    organization_id: UUID | None
    message_class: MessageClass | None = Field(alias="class")
    kind: MessageKind | None
    channel: str | None
    interaction_point_id: UUID | None = Field(validation_alias=AliasChoices("interaction_point_id", "point_id"))
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


class InlinePolicy(Input):
    """A policy for a preview. It is not stored."""

    unit: TermUnit
    amount: Amount
    roll: Roll = Roll.NONE
    stage: Stage = Stage.FINAL_REPLY
    working_hours: Hours | None = None


class PauseInput(Input):
    """A period in which the deadline was paused."""

    since: Moment
    until: Moment


class DeadlinePreview(Input):
    """A start and the policy to apply to it, either stored or inline."""

    policy_id: Id | None = None
    policy: InlinePolicy | None = None
    started_at: Moment
    organization_id: Id | None = None
    pauses: Annotated[list[PauseInput], Field(max_length=20)] = []
    model_config = example(
        {
            "policy": {
                "unit": "calendar_days",
                "amount": 30,
                "roll": "previous",
                "working_hours": [["09:00", "13:00"], ["14:00", "18:00"]],
            },
            "started_at": "2025-12-02T10:00:00+07:00",
        }
    )


class StepRead(Output):
    """One step of the calculation, in words."""

    at: LocalDateTime
    what: str


class PreviewedStage(Output):
    """When a stage would be due, with the steps of the calculation."""

    stage: Stage
    due_at: LocalDateTime
    provisional: bool = Field(description="Whether the calendar of a year without a decree was used.")
    steps: list[StepRead]


class PreviewRead(Output):
    """The result of a preview."""

    stages: list[PreviewedStage]


class DeadlineRead(Output):
    """A deadline of a message: a limit set by a legal act, or a service target."""

    stage: Stage
    kind: Literal["limit", "target"]
    name: str
    started_at: LocalDateTime
    due_at: LocalDateTime
    provisional: bool = Field(description="Whether the calendar of a year without a decree was used.")
    state: DeadlineState
    ended_at: LocalDateTime | None
    extended_days: int
    policy_id: UUID
    legal_act: str | None


class ExplainedStage(DeadlineRead):
    """A deadline with the steps of its calculation."""

    steps: list[StepRead]


class ExplainRead(Output):
    """All deadlines of a message with the steps of their calculation."""

    stages: list[ExplainedStage]
