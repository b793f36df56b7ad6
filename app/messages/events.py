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


class ReplyQueued(Event):
    """A reply is to be delivered."""

    message_id: UUID
    reply_id: UUID


class ReplySent(Event):
    """A reply was delivered."""

    message_id: UUID
    reply_id: UUID
