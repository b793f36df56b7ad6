"""How long it took to do what was due. Of deadlines that ended before it is not known."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and the index by which figures find a period's deadlines."""
    with op.batch_alter_table("deadlines", schema=None) as batch_op:
        batch_op.add_column(sa.Column("taken_seconds", sa.Integer(), nullable=True))
        batch_op.create_check_constraint(batch_op.f("ck_deadlines_taken_seconds_counted"), "taken_seconds >= 0")
        batch_op.create_index("ix_deadlines_started_at", ["started_at"], unique=False)


def downgrade() -> None:
    """Take them back."""
    with op.batch_alter_table("deadlines", schema=None) as batch_op:
        batch_op.drop_index("ix_deadlines_started_at")
        batch_op.drop_constraint(batch_op.f("ck_deadlines_taken_seconds_counted"), type_="check")
        batch_op.drop_column("taken_seconds")
