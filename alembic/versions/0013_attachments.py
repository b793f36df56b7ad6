"""Files of messages, and places of their text that may hold personal data."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and columns."""
    op.create_table(
        "message_attachments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=255), nullable=False),
        sa.Column("content_type", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 255", name=op.f("ck_message_attachments_name_length")),
        sa.CheckConstraint("size > 0", name=op.f("ck_message_attachments_size_positive")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_message_attachments_message_id_messages")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_attachments")),
        sa.UniqueConstraint("message_id", "position", name="uq_message_attachments_position"),
    )
    op.create_index(op.f("ix_message_attachments_sha256"), "message_attachments", ["sha256"], unique=False)

    with op.batch_alter_table("messages") as batch_op:
        batch_op.add_column(
            sa.Column(
                "personal_data",
                sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
                nullable=False,
                server_default="[]",
            )
        )
        batch_op.add_column(sa.Column("has_personal_data", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("messages") as batch_op:
        batch_op.drop_column("has_personal_data")
        batch_op.drop_column("personal_data")

    op.drop_index(op.f("ix_message_attachments_sha256"), table_name="message_attachments")

    op.drop_table("message_attachments")
