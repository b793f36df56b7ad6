"""Bodies of control: the head's queue, signed-off months, control notes (O-10)."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from app.core import example_ids
from app.core.schemas import Input, LocalDateTime, Output, example
from app.core.types import Id, Note
from app.monitoring.models import NotedType

Month = Annotated[str, StringConstraints(max_length=7, pattern=r"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])$")]
"""`YYYY-MM`."""


class QueueRead(Output):
    """Numbers of open messages, in total and by what needs attention."""

    open: int
    due_today: int = Field(description="Due before the end of the day, without overdue ones.")
    overdue: int
    awaiting_approval: int
    returned: int = Field(description="Messages with a returned reply that is not yet corrected.")
    without_assignee: int


class EmployeeLoadRead(QueueRead):
    """The workload of one employee of the unit; null stands for unassigned messages."""

    employee_id: UUID | None
    name: str | None


class ChannelLoadRead(QueueRead):
    """The workload of one kind of channel."""

    channel: str
    name: str


class UnitQueueRead(Output):
    """The queue of a unit (O-10); `/messages` lists the messages themselves by the same filters."""

    unit_id: UUID
    at: LocalDateTime
    total: QueueRead
    by_employee: list[EmployeeLoadRead]
    by_channel: list[ChannelLoadRead]
    open_control_notes: int
    templates_due_soon: int = Field(description="Reply templates due for review soon (`/reply-templates?review=…`).")
    templates_past_review: int = Field(description="Reply templates with an overdue review (O-6.2.6).")


class MonthFiguresRead(Output):
    """A unit's messages received in a month, by outcome, and their deadlines."""

    received: int
    answered: int = Field(description="Messages with a sent answer, including closed ones.")
    redirected: int
    appeals: int
    spam: int
    open: int
    limits_met: int
    limits_missed: int
    targets_met: int
    targets_missed: int


class SignOffCreate(Input):
    """The month to sign off; it must be over."""

    month: Month
    model_config = example({"month": "2026-10"})

    @property
    def first_day(self) -> date:
        """The first day of the month."""
        return date.fromisoformat(f"{self.month}-01")


class SignOffRead(Output):
    """A month's figures as signed off and as they are now, with the names of the changed ones."""

    id: UUID
    unit_id: UUID
    month: str
    signed_at: LocalDateTime
    signed_by: UUID
    figures: MonthFiguresRead
    now: MonthFiguresRead
    changed: list[str]


class ControlNoteCreate(Input):
    """A note on a message, reply, reply template, survey submission or target."""

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
    created_at: LocalDateTime
    created_by: UUID | None = Field(
        description="Null for a note that the service created because a target was not reached."
    )
    resolution: str | None
    resolved_at: LocalDateTime | None
    resolved_by: UUID | None
