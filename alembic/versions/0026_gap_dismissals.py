"""A gap of the knowledge base may be found to want no template."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the record of decisions, and let gaps name one."""
    op.create_table(
        "gap_dismissals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=False),
        sa.Column("dismissed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("dismissed_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("length(reason) BETWEEN 1 AND 2000", name=op.f("ck_gap_dismissals_reason_length")),
        sa.ForeignKeyConstraint(
            ["dismissed_by"], ["employees.id"], name=op.f("fk_gap_dismissals_dismissed_by_employees")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_gap_dismissals_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gap_dismissals")),
    )
    with op.batch_alter_table("template_gaps") as table:
        table.add_column(sa.Column("dismissal_id", sa.Uuid(), nullable=True))
        table.create_foreign_key(
            op.f("fk_template_gaps_dismissal_id_gap_dismissals"), "gap_dismissals", ["dismissal_id"], ["id"]
        )


def downgrade() -> None:
    """Forget both: dismissed gaps are gaps again."""
    with op.batch_alter_table("template_gaps") as table:
        table.drop_constraint(op.f("fk_template_gaps_dismissal_id_gap_dismissals"), type_="foreignkey")
        table.drop_column("dismissal_id")
    op.drop_table("gap_dismissals")
