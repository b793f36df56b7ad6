"""Templates: defaults, sharing, review dates, confirmations; what a reply knows of its template's review."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
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
)
NEW_KINDS = (*OLD_KINDS, "template_review_near", "template_review_overdue")
REVIEW_DAYS, REMIND_DAYS = 180, 14
ZONE = ZoneInfo("Asia/Novosibirsk")


def upgrade() -> None:
    """Make the tables and columns; templates in use get their review date from their publication."""
    op.create_table(
        "reply_template_shares",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["template_id"], ["reply_templates.id"], name=op.f("fk_reply_template_shares_template_id_reply_templates")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_reply_template_shares_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply_template_shares")),
        sa.UniqueConstraint("template_id", "unit_id", name="uq_reply_template_shares_unit"),
    )
    op.create_index(op.f("ix_reply_template_shares_unit_id"), "reply_template_shares", ["unit_id"], unique=False)
    op.create_table(
        "reply_template_reviews",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("note", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=True),
        sa.Column("reviewed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("reviewed_by", sa.Uuid(), nullable=False),
        sa.Column("next_review_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reviewed_by"], ["employees.id"], name=op.f("fk_reply_template_reviews_reviewed_by_employees")
        ),
        sa.ForeignKeyConstraint(
            ["template_id"], ["reply_templates.id"], name=op.f("fk_reply_template_reviews_template_id_reply_templates")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply_template_reviews")),
    )
    op.create_index(
        op.f("ix_reply_template_reviews_template_id"), "reply_template_reviews", ["template_id"], unique=False
    )
    with op.batch_alter_table("reply_templates", schema=None) as batch_op:
        batch_op.add_column(sa.Column("published_search_text", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("review_days", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("reviewed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
        batch_op.add_column(sa.Column("reviewed_by", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("next_review_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("review_remind_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("review_reminded_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
        batch_op.add_column(sa.Column("review_escalated_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
        batch_op.create_check_constraint(
            batch_op.f("ck_reply_templates_review_days_range"), "review_days IS NULL OR review_days BETWEEN 1 AND 3650"
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_reply_templates_review_days_together"),
            "(next_review_on IS NULL) = (review_remind_on IS NULL)",
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_reply_templates_reviewed_by_employees"), "employees", ["reviewed_by"], ["id"]
        )
        batch_op.create_index("ix_reply_templates_next_review_on", ["next_review_on"], unique=False)
        batch_op.create_index("ix_reply_templates_updated_at", ["updated_at", "id"], unique=False)
    json_type = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
    with op.batch_alter_table("reply_template_versions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("defaults", json_type, nullable=False, server_default="{}"))
        batch_op.add_column(
            sa.Column("returned_reason", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=True)
        )
    with op.batch_alter_table("reply_template_versions", schema=None) as batch_op:
        batch_op.alter_column("defaults", server_default=None, existing_type=json_type, existing_nullable=False)
    with op.batch_alter_table("units", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("template_review_days", sa.Integer(), nullable=False, server_default=str(REVIEW_DAYS))
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_units_template_review_days_range"), "template_review_days BETWEEN 1 AND 3650"
        )
    with op.batch_alter_table("units", schema=None) as batch_op:
        batch_op.alter_column("template_review_days", server_default=None, existing_type=sa.Integer())
    op.add_column("replies", sa.Column("template_past_review_since", sa.Date(), nullable=True))
    _know_kinds(NEW_KINDS)
    _tell_reviews()


def _know_kinds(kinds: tuple[str, ...]) -> None:
    name = "ck_notifications_notificationkind_known"
    told = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("notifications", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f(name), type_="check")
        batch_op.create_check_constraint(batch_op.f(name), f"kind IN ({told})")


def _tell_reviews() -> None:
    """What is in use counts as current for half a year from its publication."""
    # What is searched is derived from the words by the service's own rule, so it is that rule that is asked.
    from app.reply_templates.search.rules.tokenizer import select_search_words

    connection = op.get_bind()
    tables = sa.MetaData()
    templates, versions = (
        sa.Table(name, tables, autoload_with=connection) for name in ("reply_templates", "reply_template_versions")
    )
    for column in (templates.c.id, versions.c.template_id, templates.c.reviewed_by, versions.c.approved_by):
        column.type = sa.Uuid()  # SQLite shows no types of its own for these
    for column in (templates.c.reviewed_at, versions.c.published_at):
        column.type = sqlmodel.sql.sqltypes.UTCDateTime()
    for column in (versions.c.keywords, versions.c.examples):
        column.type = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    in_use = sa.select(templates.c.id, templates.c.state, versions).join(
        versions,
        sa.and_(versions.c.template_id == templates.c.id, versions.c.number == templates.c.published_version),
    )
    for row in connection.execute(in_use).mappings().all():
        told = " ".join([row["title"], *row["keywords"], *row["examples"], row["text"]])
        values: dict[str, Any] = {"published_search_text": select_search_words(told), "reviewed_at": row["published_at"]}
        values["reviewed_by"] = row["approved_by"]
        if row["state"] != "archived" and row["published_at"] is not None:
            values |= _review(row["published_at"])
        connection.execute(sa.update(templates).where(templates.c.id == row["template_id"]).values(values))


def _review(published_at: datetime) -> dict[str, date]:
    due = published_at.astimezone(ZONE).date() + timedelta(days=REVIEW_DAYS)
    return {"next_review_on": due, "review_remind_on": due - timedelta(days=REMIND_DAYS)}


def downgrade() -> None:
    """Take them back. Notifications of reviews go with their kinds."""
    op.execute("DELETE FROM notifications WHERE kind IN ('template_review_near', 'template_review_overdue')")
    _know_kinds(OLD_KINDS)
    with op.batch_alter_table("replies", schema=None) as batch_op:
        batch_op.drop_column("template_past_review_since")
    with op.batch_alter_table("units", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_units_template_review_days_range"), type_="check")
        batch_op.drop_column("template_review_days")
    with op.batch_alter_table("reply_template_versions", schema=None) as batch_op:
        batch_op.drop_column("returned_reason")
        batch_op.drop_column("defaults")
    with op.batch_alter_table("reply_templates", schema=None) as batch_op:
        batch_op.drop_index("ix_reply_templates_updated_at")
        batch_op.drop_index("ix_reply_templates_next_review_on")
        batch_op.drop_constraint(batch_op.f("fk_reply_templates_reviewed_by_employees"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("ck_reply_templates_review_days_together"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_reply_templates_review_days_range"), type_="check")
        for name in (
            "review_escalated_at",
            "review_reminded_at",
            "review_remind_on",
            "next_review_on",
            "reviewed_by",
            "reviewed_at",
            "review_days",
            "published_search_text",
        ):
            batch_op.drop_column(name)
    op.drop_index(op.f("ix_reply_template_reviews_template_id"), table_name="reply_template_reviews")
    op.drop_table("reply_template_reviews")
    op.drop_index(op.f("ix_reply_template_shares_unit_id"), table_name="reply_template_shares")
    op.drop_table("reply_template_shares")
