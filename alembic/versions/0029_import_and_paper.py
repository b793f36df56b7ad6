"""Submissions that come as tables, paper in batches with a second entry, and corrections that keep the old answers."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

KNOWN = sa.text("identity IS NOT NULL")
IN_BATCH = sa.text("batch IS NOT NULL")


def upgrade() -> None:
    """Make the tables and the columns; what is there is of version 1, and nothing is chosen."""
    json_type = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
    op.create_table(
        "survey_prepared",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("form_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("municipality", sqlmodel.sql.sqltypes.AutoString(length=8), nullable=True),
        sa.Column("filled_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("counted_on", sa.Date(), nullable=False),
        sa.Column("satisfaction", sa.SmallInteger(), nullable=False),
        sa.Column("answers", json_type, nullable=False),
        sa.Column("external_id", sqlmodel.sql.sqltypes.AutoString(length=255), nullable=True),
        sa.Column("identity", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("content", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_prepared")),
        sa.UniqueConstraint("import_id", "number", name="uq_survey_prepared_number"),
        sa.UniqueConstraint("import_id", "identity", name="uq_survey_prepared_identity"),
    )
    op.create_index("ix_survey_prepared_content", "survey_prepared", ["import_id", "content"], unique=False)
    with op.batch_alter_table("survey_submissions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("import_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("external_id", sqlmodel.sql.sqltypes.AutoString(length=255), nullable=True))
        batch_op.add_column(sa.Column("identity", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True))
        batch_op.add_column(sa.Column("content", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True))
        batch_op.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("batch", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=True))
        batch_op.add_column(sa.Column("sheet_number", sa.Integer(), nullable=True))
        batch_op.create_check_constraint(
            batch_op.f("ck_survey_submissions_sheet_in_batch"), "(batch IS NULL) = (sheet_number IS NULL)"
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_survey_submissions_sheet_number_counted"), "sheet_number > 0"
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_survey_submissions_import_id_imports"), "imports", ["import_id"], ["id"]
        )
    with op.batch_alter_table("survey_submissions", schema=None) as batch_op:
        batch_op.alter_column("version", server_default=None, existing_type=sa.Integer())
    op.create_index(
        "uq_survey_submissions_identity",
        "survey_submissions",
        ["identity"],
        unique=True,
        sqlite_where=KNOWN,
        postgresql_where=KNOWN,
    )
    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.add_column(sa.Column("parameters", json_type, nullable=False, server_default="{}"))
    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.alter_column("parameters", server_default=None, existing_type=json_type, existing_nullable=False)
    with op.batch_alter_table("organizations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("double_entry_percent", sa.Integer(), nullable=False, server_default="0"))
        batch_op.create_check_constraint(
            batch_op.f("ck_organizations_double_entry_percent_range"), "double_entry_percent BETWEEN 0 AND 100"
        )
    with op.batch_alter_table("organizations", schema=None) as batch_op:
        batch_op.alter_column("double_entry_percent", server_default=None, existing_type=sa.Integer())
    op.create_index(
        "uq_survey_submissions_sheet",
        "survey_submissions",
        ["batch", "organization_id", "sheet_number"],
        unique=True,
        sqlite_where=IN_BATCH,
        postgresql_where=IN_BATCH,
    )
    op.create_table(
        "survey_revisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("form_id", sa.Uuid(), nullable=False),
        sa.Column("municipality", sqlmodel.sql.sqltypes.AutoString(length=8), nullable=True),
        sa.Column("filled_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("counted_on", sa.Date(), nullable=False),
        sa.Column("answers", json_type, nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=False),
        sa.Column("corrected_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("corrected_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("length(reason) BETWEEN 1 AND 2000", name=op.f("ck_survey_revisions_reason_length")),
        sa.ForeignKeyConstraint(
            ["corrected_by"], ["employees.id"], name=op.f("fk_survey_revisions_corrected_by_employees")
        ),
        sa.ForeignKeyConstraint(["form_id"], ["survey_forms.id"], name=op.f("fk_survey_revisions_form_id_survey_forms")),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["survey_submissions.id"],
            name=op.f("fk_survey_revisions_submission_id_survey_submissions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_revisions")),
        sa.UniqueConstraint("submission_id", "number", name="uq_survey_revisions_number"),
    )
    op.create_index(op.f("ix_survey_revisions_corrected_by"), "survey_revisions", ["corrected_by"], unique=False)
    op.create_index(op.f("ix_survey_revisions_form_id"), "survey_revisions", ["form_id"], unique=False)
    op.create_table(
        "survey_entry_checks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "agreed",
                "differs",
                "resolved",
                name="entrycheckstate_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("chosen_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("second_by", sa.Uuid(), nullable=True),
        sa.Column("second_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("second_codes", json_type, nullable=True),
        sa.Column("differences", json_type, nullable=True),
        sa.Column(
            "resolution",
            sa.Enum(
                "first_stands",
                "corrected",
                name="resolution_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=True),
        sa.Column("resolved_by", sa.Uuid(), nullable=True),
        sa.Column("resolved_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "reason IS NULL OR length(reason) BETWEEN 1 AND 2000", name=op.f("ck_survey_entry_checks_reason_length")
        ),
        sa.CheckConstraint(
            "(second_by IS NULL) = (state = 'waiting')", name=op.f("ck_survey_entry_checks_second_keyed")
        ),
        sa.CheckConstraint(
            "(resolution IS NOT NULL) = (state = 'resolved')", name=op.f("ck_survey_entry_checks_resolution_told")
        ),
        sa.ForeignKeyConstraint(
            ["resolved_by"], ["employees.id"], name=op.f("fk_survey_entry_checks_resolved_by_employees")
        ),
        sa.ForeignKeyConstraint(
            ["second_by"], ["employees.id"], name=op.f("fk_survey_entry_checks_second_by_employees")
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["survey_submissions.id"],
            name=op.f("fk_survey_entry_checks_submission_id_survey_submissions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_entry_checks")),
        sa.UniqueConstraint("submission_id", name="uq_survey_entry_checks_submission"),
    )
    for name in ("resolved_by", "second_by", "state"):
        op.create_index(op.f(f"ix_survey_entry_checks_{name}"), "survey_entry_checks", [name], unique=False)


def downgrade() -> None:
    """Take them back; what came with tables stays, and as it was corrected."""
    for name in ("state", "second_by", "resolved_by"):
        op.drop_index(op.f(f"ix_survey_entry_checks_{name}"), table_name="survey_entry_checks")
    op.drop_table("survey_entry_checks")
    op.drop_index(op.f("ix_survey_revisions_form_id"), table_name="survey_revisions")
    op.drop_index(op.f("ix_survey_revisions_corrected_by"), table_name="survey_revisions")
    op.drop_table("survey_revisions")
    op.drop_index("uq_survey_submissions_sheet", table_name="survey_submissions")
    with op.batch_alter_table("organizations", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_organizations_double_entry_percent_range"), type_="check")
        batch_op.drop_column("double_entry_percent")
    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.drop_column("parameters")
    op.drop_index("uq_survey_submissions_identity", table_name="survey_submissions")
    with op.batch_alter_table("survey_submissions", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_survey_submissions_import_id_imports"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("ck_survey_submissions_sheet_number_counted"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_survey_submissions_sheet_in_batch"), type_="check")
        for name in ("sheet_number", "batch", "version", "content", "identity", "external_id", "import_id"):
            batch_op.drop_column(name)
    op.drop_index("ix_survey_prepared_content", table_name="survey_prepared")
    op.drop_table("survey_prepared")
