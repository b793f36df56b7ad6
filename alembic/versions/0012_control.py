"""Control notes, and months that heads signed off."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "control_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column(
            "object_type",
            sa.Enum(
                "message",
                "reply",
                "reply_template",
                "survey_submission",
                name="notedtype_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("text", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("resolution", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=True),
        sa.Column("resolved_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("resolved_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(resolved_at IS NULL) = (resolution IS NULL)", name=op.f("ck_control_notes_resolution_whole")
        ),
        sa.CheckConstraint("length(text) BETWEEN 1 AND 2000", name=op.f("ck_control_notes_text_length")),
        sa.ForeignKeyConstraint(["created_by"], ["employees.id"], name=op.f("fk_control_notes_created_by_employees")),
        sa.ForeignKeyConstraint(["resolved_by"], ["employees.id"], name=op.f("fk_control_notes_resolved_by_employees")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_control_notes_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_control_notes")),
    )
    op.create_index("ix_control_notes_object", "control_notes", ["object_type", "object_id"], unique=False)
    op.create_index("ix_control_notes_unit", "control_notes", ["unit_id", "id"], unique=False)

    op.create_table(
        "sign_offs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column(
            "figures",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("signed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("signed_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["signed_by"], ["employees.id"], name=op.f("fk_sign_offs_signed_by_employees")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_sign_offs_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_offs")),
        sa.UniqueConstraint("unit_id", "month", name="uq_sign_offs_month"),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("sign_offs")
    op.drop_index("ix_control_notes_unit", table_name="control_notes")
    op.drop_index("ix_control_notes_object", table_name="control_notes")

    op.drop_table("control_notes")
