"""Tables of threads, messages, their history, replies and deadlines."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.calendar.rules.terms import Roll, TermUnit
from app.core.db import Table, VersionedTable, enum_column, json_column, length_check
from app.messages.rules.deadlines import DeadlineState, Stage
from app.messages.rules.states import MessageState, ReplyState


class MessageKind(StrEnum):
    """A direct message, or a comment that is publicly visible."""

    MESSAGE = "message"
    COMMENT = "comment"


class MessageClass(StrEnum):
    """The legal class of a message. A comment is not an appeal under 59-FZ."""

    MESSAGE = "message"
    APPEAL = "appeal"
    INFORMATION_REQUEST = "information_request"
    MEDIA_REQUEST = "media_request"


class Competence(StrEnum):
    """Whether the question is within the ministry's competence (O-6.2.1)."""

    WITHIN = "within"
    OUTSIDE = "outside"
    UNCLEAR = "unclear"


class Priority(StrEnum):
    """The priority of a message."""

    NORMAL = "normal"
    URGENT = "urgent"


class ReplyKind(StrEnum):
    """An answer on the merits, an offer to continue in another channel (O-6.2.3b), or a notice."""

    ANSWER = "answer"
    CHANNEL_TRANSFER = "channel_transfer"
    NOTICE = "notice"
    """Informs the client of a redirect or an extension; created by these actions."""


class StartEvent(StrEnum):
    """The event that starts a deadline."""

    RECEIPT = "receipt"
    REGISTRATION = "registration"


class PauseReason(StrEnum):
    """The reason for a pause: the client was asked to continue in another channel (O-6.2.3b)."""

    AWAITING_CLIENT = "awaiting_client"


class NoAnswerReason(StrEnum):
    """The legal reason for leaving an appeal unanswered on the merits (59-FZ, article 11)."""

    NO_NAME_OR_ADDRESS = "no_name_or_address"
    UNREADABLE = "unreadable"
    ESSENCE_UNCLEAR = "essence_unclear"
    OBSCENE_OR_THREATENING = "obscene_or_threatening"
    ANSWERED_REPEATEDLY = "answered_repeatedly"


class RevisionKind(StrEnum):
    """What happened to a message at its source after registration."""

    EDITED = "edited"
    DELETED = "deleted"


class MessageCounter(Table, table=True):
    """The last message number of a year."""

    __tablename__ = "message_counters"
    __table_args__ = (sa.UniqueConstraint("year", name="uq_message_counters_year"),)

    year: int
    last: int


class Thread(Table, table=True):
    """A conversation at a point, kept together and in order (O-2.5)."""

    __tablename__ = "threads"
    __table_args__ = (sa.UniqueConstraint("point_id", "external_id", name="uq_threads_external_id"),)

    point_id: UUID = Field(foreign_key="interaction_points.id")
    external_id: str | None = Field(default=None, max_length=255)
    merged_into_id: UUID | None = Field(default=None, foreign_key="threads.id")


class Message(VersionedTable, table=True):
    """A client's message or comment."""

    __tablename__ = "messages"
    __table_args__ = (
        sa.UniqueConstraint("number", name="uq_messages_number"),
        sa.UniqueConstraint("point_id", "external_id", name="uq_messages_external_id"),
        sa.Index("ix_messages_unit_state", "unit_id", "state", "id"),
        sa.Index("ix_messages_unit_received", "unit_id", "received_at", "id"),
        sa.Index("ix_messages_unit_due", "unit_id", "due_at", "id"),
        sa.Index("ix_messages_unit_updated", "unit_id", "updated_at", "id"),
        sa.Index("ix_messages_point", "point_id", "id"),
        sa.Index("ix_messages_point_updated", "point_id", "updated_at", "id"),
        sa.Index("ix_messages_assignee", "assignee_id", "id"),
        sa.Index("ix_messages_client", "client_id", "thread_id"),
        length_check("text", 10_000),
        sa.CheckConstraint("satisfaction IN (1, 2)", name="satisfaction_known"),
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
    client_id: UUID = Field(foreign_key="clients.id")
    received_at: datetime
    registered_at: datetime
    updated_at: datetime
    state: MessageState = Field(sa_column=enum_column(MessageState))
    competence: Competence | None = Field(default=None, sa_column=enum_column(Competence, nullable=True))
    triage_reason: str | None = Field(default=None, max_length=2000)
    topic_id: UUID | None = Field(default=None, foreign_key="topics.id", index=True)
    need: dict[str, Any] | None = Field(default=None, sa_column=json_column(nullable=True))
    priority: Priority = Field(sa_column=enum_column(Priority))
    assignee_id: UUID | None = Field(default=None, foreign_key="employees.id")
    proposal: dict[str, Any] | None = Field(default=None, sa_column=json_column(nullable=True))
    """The topic and unit proposed from the words of the text; the decision is made in triage."""
    duplicate_of_id: UUID | None = Field(default=None, foreign_key="messages.id", index=True)
    continues_id: UUID | None = Field(default=None, foreign_key="messages.id", index=True)
    """The message after which the client moved to this point (O-6.2.3b)."""
    redirected_to: str | None = Field(default=None, max_length=500)
    redirect_act_id: UUID | None = Field(default=None, foreign_key="legal_acts.id")
    came_by: str | None = Field(default=None, max_length=500)
    registration_number: str | None = Field(default=None, max_length=100)
    appeal_registered_at: datetime | None = None
    no_answer_reason: NoAnswerReason | None = Field(default=None, sa_column=enum_column(NoAnswerReason, nullable=True))
    is_deleted_at_source: bool = Field(default=False)
    satisfaction: int | None = None
    """The client's rating of the answer, in the values of question 21; None if unknown (O-11)."""
    personal_data: list[dict[str, Any]] = Field(sa_column=json_column())
    """Ranges of the text that may contain personal data, without the values."""
    has_personal_data: bool = Field(default=False)
    cycle: int = Field(default=1)
    """The number of the current cycle of work. Each cycle has its own deadlines."""
    clock_received_at: datetime
    clock_registered_at: datetime
    """The moments from which the deadlines of the current cycle run; at first those of the message."""
    due_at: datetime | None = None
    """The earliest running deadline."""


class MessageEvent(Table, table=True):
    """One step in the history of a message. Append-only."""

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


class MessageRevision(Table, table=True):
    """The text of a message before an edit or deletion at its source. Append-only."""

    __tablename__ = "message_revisions"
    __table_args__ = (length_check("text", 10_000),)

    message_id: UUID = Field(foreign_key="messages.id", index=True)
    kind: RevisionKind = Field(sa_column=enum_column(RevisionKind))
    text: str = Field(sa_type=sa.Text)
    changed_at: datetime
    recorded_at: datetime


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


class CompetentBody(VersionedTable, table=True):
    """A body competent for questions outside the ministry's competence, with the explanation for clients (O-6.2.1)."""

    __tablename__ = "competent_bodies"
    __table_args__ = (sa.UniqueConstraint("name", name="uq_competent_bodies_name"), length_check("name", 500))

    name: str = Field(max_length=500)
    questions: str = Field(max_length=2000)
    explanation: str = Field(sa_type=sa.Text)
    address: str | None = Field(default=None, max_length=1000)
    closed_on: date | None = None


class Reply(VersionedTable, table=True):
    """A reply to a message, with the template and version used (O-6.2.6)."""

    __tablename__ = "replies"
    __table_args__ = (
        length_check("text", 10_000),
        sa.CheckConstraint("changed_share >= 0 AND changed_share <= 1", name="changed_share_range"),
    )

    message_id: UUID = Field(foreign_key="messages.id", index=True)
    kind: ReplyKind = Field(sa_column=enum_column(ReplyKind))
    state: ReplyState = Field(sa_column=enum_column(ReplyState))
    text: str = Field(sa_type=sa.Text)
    template_id: UUID | None = Field(default=None, foreign_key="reply_templates.id", index=True)
    template_version: int | None = None
    template_values: dict[str, str] = Field(sa_column=json_column())
    offered_point_ids: list[str] = Field(sa_column=json_column())
    findings: list[dict[str, Any]] = Field(default_factory=list, sa_column=json_column())
    """Findings of the last check. Lists show them without checking again."""
    template_past_review_since: date | None = None
    """If the template was past its review date when it was inserted: the last day on which it was current."""
    is_own_text: bool = Field(default=True)
    """Whether the text was written or changed by an author rather than rendered from the template."""
    changed_share: float | None = None
    """Share of the sent text that differs from the template, 0 to 1; None without a template or before sending."""
    drafted_by: UUID = Field(foreign_key="employees.id")
    author_ids: list[str] = Field(sa_column=json_column())
    """All authors of the text. None of them may approve it."""
    created_at: datetime
    submitted_at: datetime | None = None
    approved_by: UUID | None = Field(default=None, foreign_key="employees.id")
    approved_at: datetime | None = None
    returned_reason: str | None = Field(default=None, max_length=2000)
    sent_at: datetime | None = None
    external_id: str | None = Field(default=None, max_length=255)


class DeadlinePolicy(VersionedTable, table=True):
    """The term of a stage, the messages it applies to and its legal act; a target has no act (O-6.2.2).

    A criterion that is null matches every message; the policy with the most criteria applies.
    """

    __tablename__ = "deadline_policies"
    __table_args__ = (
        sa.UniqueConstraint("key", name="uq_deadline_policies_key"),
        length_check("name", 500),
        sa.CheckConstraint("amount BETWEEN 1 AND 1000", name="amount_range"),
        sa.CheckConstraint("valid_to IS NULL OR valid_from IS NULL OR valid_from <= valid_to", name="validity_order"),
        sa.CheckConstraint("NOT (is_target AND legal_act_id IS NOT NULL)", name="target_without_act"),
    )

    key: str = Field(max_length=64)
    name: str = Field(max_length=500)
    stage: Stage = Field(sa_column=enum_column(Stage))
    is_target: bool = Field(default=False)
    """Whether it is a service target within the limit, shown and measured separately."""
    organization_id: UUID | None = Field(default=None, foreign_key="organizations.id")
    message_class: MessageClass | None = Field(default=None, sa_column=enum_column(MessageClass, nullable=True))
    kind: MessageKind | None = Field(default=None, sa_column=enum_column(MessageKind, nullable=True))
    channel: str | None = Field(default=None, foreign_key="channel_kinds.key", max_length=64)
    point_id: UUID | None = Field(default=None, foreign_key="interaction_points.id")
    priority: Priority | None = Field(default=None, sa_column=enum_column(Priority, nullable=True))
    unit: TermUnit = Field(sa_column=enum_column(TermUnit))
    amount: int
    roll: Roll = Field(sa_column=enum_column(Roll))
    start_event: StartEvent = Field(sa_column=enum_column(StartEvent))
    pauses: list[str] = Field(sa_column=json_column())
    remind_hours_before: int | None = None
    extension_days: int | None = None
    """The number of days by which the stage may be extended once; None if it may not."""
    legal_act_id: UUID | None = Field(default=None, foreign_key="legal_acts.id")
    clause: str | None = Field(default=None, max_length=100)
    valid_from: date | None = None
    valid_to: date | None = None


class Deadline(Table, table=True):
    """A deadline of a message. `term` is a copy of the policy at its start; later changes do not affect it."""

    __tablename__ = "deadlines"
    __table_args__ = (
        sa.UniqueConstraint("message_id", "cycle", "stage", "policy_id", name="uq_deadlines_policy"),
        sa.Index("ix_deadlines_due", "state", "due_at"),
        sa.Index("ix_deadlines_remind", "state", "remind_at"),
        sa.Index("ix_deadlines_counted_on", "counted_on"),
        sa.CheckConstraint("taken_seconds >= 0", name="taken_seconds_counted"),
    )

    message_id: UUID = Field(foreign_key="messages.id")
    cycle: int
    stage: Stage = Field(sa_column=enum_column(Stage))
    is_target: bool
    policy_id: UUID = Field(foreign_key="deadline_policies.id", index=True)
    term: dict[str, Any] = Field(sa_column=json_column())
    started_at: datetime
    counted_on: date
    """The day by which it is counted in statistics: its start, in the time zone of the organization."""
    due_at: datetime
    is_provisional: bool
    state: DeadlineState = Field(sa_column=enum_column(DeadlineState))
    ended_at: datetime | None = None
    taken_seconds: int | None = None
    """The time taken without pauses; working time if the term is counted in working time."""
    extended_days: int = Field(default=0)
    pauses: list[dict[str, Any]] = Field(sa_column=json_column())
    remind_at: datetime | None = None
    reminded_at: datetime | None = None
    escalated_at: datetime | None = None
