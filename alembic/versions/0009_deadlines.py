"""Deadline policies, the working calendar, and the deadlines of messages."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and let messages carry the clocks of their cycle."""
    op.create_table(
        "calendar_days",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "off",
                "working",
                "shortened",
                name="daykind_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column(
            "working_hours",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=True,
        ),
        sa.Column(
            "moved",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_calendar_days_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_days")),
        sa.UniqueConstraint("organization_id", "day", name="uq_calendar_days_day"),
    )
    op.create_index(
        "uq_calendar_days_all",
        "calendar_days",
        ["day"],
        unique=True,
        sqlite_where=sa.text("organization_id IS NULL"),
        postgresql_where=sa.text("organization_id IS NULL"),
    )

    op.create_table(
        "working_hours",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column(
            "working_hours",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_working_hours_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_working_hours")),
        sa.UniqueConstraint("organization_id", name="uq_working_hours_organization"),
    )
    op.create_table(
        "deadline_policies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column(
            "stage",
            sa.Enum(
                "registration",
                "first_reply",
                "final_reply",
                "redirect",
                "delay_notice",
                name="stage_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("is_target", sa.Boolean(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
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
            nullable=True,
        ),
        sa.Column(
            "kind",
            sa.Enum(
                "message", "comment", name="messagekind_known", native_enum=False, create_constraint=True, length=40
            ),
            nullable=True,
        ),
        sa.Column("channel", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True),
        sa.Column("point_id", sa.Uuid(), nullable=True),
        sa.Column(
            "priority",
            sa.Enum("normal", "urgent", name="priority_known", native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
        sa.Column(
            "unit",
            sa.Enum(
                "calendar_days",
                "working_days",
                "working_hours",
                name="termunit_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column(
            "roll",
            sa.Enum(
                "previous", "next", "none", name="roll_known", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column(
            "start_event",
            sa.Enum(
                "receipt", "registration", name="startevent_known", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column(
            "pauses",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("remind_hours_before", sa.Integer(), nullable=True),
        sa.Column("extension_days", sa.Integer(), nullable=True),
        sa.Column("legal_act_id", sa.Uuid(), nullable=True),
        sa.Column("clause", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "NOT (is_target AND legal_act_id IS NOT NULL)", name=op.f("ck_deadline_policies_target_without_act")
        ),
        sa.CheckConstraint("amount BETWEEN 1 AND 1000", name=op.f("ck_deadline_policies_amount_range")),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 500", name=op.f("ck_deadline_policies_name_length")),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_from IS NULL OR valid_from <= valid_to",
            name=op.f("ck_deadline_policies_validity_order"),
        ),
        sa.ForeignKeyConstraint(
            ["channel"], ["channel_kinds.key"], name=op.f("fk_deadline_policies_channel_channel_kinds")
        ),
        sa.ForeignKeyConstraint(
            ["legal_act_id"], ["legal_acts.id"], name=op.f("fk_deadline_policies_legal_act_id_legal_acts")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_deadline_policies_organization_id_organizations")
        ),
        sa.ForeignKeyConstraint(
            ["point_id"], ["interaction_points.id"], name=op.f("fk_deadline_policies_point_id_interaction_points")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadline_policies")),
        sa.UniqueConstraint("key", name="uq_deadline_policies_key"),
    )
    op.create_table(
        "deadlines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column(
            "stage",
            sa.Enum(
                "registration",
                "first_reply",
                "final_reply",
                "redirect",
                "delay_notice",
                name="stage_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("is_target", sa.Boolean(), nullable=False),
        sa.Column("policy_id", sa.Uuid(), nullable=False),
        sa.Column(
            "term",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("started_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("due_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("is_provisional", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "running",
                "paused",
                "met",
                "missed",
                "cancelled",
                name="deadlinestate_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("ended_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("extended_days", sa.Integer(), nullable=False),
        sa.Column(
            "pauses",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("remind_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("reminded_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("escalated_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_deadlines_message_id_messages")),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["deadline_policies.id"], name=op.f("fk_deadlines_policy_id_deadline_policies")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadlines")),
        sa.UniqueConstraint("message_id", "cycle", "stage", "policy_id", name="uq_deadlines_policy"),
    )
    op.create_index("ix_deadlines_due", "deadlines", ["state", "due_at"], unique=False)
    op.create_index(op.f("ix_deadlines_policy_id"), "deadlines", ["policy_id"], unique=False)
    op.create_index("ix_deadlines_remind", "deadlines", ["state", "remind_at"], unique=False)

    op.add_column("messages", sa.Column("cycle", sa.Integer(), nullable=True))
    op.add_column("messages", sa.Column("clock_received_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    op.add_column("messages", sa.Column("clock_registered_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    op.add_column("messages", sa.Column("due_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    op.execute(
        "UPDATE messages SET cycle = 1, clock_received_at = received_at, clock_registered_at = registered_at"
    )
    with op.batch_alter_table("messages") as batch_op:
        batch_op.alter_column("cycle", existing_type=sa.Integer(), nullable=False)
        for name in ("clock_received_at", "clock_registered_at"):
            batch_op.alter_column(name, existing_type=sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False)
    op.create_index("ix_messages_unit_due", "messages", ["unit_id", "due_at", "id"], unique=False)


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("messages") as batch_op:
        batch_op.drop_index("ix_messages_unit_due")
        batch_op.drop_column("due_at")
        batch_op.drop_column("clock_registered_at")
        batch_op.drop_column("clock_received_at")
        batch_op.drop_column("cycle")

    op.drop_index("ix_deadlines_remind", table_name="deadlines")
    op.drop_index(op.f("ix_deadlines_policy_id"), table_name="deadlines")
    op.drop_index("ix_deadlines_due", table_name="deadlines")

    op.drop_table("deadlines")
    op.drop_table("deadline_policies")
    op.drop_table("working_hours")
    op.drop_index(
        "uq_calendar_days_all",
        table_name="calendar_days",
        sqlite_where=sa.text("organization_id IS NULL"),
        postgresql_where=sa.text("organization_id IS NULL"),
    )

    op.drop_table("calendar_days")
