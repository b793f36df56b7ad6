"""Whether somebody took the template away from a group of what was not found: new texts bring none along then."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it; of groups that were there it is not known."""
    op.add_column("not_found_groups", sa.Column("is_untied", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("not_found_groups", schema=None) as batch_op:
        batch_op.alter_column("is_untied", existing_type=sa.Boolean(), server_default=None)


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("not_found_groups", schema=None) as batch_op:
        batch_op.drop_column("is_untied")
