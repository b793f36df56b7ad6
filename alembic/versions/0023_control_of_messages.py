"""Messages in the order of their last change; notifications of edits at the source and of replies that did not go."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

OLD_KINDS = (
    "deadline_reminder",
    "deadline_escalation",
    "deadline_moved",
    "reply_submitted",
    "reply_returned",
    "message_assigned",
    "client_wrote_again",
    "template_review_near",
    "template_review_overdue",
)
ADDED_KINDS = ("message_revised", "reply_not_sent")


def upgrade() -> None:
    """One index for each way to look at the newest changes instead of one for all units together."""
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_messages_updated_at"))
        batch_op.create_index("ix_messages_unit_updated", ["unit_id", "updated_at", "id"], unique=False)
        batch_op.create_index("ix_messages_point_updated", ["point_id", "updated_at", "id"], unique=False)
    _know_kinds((*OLD_KINDS, *ADDED_KINDS))


def downgrade() -> None:
    """Take them back. Notifications of the new kinds go with their kinds."""
    notifications = sa.table("notifications", sa.column("kind"))
    op.execute(sa.delete(notifications).where(notifications.c.kind.in_(ADDED_KINDS)))
    _know_kinds(OLD_KINDS)
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.drop_index("ix_messages_point_updated")
        batch_op.drop_index("ix_messages_unit_updated")
        batch_op.create_index(batch_op.f("ix_messages_updated_at"), ["updated_at"], unique=False)


def _know_kinds(kinds: tuple[str, ...]) -> None:
    name = "ck_notifications_notificationkind_known"
    told = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("notifications", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f(name), type_="check")
        batch_op.create_check_constraint(batch_op.f(name), f"kind IN ({told})")
