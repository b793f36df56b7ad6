"""Messages, threads, replies."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "message_counters",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_counters")),
        sa.UniqueConstraint("year", name="uq_message_counters_year"),
    )
    op.create_table(
        "threads",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sqlmodel.sql.sqltypes.AutoString(length=255), nullable=True),
        sa.ForeignKeyConstraint(
            ["point_id"], ["interaction_points.id"], name=op.f("fk_threads_point_id_interaction_points")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_threads")),
        sa.UniqueConstraint("point_id", "external_id", name="uq_threads_external_id"),
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("number", sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("thread_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "message", "comment", name="messagekind_known", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column(
            "message_class",
            sa.Enum(
                "message",
                "appeal",
                "information_request",
                "media_request",
                name="messageclass_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("external_id", sqlmodel.sql.sqltypes.AutoString(length=255), nullable=True),
        sa.Column("thread_external_id", sqlmodel.sql.sqltypes.AutoString(length=255), nullable=True),
        sa.Column("content_hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column(
            "client",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("received_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("registered_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("updated_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "received",
                "triaged",
                "in_progress",
                "awaiting_approval",
                "answered",
                "closed",
                "awaiting_client",
                "redirected",
                "out_of_competence",
                "registered_as_appeal",
                "spam",
                name="messagestate_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "competence",
            sa.Enum(
                "within",
                "outside",
                "unclear",
                name="competence_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("triage_reason", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=True),
        sa.Column("topic_id", sa.Uuid(), nullable=True),
        sa.Column(
            "need",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=True,
        ),
        sa.Column(
            "priority",
            sa.Enum("normal", "urgent", name="priority_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("length(text) BETWEEN 1 AND 10000", name=op.f("ck_messages_text_length")),
        sa.ForeignKeyConstraint(["assignee_id"], ["employees.id"], name=op.f("fk_messages_assignee_id_employees")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_messages_organization_id_organizations")
        ),
        sa.ForeignKeyConstraint(
            ["point_id"], ["interaction_points.id"], name=op.f("fk_messages_point_id_interaction_points")
        ),
        sa.ForeignKeyConstraint(["thread_id"], ["threads.id"], name=op.f("fk_messages_thread_id_threads")),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_messages_topic_id_topics")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_messages_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("number", name="uq_messages_number"),
        sa.UniqueConstraint("point_id", "external_id", name="uq_messages_external_id"),
    )
    op.create_index("ix_messages_assignee", "messages", ["assignee_id", "id"], unique=False)
    op.create_index("ix_messages_point", "messages", ["point_id", "id"], unique=False)
    op.create_index(op.f("ix_messages_thread_id"), "messages", ["thread_id"], unique=False)
    op.create_index(op.f("ix_messages_topic_id"), "messages", ["topic_id"], unique=False)
    op.create_index("ix_messages_unit_received", "messages", ["unit_id", "received_at", "id"], unique=False)
    op.create_index("ix_messages_unit_state", "messages", ["unit_id", "state", "id"], unique=False)
    op.create_index(op.f("ix_messages_updated_at"), "messages", ["updated_at"], unique=False)
    op.create_table(
        "message_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("what", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column(
            "from_state",
            sa.Enum(
                "received",
                "triaged",
                "in_progress",
                "awaiting_approval",
                "answered",
                "closed",
                "awaiting_client",
                "redirected",
                "out_of_competence",
                "registered_as_appeal",
                "spam",
                name="from_state_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column(
            "to_state",
            sa.Enum(
                "received",
                "triaged",
                "in_progress",
                "awaiting_approval",
                "answered",
                "closed",
                "awaiting_client",
                "redirected",
                "out_of_competence",
                "registered_as_appeal",
                "spam",
                name="to_state_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("note", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_message_events_message_id_messages")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_events")),
    )
    op.create_index(op.f("ix_message_events_message_id"), "message_events", ["message_id"], unique=False)
    op.create_table(
        "replies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "answer",
                "channel_transfer",
                name="replykind_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "awaiting_approval",
                "returned",
                "approved",
                "sending",
                "sent",
                "failed",
                name="replystate_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=True),
        sa.Column("template_version", sa.Integer(), nullable=True),
        sa.Column(
            "template_values",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "offered_point_ids",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("drafted_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("submitted_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("approved_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("returned_reason", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=True),
        sa.Column("sent_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("external_id", sqlmodel.sql.sqltypes.AutoString(length=255), nullable=True),
        sa.CheckConstraint("length(text) BETWEEN 1 AND 10000", name=op.f("ck_replies_text_length")),
        sa.ForeignKeyConstraint(["approved_by"], ["employees.id"], name=op.f("fk_replies_approved_by_employees")),
        sa.ForeignKeyConstraint(["drafted_by"], ["employees.id"], name=op.f("fk_replies_drafted_by_employees")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_replies_message_id_messages")),
        sa.ForeignKeyConstraint(
            ["template_id"], ["reply_templates.id"], name=op.f("fk_replies_template_id_reply_templates")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replies")),
    )
    op.create_index(op.f("ix_replies_message_id"), "replies", ["message_id"], unique=False)
    op.create_index(op.f("ix_replies_template_id"), "replies", ["template_id"], unique=False)


def downgrade() -> None:
    """Drop the tables."""
    op.drop_index(op.f("ix_replies_template_id"), table_name="replies")
    op.drop_index(op.f("ix_replies_message_id"), table_name="replies")
    op.drop_table("replies")
    op.drop_index(op.f("ix_message_events_message_id"), table_name="message_events")
    op.drop_table("message_events")
    op.drop_index(op.f("ix_messages_updated_at"), table_name="messages")
    op.drop_index("ix_messages_unit_state", table_name="messages")
    op.drop_index("ix_messages_unit_received", table_name="messages")
    op.drop_index(op.f("ix_messages_topic_id"), table_name="messages")
    op.drop_index(op.f("ix_messages_thread_id"), table_name="messages")
    op.drop_index("ix_messages_point", table_name="messages")
    op.drop_index("ix_messages_assignee", table_name="messages")
    op.drop_table("messages")
    op.drop_table("threads")
    op.drop_table("message_counters")
