"""Messages that no template answered."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "template_gaps",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "no_template",
                "not_taken",
                name="gapreason_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column(
            "forms",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("offered_template_id", sa.Uuid(), nullable=True),
        sa.Column("template_id", sa.Uuid(), nullable=True),
        sa.Column("noted_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.CheckConstraint("length(text) BETWEEN 1 AND 20000", name=op.f("ck_template_gaps_text_length")),
        sa.ForeignKeyConstraint(
            ["offered_template_id"],
            ["reply_templates.id"],
            name=op.f("fk_template_gaps_offered_template_id_reply_templates"),
        ),
        sa.ForeignKeyConstraint(
            ["template_id"], ["reply_templates.id"], name=op.f("fk_template_gaps_template_id_reply_templates")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_template_gaps_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template_gaps")),
        sa.UniqueConstraint("message_id", name="uq_template_gaps_message_id"),
    )
    op.create_index("ix_template_gaps_unit", "template_gaps", ["unit_id", "template_id", "id"], unique=False)


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_template_gaps_unit", table_name="template_gaps")
    op.drop_table("template_gaps")
