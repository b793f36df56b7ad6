"""Response schemas of notifications."""

from uuid import UUID

from pydantic import Field

from app.core.schemas import LocalDateTime, Output
from app.notifications.rules import NotificationKind


class NotificationRead(Output):
    """A notification of the caller."""

    id: UUID
    kind: NotificationKind
    text: str
    object_type: str = Field(description="The type of the object that the notification is about, such as `message`.")
    object_id: UUID
    created_at: LocalDateTime
    read_at: LocalDateTime | None = Field(description="Null while the notification is unread.")


class UnreadCountRead(Output):
    """The number of unread notifications."""

    count: int


class ReadAllRead(Output):
    """The number of notifications that were marked as read."""

    read: int
