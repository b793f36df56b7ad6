"""Since when a target asks for what it asks, so that periods that are over are not judged by it."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the day; of targets that were there no change is known."""
    op.add_column("unit_targets", sa.Column("changed_on", sa.Date(), nullable=True))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("unit_targets", "changed_on")
