"""How messages end, approval rules, revisions, competent bodies."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and columns."""
    op.create_table(
        "competent_bodies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column("questions", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("address", sqlmodel.sql.sqltypes.AutoString(length=1000), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 500", name=op.f("ck_competent_bodies_name_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_competent_bodies")),
        sa.UniqueConstraint("name", name="uq_competent_bodies_name"),
    )
    op.create_table(
        "message_revisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "edited", "deleted", name="revisionkind_known", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("changed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("recorded_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.CheckConstraint("length(text) BETWEEN 1 AND 10000", name=op.f("ck_message_revisions_text_length")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_message_revisions_message_id_messages")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_revisions")),
    )
    op.create_index(op.f("ix_message_revisions_message_id"), "message_revisions", ["message_id"], unique=False)

    with op.batch_alter_table("messages") as batch_op:
        batch_op.add_column(
            sa.Column(
                "proposal",
                sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
                nullable=True,
            )
        )
        batch_op.add_column(sa.Column("duplicate_of_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("continues_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("redirected_to", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=True))
        batch_op.add_column(sa.Column("redirect_act_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("came_by", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=True))
        batch_op.add_column(
            sa.Column("registration_number", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=True)
        )
        batch_op.add_column(sa.Column("appeal_registered_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
        batch_op.add_column(
            sa.Column(
                "no_answer_reason",
                sa.Enum(
                    "no_name_or_address",
                    "unreadable",
                    "essence_unclear",
                    "obscene_or_threatening",
                    "answered_repeatedly",
                    name="noanswerreason_known",
                    native_enum=False,
                    create_constraint=True,
                    length=40,
                ),
                nullable=True,
            )
        )
        batch_op.add_column(sa.Column("is_deleted_at_source", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.create_index(batch_op.f("ix_messages_continues_id"), ["continues_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_messages_duplicate_of_id"), ["duplicate_of_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_messages_redirect_act_id_legal_acts"), "legal_acts", ["redirect_act_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_messages_continues_id_messages"), "messages", ["continues_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_messages_duplicate_of_id_messages"), "messages", ["duplicate_of_id"], ["id"]
        )

    with op.batch_alter_table("replies") as batch_op:
        batch_op.add_column(sa.Column("is_own_text", sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.add_column(
            sa.Column(
                "author_ids",
                sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
                nullable=False,
                server_default="[]",
            )
        )
        batch_op.drop_constraint(op.f("ck_replies_replykind_known"), type_="check")
        batch_op.create_check_constraint(op.f("ck_replies_replykind_known"), "kind IN ('answer', 'channel_transfer', 'notice')")
    _who_drafted_is_an_author()

    with op.batch_alter_table("threads") as batch_op:
        batch_op.add_column(sa.Column("merged_into_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_threads_merged_into_id_threads"), "threads", ["merged_into_id"], ["id"]
        )

    with op.batch_alter_table("units") as batch_op:
        batch_op.add_column(
            sa.Column(
                "approval_rule",
                sa.Enum(
                    "always",
                    "without_template",
                    "never",
                    name="approvalrule_known",
                    native_enum=False,
                    create_constraint=True,
                    length=40,
                ),
                nullable=False,
                server_default="always",
            )
        )


def _who_drafted_is_an_author() -> None:
    """Until now a reply knew one author."""
    replies = sa.table(
        "replies",
        sa.column("id", sa.Uuid()),
        sa.column("drafted_by", sa.Uuid()),
        sa.column("author_ids", sa.JSON().with_variant(postgresql.JSONB(), "postgresql")),
    )
    connection = op.get_bind()
    for reply_id, drafted_by in connection.execute(sa.select(replies.c.id, replies.c.drafted_by)).all():
        authors = [str(drafted_by)]
        connection.execute(replies.update().where(replies.c.id == reply_id).values(author_ids=authors))


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("units") as batch_op:
        batch_op.drop_constraint(op.f("ck_units_approvalrule_known"), type_="check")
        batch_op.drop_column("approval_rule")

    with op.batch_alter_table("threads") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_threads_merged_into_id_threads"), type_="foreignkey")
        batch_op.drop_column("merged_into_id")

    op.execute("DELETE FROM replies WHERE kind = 'notice'")
    with op.batch_alter_table("replies") as batch_op:
        batch_op.drop_constraint(op.f("ck_replies_replykind_known"), type_="check")
        batch_op.create_check_constraint(op.f("ck_replies_replykind_known"), "kind IN ('answer', 'channel_transfer')")
        batch_op.drop_column("author_ids")
        batch_op.drop_column("is_own_text")

    with op.batch_alter_table("messages") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_messages_duplicate_of_id_messages"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_messages_continues_id_messages"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_messages_redirect_act_id_legal_acts"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_messages_duplicate_of_id"))
        batch_op.drop_index(batch_op.f("ix_messages_continues_id"))
        batch_op.drop_constraint(op.f("ck_messages_noanswerreason_known"), type_="check")
        batch_op.drop_column("is_deleted_at_source")
        batch_op.drop_column("no_answer_reason")
        batch_op.drop_column("appeal_registered_at")
        batch_op.drop_column("registration_number")
        batch_op.drop_column("came_by")
        batch_op.drop_column("redirect_act_id")
        batch_op.drop_column("redirected_to")
        batch_op.drop_column("continues_id")
        batch_op.drop_column("duplicate_of_id")
        batch_op.drop_column("proposal")

    op.drop_index(op.f("ix_message_revisions_message_id"), table_name="message_revisions")

    op.drop_table("message_revisions")
    op.drop_table("competent_bodies")
