"""Versions of survey forms that hold, and the codes of their sources."""

import json

import sqlalchemy as sa
import sqlmodel
from alembic import op

from app.core.ids import new_id

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

OWN = sa.text("state = 'published' AND organization_id IS NOT NULL")
COMMON = sa.text("state = 'published' AND organization_id IS NULL")
NATIONAL = sa.text("organization_id IS NULL")


def upgrade() -> None:
    """Number versions through all organizations, keep the codes of sources, and let published versions stand."""
    op.drop_index("uq_survey_forms_national", table_name="survey_forms")
    with op.batch_alter_table("survey_forms") as batch_op:
        batch_op.add_column(sa.Column("created_by", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("published_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_survey_forms_created_by_employees"), "employees", ["created_by"], ["id"]
        )
        batch_op.drop_constraint("uq_survey_forms_version", type_="unique")
        batch_op.create_unique_constraint("uq_survey_forms_version", ["key", "form_version"])
        batch_op.create_check_constraint(op.f("ck_survey_forms_form_version_counted"), "form_version > 0")
    op.create_index(op.f("ix_survey_forms_created_by"), "survey_forms", ["created_by"], unique=False)
    own, common = ["key", "organization_id", "valid_from"], ["key", "valid_from"]
    op.create_index(
        "uq_survey_forms_own_start", "survey_forms", own, unique=True, sqlite_where=OWN, postgresql_where=OWN
    )
    op.create_index(
        "uq_survey_forms_common_start",
        "survey_forms",
        common,
        unique=True,
        sqlite_where=COMMON,
        postgresql_where=COMMON,
    )

    op.create_table(
        "survey_sources",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("form", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("suffix", sa.Integer(), nullable=False),
        sa.CheckConstraint("suffix > 0", name=op.f("ck_survey_sources_suffix_counted")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_sources")),
        sa.UniqueConstraint("form", "key", name="uq_survey_sources_key"),
        sa.UniqueConstraint("form", "suffix", name="uq_survey_sources_suffix"),
    )

    _keep_known_codes()
    _make_guard()


def _keep_known_codes() -> None:
    """The sources of the versions that are published already."""
    connection = op.get_bind()
    forms = sa.table("survey_forms", sa.column("key"), sa.column("state"), sa.column("definition", sa.JSON()))
    sources = sa.table(
        "survey_sources", sa.column("id", sa.Uuid()), sa.column("form"), sa.column("key"), sa.column("suffix")
    )
    known = {}
    for key, definition in connection.execute(sa.select(forms.c.key, forms.c.definition).where(forms.c.state == "published")):
        read = json.loads(definition) if isinstance(definition, str) else definition
        for raw in read["form"]["sources"]:
            known.setdefault((key, raw["key"]), raw["suffix"])
    if known:
        rows = [{"id": new_id(), "form": form, "key": key, "suffix": n} for (form, key), n in known.items()]
        connection.execute(sa.insert(sources), rows)


# What a published version may never lose; `valid_to` alone is set when a successor begins.
_FIXED = ("id", "key", "form_version", "organization_id", "state", "valid_from", "definition", "created_at", "published_at")


def _make_guard() -> None:
    """A published version never changes and is never deleted: the database itself refuses it."""
    if op.get_bind().dialect.name == "sqlite":
        changed = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in _FIXED)
        op.execute(
            f"CREATE TRIGGER survey_forms_update BEFORE UPDATE ON survey_forms WHEN OLD.state = 'published' AND ({changed})"
            " BEGIN SELECT RAISE(ABORT, 'a published form never changes'); END"
        )
        op.execute(
            "CREATE TRIGGER survey_forms_delete BEFORE DELETE ON survey_forms WHEN OLD.state = 'published'"
            " BEGIN SELECT RAISE(ABORT, 'a published form is never deleted'); END"
        )
        return
    new, old = (", ".join(f"{row}.{name}" for name in _FIXED) for row in ("NEW", "OLD"))
    op.execute(
        "CREATE FUNCTION refuse_survey_form_changes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF OLD.state <> 'published' THEN IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END IF;"
        " IF TG_OP = 'DELETE' THEN RAISE EXCEPTION 'a published form is never deleted'; END IF;"
        f" IF ROW({new}) IS DISTINCT FROM ROW({old}) THEN RAISE EXCEPTION 'a published form never changes'; END IF;"
        " RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER survey_forms_guard BEFORE UPDATE OR DELETE ON survey_forms"
        " FOR EACH ROW EXECUTE FUNCTION refuse_survey_form_changes()"
    )


def _drop_guard() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER survey_forms_update")
        op.execute("DROP TRIGGER survey_forms_delete")
        return
    op.execute("DROP TRIGGER survey_forms_guard ON survey_forms")
    op.execute("DROP FUNCTION refuse_survey_form_changes()")


def downgrade() -> None:
    """Take it back."""
    _drop_guard()
    op.drop_table("survey_sources")
    op.drop_index("uq_survey_forms_common_start", table_name="survey_forms")
    op.drop_index("uq_survey_forms_own_start", table_name="survey_forms")
    op.drop_index(op.f("ix_survey_forms_created_by"), table_name="survey_forms")
    with op.batch_alter_table("survey_forms") as batch_op:
        batch_op.drop_constraint(op.f("ck_survey_forms_form_version_counted"), type_="check")
        batch_op.drop_constraint("uq_survey_forms_version", type_="unique")
        batch_op.create_unique_constraint("uq_survey_forms_version", ["key", "form_version", "organization_id"])
        batch_op.drop_constraint(op.f("fk_survey_forms_created_by_employees"), type_="foreignkey")
        batch_op.drop_column("published_at")
        batch_op.drop_column("created_by")
    op.create_index(
        "uq_survey_forms_national",
        "survey_forms",
        ["key", "form_version"],
        unique=True,
        sqlite_where=NATIONAL,
        postgresql_where=NATIONAL,
    )
