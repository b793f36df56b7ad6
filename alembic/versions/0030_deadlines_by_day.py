"""The local day that a deadline counts for in the figures: that on which its clock began, in its organization's zone."""

from zoneinfo import ZoneInfo

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

LOT = 1000

deadlines = sa.table(
    "deadlines",
    sa.column("id", sa.Uuid()),
    sa.column("message_id", sa.Uuid()),
    sa.column("started_at", sqlmodel.sql.sqltypes.UTCDateTime()),
    sa.column("counted_on", sa.Date()),
)
messages = sa.table("messages", sa.column("id", sa.Uuid()), sa.column("organization_id", sa.Uuid()))
organizations = sa.table("organizations", sa.column("id", sa.Uuid()), sa.column("zone", sa.String()))


def upgrade() -> None:
    """Add the day, tell it of every deadline, and find a period's deadlines by it."""
    op.add_column("deadlines", sa.Column("counted_on", sa.Date(), nullable=True))
    _tell_days()
    with op.batch_alter_table("deadlines", schema=None) as batch_op:
        batch_op.alter_column("counted_on", existing_type=sa.Date(), nullable=False)
        batch_op.drop_index("ix_deadlines_started_at")
        batch_op.create_index("ix_deadlines_counted_on", ["counted_on"], unique=False)


def _tell_days() -> None:
    connection = op.get_bind()
    query = (
        sa.select(deadlines.c.id, deadlines.c.started_at, organizations.c.zone)
        .join(messages, messages.c.id == deadlines.c.message_id)
        .join(organizations, organizations.c.id == messages.c.organization_id)
        .order_by(deadlines.c.id)
        .limit(LOT)
    )
    change = sa.update(deadlines).where(deadlines.c.id == sa.bindparam("row_id")).values(counted_on=sa.bindparam("day"))
    lot = query
    while rows := connection.execute(lot).all():
        days = [
            {"row_id": row.id, "day": row.started_at.astimezone(ZoneInfo(row.zone)).date()} for row in rows
        ]
        connection.execute(change, days)
        lot = query.where(deadlines.c.id > rows[-1].id)


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("deadlines", schema=None) as batch_op:
        batch_op.drop_index("ix_deadlines_counted_on")
        batch_op.create_index("ix_deadlines_started_at", ["started_at"], unique=False)
        batch_op.drop_column("counted_on")
