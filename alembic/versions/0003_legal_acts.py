"""Legal acts."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "legal_acts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "order",
                "federal_law",
                "other",
                name="legalactkind_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("number", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("title", sqlmodel.sql.sqltypes.AutoString(length=1000), nullable=False),
        sa.Column("issuer", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.CheckConstraint("length(number) BETWEEN 1 AND 100", name=op.f("ck_legal_acts_number_length")),
        sa.CheckConstraint("length(title) BETWEEN 1 AND 1000", name=op.f("ck_legal_acts_title_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_acts")),
        sa.UniqueConstraint("kind", "number", "signed_on", name="uq_legal_acts_number"),
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("legal_acts")
