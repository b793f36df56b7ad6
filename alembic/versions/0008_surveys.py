"""Survey forms and submissions."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "survey_forms",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("form_version", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column(
            "state",
            sa.Enum("draft", "published", name="formstate_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column(
            "definition",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.CheckConstraint("valid_to IS NULL OR valid_from <= valid_to", name=op.f("ck_survey_forms_validity_order")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_survey_forms_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_forms")),
        sa.UniqueConstraint("key", "form_version", "organization_id", name="uq_survey_forms_version"),
    )
    op.create_index(op.f("ix_survey_forms_organization_id"), "survey_forms", ["organization_id"], unique=False)
    op.create_index(
        "uq_survey_forms_national",
        "survey_forms",
        ["key", "form_version"],
        unique=True,
        sqlite_where=sa.text("organization_id IS NULL"),
        postgresql_where=sa.text("organization_id IS NULL"),
    )
    op.create_table(
        "survey_submissions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("form_id", sa.Uuid(), nullable=False),
        sa.Column("form", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("form_version", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("municipality", sqlmodel.sql.sqltypes.AutoString(length=8), nullable=True),
        sa.Column("filled_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("received_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("counted_on", sa.Date(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "web",
                "paper",
                "feedback_platform",
                "import",
                name="submissionsource_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("satisfaction", sa.SmallInteger(), nullable=False),
        sa.Column(
            "answers",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("came_from_point_id", sa.Uuid(), nullable=True),
        sa.Column("keyed_by", sa.Uuid(), nullable=True),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("satisfaction BETWEEN 1 AND 2", name=op.f("ck_survey_submissions_satisfaction_known")),
        sa.ForeignKeyConstraint(
            ["came_from_point_id"],
            ["interaction_points.id"],
            name=op.f("fk_survey_submissions_came_from_point_id_interaction_points"),
        ),
        sa.ForeignKeyConstraint(
            ["form_id"], ["survey_forms.id"], name=op.f("fk_survey_submissions_form_id_survey_forms")
        ),
        sa.ForeignKeyConstraint(["keyed_by"], ["employees.id"], name=op.f("fk_survey_submissions_keyed_by_employees")),
        sa.ForeignKeyConstraint(
            ["municipality"], ["municipalities.oktmo"], name=op.f("fk_survey_submissions_municipality_municipalities")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_survey_submissions_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_submissions")),
    )
    op.create_index(
        op.f("ix_survey_submissions_came_from_point_id"), "survey_submissions", ["came_from_point_id"], unique=False
    )
    op.create_index(op.f("ix_survey_submissions_client_id"), "survey_submissions", ["client_id"], unique=False)
    op.create_index(
        "ix_survey_submissions_counted",
        "survey_submissions",
        ["organization_id", "counted_on", "satisfaction"],
        unique=False,
    )
    op.create_index(
        "ix_survey_submissions_day_municipality", "survey_submissions", ["counted_on", "municipality"], unique=False
    )
    op.create_index(op.f("ix_survey_submissions_form_id"), "survey_submissions", ["form_id"], unique=False)
    op.create_index(op.f("ix_survey_submissions_keyed_by"), "survey_submissions", ["keyed_by"], unique=False)
    op.create_index(op.f("ix_survey_submissions_municipality"), "survey_submissions", ["municipality"], unique=False)
    op.create_index(op.f("ix_survey_submissions_source"), "survey_submissions", ["source"], unique=False)


def downgrade() -> None:
    """Drop the tables."""
    op.drop_index(op.f("ix_survey_submissions_source"), table_name="survey_submissions")
    op.drop_index(op.f("ix_survey_submissions_municipality"), table_name="survey_submissions")
    op.drop_index(op.f("ix_survey_submissions_keyed_by"), table_name="survey_submissions")
    op.drop_index(op.f("ix_survey_submissions_form_id"), table_name="survey_submissions")
    op.drop_index("ix_survey_submissions_day_municipality", table_name="survey_submissions")
    op.drop_index("ix_survey_submissions_counted", table_name="survey_submissions")
    op.drop_index(op.f("ix_survey_submissions_client_id"), table_name="survey_submissions")
    op.drop_index(op.f("ix_survey_submissions_came_from_point_id"), table_name="survey_submissions")
    op.drop_table("survey_submissions")
    op.drop_index(
        "uq_survey_forms_national",
        table_name="survey_forms",
        sqlite_where=sa.text("organization_id IS NULL"),
        postgresql_where=sa.text("organization_id IS NULL"),
    )
    op.drop_index(op.f("ix_survey_forms_organization_id"), table_name="survey_forms")
    op.drop_table("survey_forms")
