"""Tables of threads, messages, their history, and replies."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.core.db import Row, VersionedRow, enum_column, json_column, limit
from app.messages.rules.lives import MessageState, ReplyState


class MessageKind(StrEnum):
    """A direct message, or a comment that others can read."""

    MESSAGE = "message"
    COMMENT = "comment"


class MessageClass(StrEnum):
    """What a message is before the law; a comment is no appeal under 59-FZ."""

    MESSAGE = "message"
    APPEAL = "appeal"
    INFORMATION_REQUEST = "information_request"
    MEDIA_REQUEST = "media_request"


class Competence(StrEnum):
    """Whether the question is the ministry's (O-6.2.1)."""

    WITHIN = "within"
    OUTSIDE = "outside"
    UNCLEAR = "unclear"


class Priority(StrEnum):
    """How soon it must be answered."""

    NORMAL = "normal"
    URGENT = "urgent"


class ClientKind(StrEnum):
    """Kinds of external clients (O-2.2)."""

    INDIVIDUAL = "individual"
    LEGAL_ENTITY = "legal_entity"
    SOLE_PROPRIETOR = "sole_proprietor"


class ReplyKind(StrEnum):
    """An answer on the merits, or the offer to go on in another channel (O-6.2.3b)."""

    ANSWER = "answer"
    CHANNEL_TRANSFER = "channel_transfer"


class MessageCounter(Row, table=True):
    """The last number given in a year."""

    __tablename__ = "message_counters"
    __table_args__ = (sa.UniqueConstraint("year", name="uq_message_counters_year"),)

    year: int
    last: int


class Thread(Row, table=True):
    """A conversation at a point, kept together and in order (O-2.5)."""

    __tablename__ = "threads"
    __table_args__ = (sa.UniqueConstraint("point_id", "external_id", name="uq_threads_external_id"),)

    point_id: UUID = Field(foreign_key="interaction_points.id")
    external_id: str | None = Field(default=None, max_length=255)


class Message(VersionedRow, table=True):
    """A client's message or comment."""

    __tablename__ = "messages"
    __table_args__ = (
        sa.UniqueConstraint("number", name="uq_messages_number"),
        sa.UniqueConstraint("point_id", "external_id", name="uq_messages_external_id"),
        sa.Index("ix_messages_unit_state", "unit_id", "state", "id"),
        sa.Index("ix_messages_unit_received", "unit_id", "received_at", "id"),
        sa.Index("ix_messages_point", "point_id", "id"),
        sa.Index("ix_messages_assignee", "assignee_id", "id"),
        limit("text", 10_000),
    )

    number: str = Field(max_length=20)
    organization_id: UUID = Field(foreign_key="organizations.id")
    point_id: UUID = Field(foreign_key="interaction_points.id")
    unit_id: UUID = Field(foreign_key="units.id")
    thread_id: UUID = Field(foreign_key="threads.id", index=True)
    kind: MessageKind = Field(sa_column=enum_column(MessageKind))
    message_class: MessageClass = Field(sa_column=enum_column(MessageClass))
    external_id: str | None = Field(default=None, max_length=255)
    thread_external_id: str | None = Field(default=None, max_length=255)
    content_hash: str = Field(max_length=64)
    text: str = Field(sa_type=sa.Text)
    search_text: str = Field(sa_type=sa.Text)
    client: dict[str, Any] = Field(sa_column=json_column())
    received_at: datetime
    registered_at: datetime
    updated_at: datetime = Field(index=True)
    state: MessageState = Field(sa_column=enum_column(MessageState))
    competence: Competence | None = Field(default=None, sa_column=enum_column(Competence, nullable=True))
    triage_reason: str | None = Field(default=None, max_length=2000)
    topic_id: UUID | None = Field(default=None, foreign_key="topics.id", index=True)
    need: dict[str, Any] | None = Field(default=None, sa_column=json_column(nullable=True))
    priority: Priority = Field(sa_column=enum_column(Priority))
    assignee_id: UUID | None = Field(default=None, foreign_key="employees.id")


class MessageEvent(Row, table=True):
    """One step of a message's history; never changed."""

    __tablename__ = "message_events"

    message_id: UUID = Field(foreign_key="messages.id", index=True)
    occurred_at: datetime
    what: str = Field(max_length=60)
    by_id: UUID | None = None
    from_state: MessageState | None = Field(
        default=None, sa_column=enum_column(MessageState, nullable=True, check="from_state_known")
    )
    to_state: MessageState = Field(sa_column=enum_column(MessageState, check="to_state_known"))
    note: str | None = Field(default=None, max_length=2000)


class Reply(VersionedRow, table=True):
    """A reply to a message; it keeps the template and version that it was made from (O-6.2.6)."""

    __tablename__ = "replies"
    __table_args__ = (limit("text", 10_000),)

    message_id: UUID = Field(foreign_key="messages.id", index=True)
    kind: ReplyKind = Field(sa_column=enum_column(ReplyKind))
    state: ReplyState = Field(sa_column=enum_column(ReplyState))
    text: str = Field(sa_type=sa.Text)
    template_id: UUID | None = Field(default=None, foreign_key="reply_templates.id", index=True)
    template_version: int | None = None
    template_values: dict[str, str] = Field(sa_column=json_column())
    offered_point_ids: list[str] = Field(sa_column=json_column())
    drafted_by: UUID = Field(foreign_key="employees.id")
    created_at: datetime
    submitted_at: datetime | None = None
    approved_by: UUID | None = Field(default=None, foreign_key="employees.id")
    approved_at: datetime | None = None
    returned_reason: str | None = Field(default=None, max_length=2000)
    sent_at: datetime | None = None
    external_id: str | None = Field(default=None, max_length=255)
