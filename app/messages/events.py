"""Facts about messages and replies."""

from datetime import datetime
from uuid import UUID

from app.core.outbox import Event


class MessageRegistered(Event):
    """A message came in."""

    message_id: UUID


class MessageRevised(Event):
    """A message was edited or deleted where its client wrote it."""

    message_id: UUID
    revision_id: UUID
    by_id: UUID


class MessageTriaged(Event):
    """Competence, topic and unit of a message were decided."""

    message_id: UUID
    competence: str


class MessageAssigned(Event):
    """A message was given to an employee, or with None to nobody of the unit yet."""

    message_id: UUID
    message_version: int
    assignee_id: UUID | None
    by_id: UUID


class MessageMoved(Event):
    """A message was given to another unit, where nobody has it yet."""

    message_id: UUID
    message_version: int


class MessageRedirected(Event):
    """A message was handed to who is competent."""

    message_id: UUID


class AppealRegistered(Event):
    """A message was registered as an appeal."""

    message_id: UUID


class ClientWroteAgain(Event):
    """A client wrote again in a thread that was answered or waited for them."""

    message_id: UUID
    by_message_id: UUID


class DeadlineExtended(Event):
    """The final reply was put off within the law."""

    message_id: UUID
    days: int


class MessageClosed(Event):
    """A message was closed."""

    message_id: UUID


class DeadlineNear(Event):
    """A deadline is near: the reminder of its policy."""

    message_id: UUID
    stage: str
    is_target: bool
    cycle: int
    due_at: datetime


class DeadlineMissed(Event):
    """A deadline passed with nothing done: the head is told."""

    message_id: UUID
    stage: str
    is_target: bool
    cycle: int
    due_at: datetime


class DeadlineMoved(Event):
    """Deadlines of a message moved with the working calendar."""

    message_id: UUID
    message_version: int


class ReplySubmitted(Event):
    """A reply waits for approval."""

    message_id: UUID
    reply_id: UUID
    reply_version: int
    """The version that was handed in: it tells one submission of a reply from the next."""


class ReplyApproved(Event):
    """A reply was approved."""

    message_id: UUID
    reply_id: UUID


class ReplyReturned(Event):
    """A reply was returned to its author."""

    message_id: UUID
    reply_id: UUID
    reply_version: int
    """The version that was returned: it tells one return of a reply from the next."""


class ReplyNotSent(Event):
    """A queued reply was not sent: a point that it names was switched off meanwhile, or the partner refuses it."""

    message_id: UUID
    reply_id: UUID
    reply_version: int
    reason: str
    """A stable word; `point_not_in_force` for a point that was switched off."""


class ReplyUncertain(Event):
    """A reply was cut off while it was sent, and nobody knows whether it arrived."""

    message_id: UUID
    reply_id: UUID
    reply_version: int


class ReplySent(Event):
    """A reply was delivered."""

    message_id: UUID
    reply_id: UUID
