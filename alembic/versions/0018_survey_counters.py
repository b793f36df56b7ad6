"""Counters of survey answers and their tail; what was submitted before waits in the tail to be folded."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

WAYS = ("web", "paper", "feedback_platform", "import")


def upgrade() -> None:
    """Make the tables, and put the submissions that are there into the tail."""
    op.create_table(
        "survey_counts",
        sa.Column(
            "question",
            sa.Enum(
                "satisfaction",
                "source_usage",
                "ease_of_finding",
                "came_from",
                name="counted_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "span",
            sa.Enum("day", "month", name="span_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("form_id", sa.Uuid(), nullable=False),
        sa.Column("municipality", sqlmodel.sql.sqltypes.AutoString(length=8), nullable=False),
        sa.Column(
            "source",
            sa.Enum(*WAYS, name="submissionsource_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("row_key", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        *[sa.Column(f"n{value}", sa.Integer(), nullable=False) for value in range(1, 6)],
        sa.ForeignKeyConstraint(["form_id"], ["survey_forms.id"], name=op.f("fk_survey_counts_form_id_survey_forms")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_survey_counts_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint(
            "question",
            "span",
            "day",
            "organization_id",
            "form_id",
            "municipality",
            "source",
            "row_key",
            name=op.f("pk_survey_counts"),
        ),
    )
    op.create_table(
        "survey_count_tail",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sign", sa.SmallInteger(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("form_id", sa.Uuid(), nullable=False),
        sa.Column("municipality", sqlmodel.sql.sqltypes.AutoString(length=8), nullable=True),
        sa.Column(
            "source",
            sa.Enum(*WAYS, name="submissionsource_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("counted_on", sa.Date(), nullable=False),
        sa.Column("came_from_point_id", sa.Uuid(), nullable=True),
        sa.Column("satisfaction", sa.SmallInteger(), nullable=False),
        sa.Column(
            "answers",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.CheckConstraint("sign IN (-1, 1)", name=op.f("ck_survey_count_tail_sign_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_count_tail")),
    )
    is_postgres = op.get_bind().dialect.name == "postgresql"
    answers = "answers - 'comments'" if is_postgres else "json_remove(answers, '$.comments')"
    copied = "id, organization_id, form_id, municipality, source, counted_on, came_from_point_id, satisfaction"
    op.execute(
        f"INSERT INTO survey_count_tail (sign, {copied}, answers) SELECT 1, {copied}, {answers} FROM survey_submissions"
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("survey_count_tail")
    op.drop_table("survey_counts")
