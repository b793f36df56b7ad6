"""Facts about messages and replies."""

from uuid import UUID

from app.core.outbox import Event


class MessageRegistered(Event):
    """A message came in."""

    message_id: UUID


class MessageTriaged(Event):
    """Competence, topic and unit of a message were decided."""

    message_id: UUID
    competence: str


class MessageClosed(Event):
    """A message was closed."""

    message_id: UUID


class DeadlineNear(Event):
    """A deadline is near: the reminder of its policy."""

    message_id: UUID
    stage: str
    is_target: bool
    cycle: int


class DeadlineMissed(Event):
    """A deadline passed with nothing done: the head is told."""

    message_id: UUID
    stage: str
    is_target: bool
    cycle: int


class DeadlineMoved(Event):
    """Deadlines of a message moved with the working calendar."""

    message_id: UUID


class ReplySubmitted(Event):
    """A reply waits for approval."""

    message_id: UUID
    reply_id: UUID


class ReplyApproved(Event):
    """A reply was approved."""

    message_id: UUID
    reply_id: UUID


class ReplyReturned(Event):
    """A reply was returned to its author."""

    message_id: UUID
    reply_id: UUID


class ReplyQueued(Event):
    """A reply is to be delivered."""

    message_id: UUID
    reply_id: UUID


class ReplySent(Event):
    """A reply was delivered."""

    message_id: UUID
    reply_id: UUID
