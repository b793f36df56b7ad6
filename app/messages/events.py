"""Events of messages and replies."""

from datetime import datetime
from uuid import UUID

from app.core.outbox import Event


class MessageRegistered(Event):
    """A message was registered."""

    message_id: UUID


class MessageRevised(Event):
    """A message was edited or deleted at its source."""

    message_id: UUID
    revision_id: UUID
    by_id: UUID


class MessageTriaged(Event):
    """Competence, topic and unit of a message were decided."""

    message_id: UUID
    competence: str


class MessageAssigned(Event):
    """A message was assigned to an employee; `assignee_id` is None when the assignee was removed."""

    message_id: UUID
    message_version: int
    assignee_id: UUID | None
    by_id: UUID


class MessageMoved(Event):
    """A message was moved to another unit and has no assignee there."""

    message_id: UUID
    message_version: int


class MessageRedirected(Event):
    """A message was redirected to the competent body."""

    message_id: UUID


class AppealRegistered(Event):
    """A message was registered as an appeal."""

    message_id: UUID


class ClientWroteAgain(Event):
    """A client wrote again in a thread that was answered, closed or awaited the client."""

    message_id: UUID
    by_message_id: UUID


class DeadlineExtended(Event):
    """The deadline of the final reply was extended."""

    message_id: UUID
    days: int


class MessageClosed(Event):
    """A message was closed."""

    message_id: UUID


class DeadlineNear(Event):
    """The reminder time of a deadline was reached."""

    message_id: UUID
    stage: str
    is_target: bool
    cycle: int
    due_at: datetime


class DeadlineMissed(Event):
    """A deadline was missed."""

    message_id: UUID
    stage: str
    is_target: bool
    cycle: int
    due_at: datetime


class DeadlineMoved(Event):
    """Deadlines of a message moved with a change of the working calendar."""

    message_id: UUID
    message_version: int


class ReplySubmitted(Event):
    """A reply was submitted for approval."""

    message_id: UUID
    reply_id: UUID
    reply_version: int
    """The submitted version; it distinguishes one submission from the next."""


class ReplyApproved(Event):
    """A reply was approved."""

    message_id: UUID
    reply_id: UUID


class ReplyReturned(Event):
    """A reply was returned to its author."""

    message_id: UUID
    reply_id: UUID
    reply_version: int
    """The returned version; it distinguishes one return from the next."""


class ReplyNotSent(Event):
    """A queued reply was not sent: the partner refused it, or a point that it names is no longer in force."""

    message_id: UUID
    reply_id: UUID
    reply_version: int
    reason: str
    """A stable code, such as `point_not_in_force`."""


class ReplyUncertain(Event):
    """Sending of a reply was interrupted, and it is unknown whether it arrived."""

    message_id: UUID
    reply_id: UUID
    reply_version: int


class ReplySent(Event):
    """A reply was delivered."""

    message_id: UUID
    reply_id: UUID
