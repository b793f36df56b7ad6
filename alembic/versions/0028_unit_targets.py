"""Targets of units, the periods in which they were not reached, and control notes of the service itself."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

OLD_NOTED = ("message", "reply", "reply_template", "survey_submission")
OLD_KINDS = (
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
)
NOTED, KIND = "unit_target", "target_not_reached"


def upgrade() -> None:
    """Make the tables; a note may have no author."""
    op.create_table(
        "unit_targets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column(
            "measure",
            sa.Enum(
                "satisfaction",
                "answer_satisfaction",
                "limits_in_time",
                "targets_in_time",
                name="targetmeasure_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("least_n", sa.Integer(), nullable=False),
        sa.Column(
            "period",
            sa.Enum("month", "quarter", name="targetperiod_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("threshold > 0 AND threshold <= 1", name=op.f("ck_unit_targets_threshold_range")),
        sa.CheckConstraint("least_n > 0", name=op.f("ck_unit_targets_least_n_counted")),
        sa.CheckConstraint(
            "closed_on IS NULL OR closed_on >= valid_from", name=op.f("ck_unit_targets_validity_order")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_unit_targets_unit_id_units")),
        sa.ForeignKeyConstraint(["created_by"], ["employees.id"], name=op.f("fk_unit_targets_created_by_employees")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_targets")),
    )
    op.create_index(op.f("ix_unit_targets_unit_id"), "unit_targets", ["unit_id"], unique=False)
    op.create_index(
        "uq_unit_targets_open",
        "unit_targets",
        ["unit_id", "measure", "period"],
        unique=True,
        sqlite_where=sa.text("closed_on IS NULL"),
        postgresql_where=sa.text("closed_on IS NULL"),
    )
    op.create_table(
        "target_deviations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("note_id", sa.Uuid(), nullable=False),
        sa.Column("found_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["target_id"], ["unit_targets.id"], name=op.f("fk_target_deviations_target_id_unit_targets")
        ),
        sa.ForeignKeyConstraint(
            ["note_id"], ["control_notes.id"], name=op.f("fk_target_deviations_note_id_control_notes")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target_deviations")),
        sa.UniqueConstraint("target_id", "period_start", name="uq_target_deviations_period"),
    )
    with op.batch_alter_table("control_notes", schema=None) as batch_op:
        batch_op.alter_column("created_by", existing_type=sa.Uuid(), nullable=True)
    _know("control_notes", "notedtype_known", "object_type", (*OLD_NOTED, NOTED))
    _know("notifications", "notificationkind_known", "kind", (*OLD_KINDS, KIND))


def downgrade() -> None:
    """Take them back. The service's own notes and notifications go with their kinds."""
    op.execute(f"DELETE FROM notifications WHERE kind = '{KIND}'")
    op.drop_table("target_deviations")
    op.drop_table("unit_targets")
    op.execute(f"DELETE FROM control_notes WHERE object_type = '{NOTED}' OR created_by IS NULL")
    _know("notifications", "notificationkind_known", "kind", OLD_KINDS)
    _know("control_notes", "notedtype_known", "object_type", OLD_NOTED)
    with op.batch_alter_table("control_notes", schema=None) as batch_op:
        batch_op.alter_column("created_by", existing_type=sa.Uuid(), nullable=False)


def _know(table: str, check: str, column: str, values: tuple[str, ...]) -> None:
    name = f"ck_{table}_{check}"
    told = ", ".join(f"'{value}'" for value in values)
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f(name), type_="check")
        batch_op.create_check_constraint(batch_op.f(name), f"{column} IN ({told})")
