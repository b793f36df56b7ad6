"""The table of attachments."""

from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.core.db import Table, length_check


class MessageAttachment(Table, table=True):
    """A file of a message. The content is stored under its SHA-256. Append-only."""

    __tablename__ = "message_attachments"
    __table_args__ = (
        sa.UniqueConstraint("message_id", "position", name="uq_message_attachments_position"),
        sa.CheckConstraint("size > 0", name="size_positive"),
        length_check("name", 255),
    )

    message_id: UUID = Field(foreign_key="messages.id")
    position: int
    name: str = Field(max_length=255)
    content_type: str = Field(max_length=100)
    size: int
    sha256: str = Field(max_length=64, index=True)
