"""Imports with their staged rows, and the full history of interaction points."""

from typing import Any

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.ids import new_id

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and tell the history of the points that are there as far as it is known."""
    op.create_table(
        "import_rows",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "data",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
            ),
            nullable=False,
        ),
        sa.Column("identity", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True),
        sa.Column("staged_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_rows")),
        sa.UniqueConstraint("import_id", "number", name="uq_import_rows_number"),
    )
    with op.batch_alter_table("import_rows", schema=None) as batch_op:
        batch_op.create_index("ix_import_rows_identity", ["import_id", "identity"], unique=False)
        batch_op.create_index(batch_op.f("ix_import_rows_staged_at"), ["staged_at"], unique=False)

    op.create_table(
        "imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "running",
                "done",
                "failed",
                name="importstate_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("is_dry_run", sa.Boolean(), nullable=False),
        sa.Column("is_partial", sa.Boolean(), nullable=False),
        sa.Column("asked_by_kind", sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column(
            "roles",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
            ),
            nullable=False,
        ),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("finished_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column(
            "columns",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
            ),
            nullable=False,
        ),
        sa.Column("rows_total", sa.Integer(), nullable=False),
        sa.Column("rows_done", sa.Integer(), nullable=False),
        sa.Column(
            "faults",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
            ),
            nullable=False,
        ),
        sa.Column("faults_total", sa.Integer(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_imports_asked_by"), ["asked_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_imports_state"), ["state"], unique=False)

    op.create_table(
        "point_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column(
            "action",
            sa.Enum(
                "created",
                "changed",
                "regulated",
                "approved",
                "suspended",
                "withdrawn",
                name="pointaction_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "changes",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
            ),
            nullable=False,
        ),
        sa.Column("recorded_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["point_id"], ["interaction_points.id"], name=op.f("fk_point_changes_point_id_interaction_points")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_changes")),
    )
    with op.batch_alter_table("point_changes", schema=None) as batch_op:
        batch_op.create_index("ix_point_changes_point", ["point_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_point_changes_recorded_at"), ["recorded_at"], unique=False)

    _tell_known_history()
    _make_guard()


def _make_guard() -> None:
    """The history is only ever added to: the database itself refuses anything else."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER point_changes_{verb.lower()} BEFORE {verb} ON point_changes"
                " BEGIN SELECT RAISE(ABORT, 'point_changes is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION refuse_point_changes() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'point_changes is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER point_changes_guard BEFORE UPDATE OR DELETE OR TRUNCATE ON point_changes"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_point_changes()"
    )


def _drop_guard() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER point_changes_{verb}")
        return
    op.execute("DROP TRIGGER point_changes_guard ON point_changes")
    op.execute("DROP FUNCTION refuse_point_changes()")


FIELDS = (
    "organization_id",
    "unit_id",
    "name",
    "format",
    "channel",
    "audience",
    "address",
    "is_official_page",
    "service",
    "status",
    "approval_act_id",
    "valid_from",
    "valid_to",
    "regulation_kind",
    "regulation_act_id",
    "regulation_clause",
    "regulation_text",
)


def _tell_known_history() -> None:
    """What each point became at each recorded step; of other fields only the present value is known."""
    connection = op.get_bind()
    tables = sa.MetaData()
    points, states, changes = (
        sa.Table(name, tables, autoload_with=connection)
        for name in ("interaction_points", "point_states", "point_changes")
    )
    # SQLite shows no types of its own for these; what is written must look as the service writes it.
    for table, uuids in (
        (points, ("id", "organization_id", "unit_id", "approval_act_id", "regulation_act_id")),
        (states, ("point_id", "legal_act_id", "recorded_by")),
        (changes, ("id", "point_id", "recorded_by")),
    ):
        for name in uuids:
            table.c[name].type = sa.Uuid()
    for column in (points.c.created_at, states.c.recorded_at, changes.c.recorded_at):
        column.type = sqlmodel.sql.sqltypes.UTCDateTime()
    points.c.is_official_page.type = sa.Boolean()
    changes.c.changes.type = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    for point in connection.execute(sa.select(points).order_by(points.c.id)).mappings().all():
        before = {}
        now = {name: _as_json(point[name]) for name in FIELDS}
        now |= {"status": "draft", "approval_act_id": None, "valid_from": None, "valid_to": None}
        rows = [_row(point["id"], "created", before, now, point["created_at"], None)]
        steps = sa.select(states).where(states.c.point_id == point["id"]).order_by(states.c.sequence)
        for step in connection.execute(steps).mappings().all():
            before, now = now, now | {"status": step["status"]}
            if step["status"] == "approved":
                now["approval_act_id"] = _as_json(step["legal_act_id"])
                now["valid_from"], now["valid_to"] = _as_json(step["effective_on"]), _as_json(step["valid_to"])
            rows.append(_row(point["id"], step["status"], before, now, step["recorded_at"], step["recorded_by"]))
        connection.execute(sa.insert(changes), rows)


def _row(point_id: Any, action: str, before: dict[str, Any], now: dict[str, Any], at: Any, by: Any) -> dict[str, Any]:
    told = [{"field": f, "old": before.get(f), "new": now[f]} for f in FIELDS if before.get(f) != now[f]]
    return {
        "id": new_id(),
        "point_id": point_id,
        "action": action,
        "changes": told,
        "recorded_at": at,
        "recorded_by": by,
    }


def _as_json(value: Any) -> Any:
    return value if value is None or isinstance(value, bool) else str(value)


def downgrade() -> None:
    """Drop the tables."""
    _drop_guard()
    with op.batch_alter_table("point_changes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_point_changes_recorded_at"))
        batch_op.drop_index("ix_point_changes_point")

    op.drop_table("point_changes")
    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_imports_state"))
        batch_op.drop_index(batch_op.f("ix_imports_asked_by"))

    op.drop_table("imports")
    with op.batch_alter_table("import_rows", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_import_rows_staged_at"))
        batch_op.drop_index("ix_import_rows_identity")

    op.drop_table("import_rows")
