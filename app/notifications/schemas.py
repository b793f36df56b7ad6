"""What the API gives about notifications."""

from uuid import UUID

from pydantic import Field

from app.core.schemas import LocalDateTime, Output
from app.notifications.models import NotificationKind


class NotificationRead(Output):
    """Something that the caller should look at."""

    id: UUID
    kind: NotificationKind
    text: str
    object_type: str = Field(description="What it is about, such as `message`.")
    object_id: UUID
    created_at: LocalDateTime
    read_at: LocalDateTime | None = Field(description="Null while it is unread.")


class UnreadCountRead(Output):
    """How many notifications the caller has not read."""

    count: int


class ReadAllRead(Output):
    """How many notifications were marked as read."""

    read: int
