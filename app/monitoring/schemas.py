"""What monitoring answers."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from app.core import example_ids
from app.core.schemas import Input, Output, ShownMoment, example
from app.core.types import Id, Note
from app.monitoring.models import NotedType

Month = Annotated[str, StringConstraints(max_length=7, pattern=r"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])$")]
"""`YYYY-MM`."""


class GroupBy(StrEnum):
    """By what the figures are grouped."""

    DAY = "day"
    MONTH = "month"
    MUNICIPALITY = "municipality"
    ORGANIZATION = "organization"
    SOURCE = "source"
    FORM_VERSION = "form_version"


class ShareRead(Output):
    """The share of satisfied clients with its n and 95 % Wilson interval; nulls without answers."""

    n: int
    satisfied: int
    share: float | None
    low: float | None
    high: float | None


class GroupRead(ShareRead):
    """The figures of one group."""

    key: str
    name: str


class SatisfactionRead(Output):
    """Satisfaction over a period (O-11, A-1 question 21)."""

    since: date | None = Field(alias="from")
    until: date | None = Field(alias="to")
    group_by: GroupBy | None
    total: ShareRead
    items: list[GroupRead]


class TemplateGroupBy(StrEnum):
    """By what uses of templates are grouped."""

    TEMPLATE = "template"
    UNIT = "unit"
    CHANNEL = "channel"


class UseRead(Output):
    """How templates were used: `n` insertions into replies, and what became of them."""

    n: int
    sent: int
    sent_unchanged: int = Field(description="Sent in the words of the template, its values put in.")
    edited: int
    mean_changed_share: float | None = Field(
        description="How much of the texts sent is not the templates' words, 0 to 1; null when none was sent."
    )
    last_used_at: ShownMoment | None
    satisfaction: ShareRead


class TemplateUseRead(UseRead):
    """The uses of one group."""

    key: str
    name: str


class TemplateUsesRead(Output):
    """Uses of reply templates over a period (O-6.2.6)."""

    since: date | None = Field(alias="from")
    until: date | None = Field(alias="to")
    group_by: TemplateGroupBy | None
    total: UseRead
    items: list[TemplateUseRead]


class QueueRead(Output):
    """How much of a unit's work is open, and how much of it asks for the head."""

    open: int
    due_today: int = Field(description="Due before the day ends, overdue ones not counted.")
    overdue: int
    awaiting_approval: int
    returned: int = Field(description="Messages with a reply that was returned and is not mended yet.")
    without_assignee: int


class EmployeeLoadRead(QueueRead):
    """The work of one employee; null: nobody has it yet."""

    employee_id: UUID | None
    name: str | None


class ChannelLoadRead(QueueRead):
    """The work that came by one kind of channel."""

    channel: str
    name: str


class UnitQueueRead(Output):
    """What a head sees of their unit (O-10); `/messages` lists the messages themselves by the same filters."""

    unit_id: UUID
    at: ShownMoment
    total: QueueRead
    by_employee: list[EmployeeLoadRead]
    by_channel: list[ChannelLoadRead]
    open_control_notes: int
    templates_due_soon: int = Field(description="Reply templates whose review is near (`/reply-templates?review=…`).")
    templates_past_review: int = Field(description="Those that were not confirmed as current in time (O-6.2.6).")


class MonthFiguresRead(Output):
    """A unit's messages received in a month, and what became of them and of their deadlines."""

    received: int
    answered: int
    redirected: int
    appeals: int
    spam: int
    open: int
    limits_met: int
    limits_missed: int
    targets_met: int
    targets_missed: int


class SignOffCreate(Input):
    """The month whose figures the head confirms; it must be over."""

    month: Month
    model_config = example({"month": "2026-10"})


class SignOffRead(Output):
    """A month's figures as they were confirmed, and as they are now; what changed since is named."""

    id: UUID
    unit_id: UUID
    month: str
    signed_at: ShownMoment
    signed_by: UUID
    figures: MonthFiguresRead
    now: MonthFiguresRead
    changed: list[str]


class SignOffsRead(Output):
    """The months of a unit that were signed off, the latest first."""

    items: list[SignOffRead]


class ControlNoteCreate(Input):
    """A remark on a message, reply, reply template or survey submission."""

    object_type: NotedType
    object_id: Id
    text: Note
    model_config = example(
        {"object_type": "reply_template", "object_id": example_ids.TEMPLATE, "text": "Добавьте срок рассмотрения"}
    )


class ControlNoteResolve(Input):
    """What was done about a note."""

    resolution: Note
    model_config = example({"resolution": "Срок добавлен"})


class ControlNoteRead(Output):
    """A control note with its resolution (O-10)."""

    id: UUID
    unit_id: UUID
    object_type: NotedType
    object_id: UUID
    text: str
    created_at: ShownMoment
    created_by: UUID
    resolution: str | None
    resolved_at: ShownMoment | None
    resolved_by: UUID | None
