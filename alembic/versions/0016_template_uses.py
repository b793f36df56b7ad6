"""How much of a template a reply changed, and how clients rated answers."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the columns."""
    with op.batch_alter_table("messages") as batch_op:
        batch_op.add_column(sa.Column("satisfaction", sa.Integer(), nullable=True))
        batch_op.create_check_constraint(op.f("ck_messages_satisfaction_known"), "satisfaction IN (1, 2)")
    with op.batch_alter_table("replies") as batch_op:
        batch_op.add_column(sa.Column("changed_share", sa.Float(), nullable=True))
        batch_op.create_check_constraint(
            op.f("ck_replies_changed_share_range"), "changed_share >= 0 AND changed_share <= 1"
        )


def downgrade() -> None:
    """Take them back."""
    with op.batch_alter_table("replies") as batch_op:
        batch_op.drop_constraint(op.f("ck_replies_changed_share_range"), type_="check")
        batch_op.drop_column("changed_share")
    with op.batch_alter_table("messages") as batch_op:
        batch_op.drop_constraint(op.f("ck_messages_satisfaction_known"), type_="check")
        batch_op.drop_column("satisfaction")
