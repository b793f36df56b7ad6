"""Working hours of interaction points."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column(
        "interaction_points", sa.Column("working_hours", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=True)
    )


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("interaction_points") as batch_op:
        batch_op.drop_column("working_hours")
