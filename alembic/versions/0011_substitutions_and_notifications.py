"""Substitutions of heads, whom an audited deed was done for, and notifications."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and the column."""
    op.create_table(
        "notifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("employee_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "deadline_reminder",
                "deadline_escalation",
                "deadline_moved",
                "reply_submitted",
                "reply_returned",
                "message_assigned",
                "client_wrote_again",
                name="notificationkind_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("text", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column("object_type", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("read_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("dedupe_key", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.CheckConstraint("length(dedupe_key) BETWEEN 1 AND 200", name=op.f("ck_notifications_dedupe_key_length")),
        sa.CheckConstraint("length(text) BETWEEN 1 AND 500", name=op.f("ck_notifications_text_length")),
        sa.ForeignKeyConstraint(["employee_id"], ["employees.id"], name=op.f("fk_notifications_employee_id_employees")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        sa.UniqueConstraint("employee_id", "dedupe_key", name="uq_notifications_dedupe_key"),
    )
    op.create_index("ix_notifications_employee", "notifications", ["employee_id", "id"], unique=False)

    op.create_table(
        "substitutions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("head_id", sa.Uuid(), nullable=False),
        sa.Column("deputy_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("cancelled_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.CheckConstraint("deputy_id <> head_id", name=op.f("ck_substitutions_two_people")),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_substitutions_period_order")),
        sa.CheckConstraint("length(reason) BETWEEN 1 AND 2000", name=op.f("ck_substitutions_reason_length")),
        sa.ForeignKeyConstraint(["created_by"], ["employees.id"], name=op.f("fk_substitutions_created_by_employees")),
        sa.ForeignKeyConstraint(["deputy_id"], ["employees.id"], name=op.f("fk_substitutions_deputy_id_employees")),
        sa.ForeignKeyConstraint(["head_id"], ["employees.id"], name=op.f("fk_substitutions_head_id_employees")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_substitutions_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_substitutions")),
    )
    op.create_index(op.f("ix_substitutions_unit_id"), "substitutions", ["unit_id"], unique=False)

    # Plain ALTER TABLE: a batch would make SQLite copy the whole trail.
    op.add_column("audit_events", sa.Column("acting_for", sa.Uuid(), nullable=True))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("audit_events", "acting_for")

    op.drop_index(op.f("ix_substitutions_unit_id"), table_name="substitutions")

    op.drop_table("substitutions")
    op.drop_index("ix_notifications_employee", table_name="notifications")

    op.drop_table("notifications")
