"""Events of messages and replies."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from app.core.outbox import Event


class MessageEvent(Event):
    """The base class of events of a message."""

    message_id: UUID


class ReplyEvent(MessageEvent):
    """The base class of events of a reply."""

    reply_id: UUID


class MessageRegistered(MessageEvent):
    """A message was registered."""

    type: ClassVar = "message.registered"


class MessageRevised(MessageEvent):
    """A message was edited or deleted at its source."""

    type: ClassVar = "message.revised"
    revision_id: UUID
    by_id: UUID


class MessageTriaged(MessageEvent):
    """Competence, topic and unit of a message were decided."""

    type: ClassVar = "message.triaged"
    competence: str


class MessageAssigned(MessageEvent):
    """A message was assigned to an employee; `assignee_id` is None when the assignee was removed."""

    type: ClassVar = "message.assigned"
    message_version: int
    assignee_id: UUID | None
    by_id: UUID


class MessageMoved(MessageEvent):
    """A message was moved to another unit and has no assignee there."""

    type: ClassVar = "message.moved"
    message_version: int


class MessageRedirected(MessageEvent):
    """A message was redirected to the competent body."""

    type: ClassVar = "message.redirected"


class AppealRegistered(MessageEvent):
    """A message was registered as an appeal."""

    type: ClassVar = "message.registered_as_appeal"


class ClientWroteAgain(MessageEvent):
    """A client wrote again in a thread that was answered, closed or awaited the client."""

    type: ClassVar = "message.client_wrote_again"
    by_message_id: UUID


class DeadlineExtended(MessageEvent):
    """The deadline of the final reply was extended."""

    type: ClassVar = "message.extended"
    days: int


class MessageClosed(MessageEvent):
    """A message was closed."""

    type: ClassVar = "message.closed"


class DeadlineNear(MessageEvent):
    """The reminder time of a deadline was reached."""

    type: ClassVar = "deadline.near"
    stage: str
    is_target: bool
    cycle: int
    due_at: datetime


class DeadlineMissed(MessageEvent):
    """A deadline was missed."""

    type: ClassVar = "deadline.missed"
    stage: str
    is_target: bool
    cycle: int
    due_at: datetime


class DeadlineMoved(MessageEvent):
    """Deadlines of a message moved with a change of the working calendar."""

    type: ClassVar = "deadline.moved"
    message_version: int


class ReplySubmitted(ReplyEvent):
    """A reply was submitted for approval."""

    type: ClassVar = "reply.submitted"
    reply_version: int
    """The submitted version; it distinguishes one submission from the next."""


class ReplyApproved(ReplyEvent):
    """A reply was approved."""

    type: ClassVar = "reply.approved"


class ReplyReturned(ReplyEvent):
    """A reply was returned to its author."""

    type: ClassVar = "reply.returned"
    reply_version: int
    """The returned version; it distinguishes one return from the next."""


class ReplyNotSent(ReplyEvent):
    """A queued reply was not sent: the partner refused it, or a point that it names is no longer in force."""

    type: ClassVar = "reply.not_sent"
    reply_version: int
    reason: str
    """A stable code, such as `point_not_in_force`."""


class ReplyUncertain(ReplyEvent):
    """Sending of a reply was interrupted, and it is unknown whether it arrived."""

    type: ClassVar = "reply.uncertain"
    reply_version: int


class ReplySent(ReplyEvent):
    """A reply was delivered."""

    type: ClassVar = "reply.sent"
