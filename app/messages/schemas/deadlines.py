"""API schemas of deadlines, deadline policies and the working calendar."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from app.core.schemas import Input, LocalDateTime, Output, example
from app.core.types import ChannelKey, Day, Id, Key, Label, Moment, Name
from app.messages.rules.calendar import DayKind
from app.messages.rules.deadlines import DeadlineState, Roll, Stage, TermUnit
from app.messages.rules.enums import MessageClass, MessageKind, PauseReason, Priority, StartEvent

Clock = Annotated[
    str, StringConstraints(min_length=5, max_length=5, pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")
]
"""Time of day as `HH:MM`; the end of an interval may be `24:00`."""
Interval = Annotated[list[Clock], Field(min_length=2, max_length=2)]
Hours = Annotated[list[Interval], Field(min_length=1, max_length=12)]
"""Working hours of a day: intervals in ascending order that do not overlap."""
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

    name: Name = Field(default="")
    amount: Amount = 1
    unit: TermUnit = TermUnit.CALENDAR_DAYS
    roll: Roll = Roll.NONE
    pauses: Pauses = []
    remind_hours_before: HoursBefore | None = None
    extension_days: ExtensionDays | None = None
    legal_act_id: Id | None = None
    clause: Label | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None
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
    interaction_point_id: UUID | None
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


class CalendarDayCreate(Input):
    """A correction of the calendar: a day off, a working day or a shortened day.

    Without an organization it applies to all of them.
    """

    organization_id: Id | None = None
    day: Day
    kind: DayKind
    name: Name
    working_hours: Hours | None = None
    model_config = example(
        {
            "day": "2026-12-30",
            "kind": "shortened",
            "name": "Сокращённый предпраздничный день",
            "working_hours": [["09:00", "13:00"], ["14:00", "17:00"]],
        }
    )


class CalendarDayPatch(Input):
    """Changes to a calendar correction."""

    kind: DayKind = DayKind.OFF
    name: Name = Field(default="")
    working_hours: Hours | None = None
    model_config = example({"name": "Выходной по указу"})


class MovedDeadline(Output):
    """A deadline moved by a change of the calendar."""

    message_id: UUID
    number: str
    stage: Stage
    moved_from: LocalDateTime = Field(alias="from")
    moved_to: LocalDateTime = Field(alias="to")


class MovedDeadlines(Output):
    """Deadlines of open messages moved by a change of the calendar. At most 100 are listed."""

    count: int
    items: list[MovedDeadline]


class CalendarDayRead(Output):
    """A calendar correction with the deadlines moved by its last change."""

    id: UUID
    organization_id: UUID | None
    day: date
    kind: DayKind
    name: str
    working_hours: list[list[str]] | None
    moved: MovedDeadlines


class WorkingHoursPut(Input):
    """Hours of an ordinary working day."""

    working_hours: Hours
    model_config = example({"working_hours": [["09:00", "13:00"], ["14:00", "18:00"]]})


class WorkingHoursRead(Output):
    """Hours of an ordinary working day of an organization, with the deadlines moved by their change."""

    organization_id: UUID
    working_hours: list[list[str]]
    moved: MovedDeadlines


class KnownDayRead(Output):
    """A day of the calendar, corrections included."""

    day: date
    is_working: bool
    name: str | None = Field(description="The name of the day off.")
    working_hours: list[list[str]]
    provisional: bool = Field(description="Whether the decree for this year is unknown.")


class KnownDaysRead(Output):
    """The calendar of a period."""

    items: list[KnownDayRead]
