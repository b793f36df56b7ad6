"""The reply check: its words, its rules, and findings kept with replies."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and the column."""
    op.create_table(
        "check_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "bureaucratic_phrase",
                "empty_politeness",
                "abbreviation",
                "well_known_abbreviation",
                "emoji",
                name="entrykind_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("text", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("matched", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("replacement", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("updated_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.CheckConstraint("length(matched) BETWEEN 1 AND 300", name=op.f("ck_check_entries_matched_length")),
        sa.CheckConstraint("length(text) BETWEEN 1 AND 200", name=op.f("ck_check_entries_text_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_entries")),
        sa.UniqueConstraint("kind", "matched", name="uq_check_entries_matched"),
    )
    op.create_table(
        "check_rules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "code",
            sa.Enum(
                "placeholder_missing",
                "too_long",
                "emoji_not_positive",
                "emoji_not_social",
                "personal_data",
                "link_not_https",
                "link_not_allowed",
                "link_misleading",
                "link_bare",
                "public_contact",
                "hard_to_read",
                "long_sentence",
                "genitive_chain",
                "verbal_nouns",
                "passive_voice",
                "bureaucratic_phrase",
                "empty_politeness",
                "unexplained_abbreviation",
                "capitals",
                "repeated_punctuation",
                "missing_greeting",
                "missing_interest",
                name="rulecode_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=True),
        sa.Column(
            "values",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "overrides",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("updated_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.CheckConstraint("threshold BETWEEN 1 AND 10000", name=op.f("ck_check_rules_threshold_range")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_rules")),
        sa.UniqueConstraint("code", name="uq_check_rules_code"),
    )
    with op.batch_alter_table("replies") as batch_op:
        batch_op.add_column(
            sa.Column(
                "findings",
                sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
                nullable=False,
                server_default=sa.text("'[]'"),
            )
        )


def downgrade() -> None:
    """Take them back."""
    with op.batch_alter_table("replies") as batch_op:
        batch_op.drop_column("findings")

    op.drop_table("check_rules")
    op.drop_table("check_entries")
