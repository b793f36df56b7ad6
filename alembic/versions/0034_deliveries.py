"""Deliveries; replies and notifications of an uncertain outcome. Replies on their way get a delivery."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

STATES = ("queued", "sending", "sent", "failed", "uncertain", "cancelled")
REPLY_STATES = ("draft", "awaiting_approval", "returned", "approved", "sending", "sent", "failed")
KINDS = (
    "deadline_reminder",
    "deadline_escalation",
    "deadline_moved",
    "reply_submitted",
    "reply_returned",
    "message_assigned",
    "client_wrote_again",
    "message_revised",
    "reply_not_sent",
    "template_review_near",
    "template_review_overdue",
    "target_not_reached",
)
LENGTHS = {
    "target": 100,
    "kind": 40,
    "ordering_key": 200,
    "rate_key": 200,
    "idempotency_key": 64,
    "external_id": 255,
    "last_error": 200,
}
SENDING = sa.text("state = 'sending'")
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Create the table, allow the new states, queue the replies that wait in the outbox."""
    text, moment = sqlmodel.sql.sqltypes.AutoString, sqlmodel.sql.sqltypes.UTCDateTime
    deliveries = op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("target", text(length=100), nullable=False),
        sa.Column("kind", text(length=40), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("ordering_key", text(length=200), nullable=True),
        sa.Column("rate_key", text(length=200), nullable=True),
        sa.Column("idempotency_key", text(length=64), nullable=False),
        sa.Column(
            "state",
            sa.Enum(*STATES, name="deliverystate_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", moment(), nullable=False),
        sa.Column("first_attempt_at", moment(), nullable=True),
        sa.Column("may_have_arrived", sa.Boolean(), nullable=False),
        sa.Column("lease_owner", sa.Uuid(), nullable=True),
        sa.Column("lease_until", moment(), nullable=True),
        sa.Column("external_id", text(length=255), nullable=True),
        sa.Column("last_error", text(length=200), nullable=True),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("finished_at", moment(), nullable=True),
        *(
            sa.CheckConstraint(f"length({name}) BETWEEN 1 AND {longest}", name=op.f(f"ck_deliveries_{name}_length"))
            for name, longest in LENGTHS.items()
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_deliveries_attempts_counted")),
        sa.CheckConstraint(
            "(state = 'sending') = (lease_until IS NOT NULL)", name=op.f("ck_deliveries_lease_while_sending")
        ),
        sa.CheckConstraint(
            "(state IN ('queued', 'sending')) = (finished_at IS NULL)", name=op.f("ck_deliveries_finished_when_closed")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("idempotency_key", name="uq_deliveries_idempotency_key"),
    )
    op.create_index(
        "uq_deliveries_sending",
        "deliveries",
        ["target", "ordering_key"],
        unique=True,
        sqlite_where=SENDING,
        postgresql_where=SENDING,
    )
    op.create_index("ix_deliveries_due", "deliveries", ["state", "target", "next_attempt_at"])
    op.create_index("ix_deliveries_order", "deliveries", ["target", "ordering_key", "state", "id"])
    op.create_index("ix_deliveries_object", "deliveries", ["kind", "object_id"])
    op.create_index("ix_deliveries_finished", "deliveries", ["state", "finished_at"])
    _allow("replies", "state", "ck_replies_replystate_known", (*REPLY_STATES, "uncertain"))
    _allow("notifications", "kind", "ck_notifications_notificationkind_known", (*KINDS, "reply_uncertain"))
    _queue_replies(deliveries)


def downgrade() -> None:
    """Drop the table; uncertain replies count as failed, queued ones go back to the outbox."""
    notifications = sa.table("notifications", sa.column("kind"))
    op.execute(sa.delete(notifications).where(notifications.c.kind == "reply_uncertain"))
    _allow("notifications", "kind", "ck_notifications_notificationkind_known", KINDS)
    op.execute("UPDATE replies SET state = 'failed', version = version + 1 WHERE state = 'uncertain'")
    _allow("replies", "state", "ck_replies_replystate_known", REPLY_STATES)
    _emit_queued_replies()
    for name in ("finished", "object", "order", "due"):
        op.drop_index(f"ix_deliveries_{name}", table_name="deliveries")
    op.drop_index("uq_deliveries_sending", table_name="deliveries")
    op.drop_table("deliveries")


def _allow(table: str, column: str, name: str, values: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{value}'" for value in values)
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f(name), type_="check")
        batch_op.create_check_constraint(batch_op.f(name), f"{column} IN ({listed})")


def _queue_replies(deliveries: sa.Table) -> None:
    """Give a delivery to each reply that is being sent."""
    replies = sa.table("replies", sa.column("id", sa.Uuid()), sa.column("message_id", sa.Uuid()), sa.column("state"))
    messages = sa.table("messages", sa.column("id", sa.Uuid()), sa.column("thread_id", sa.Uuid()))
    query = (
        sa.select(replies.c.id, replies.c.message_id, messages.c.thread_id)
        .join(messages, messages.c.id == replies.c.message_id)
        .where(replies.c.state == "sending")
        .order_by(replies.c.id)
    )
    from app.core import clock
    from app.core.ids import new_id

    now = clock.now()
    rows = [
        {
            "id": new_id(),
            "version": 1,
            "target": "feedback_platform",
            "kind": "reply",
            "object_id": row.id,
            "payload": {"message_id": str(row.message_id)},
            "ordering_key": f"thread:{row.thread_id}",
            "idempotency_key": str(new_id()),
            "state": "queued",
            "attempts": 0,
            "next_attempt_at": now,
            "may_have_arrived": False,
            "created_at": now,
        }
        for row in op.get_bind().execute(query)
    ]
    if rows:
        op.bulk_insert(deliveries, rows)


def _emit_queued_replies() -> None:
    """Write the event by which the former relay sent a reply, for each reply that is being sent."""
    from app.core import clock
    from app.core.ids import new_id

    replies = sa.table("replies", sa.column("id", sa.Uuid()), sa.column("message_id", sa.Uuid()), sa.column("state"))
    outbox = sa.table(
        "outbox",
        sa.column("id", sa.Uuid()),
        sa.column("event"),
        sa.column("payload", JSON),
        sa.column("occurred_at", sqlmodel.sql.sqltypes.UTCDateTime()),
        sa.column("due_at", sqlmodel.sql.sqltypes.UTCDateTime()),
        sa.column("attempts"),
    )
    now = clock.now()
    query = sa.select(replies.c.id, replies.c.message_id).where(replies.c.state == "sending").order_by(replies.c.id)
    rows = [
        {
            "id": new_id(),
            "event": "ReplyQueued",
            "payload": {"message_id": str(row.message_id), "reply_id": str(row.id)},
            "occurred_at": now,
            "due_at": now,
            "attempts": 0,
        }
        for row in op.get_bind().execute(query)
    ]
    if rows:
        op.bulk_insert(outbox, rows)
