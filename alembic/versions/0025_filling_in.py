"""Half-filled questionnaires, one-time links, and versions of forms that are withdrawn before they begin."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

# What a published version may never lose; `valid_to` alone is set when a successor begins or is withdrawn.
FIXED = ("id", "key", "form_version", "organization_id", "valid_from", "definition", "created_at", "published_at")
STATES = ("draft", "published", "withdrawn")
OWN = sa.text("state = 'published' AND organization_id IS NOT NULL")
COMMON = sa.text("state = 'published' AND organization_id IS NULL")


def upgrade() -> None:
    """Make the tables, and let a published version be withdrawn."""
    op.create_table(
        "survey_unfinished",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("form", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column(
            "fields",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("expires_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.CheckConstraint(
            "length(code_hash) BETWEEN 64 AND 64", name=op.f("ck_survey_unfinished_code_hash_length")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_survey_unfinished_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_unfinished")),
        sa.UniqueConstraint("code_hash", name="uq_survey_unfinished_code"),
    )
    op.create_index(op.f("ix_survey_unfinished_expires_at"), "survey_unfinished", ["expires_at"], unique=False)
    op.create_table(
        "survey_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("form", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.CheckConstraint("length(token_hash) BETWEEN 64 AND 64", name=op.f("ck_survey_links_token_hash_length")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_survey_links_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_links")),
        sa.UniqueConstraint("token_hash", name="uq_survey_links_token"),
    )
    op.create_index(op.f("ix_survey_links_expires_at"), "survey_links", ["expires_at"], unique=False)
    _drop_guard()
    _know_states(STATES)
    _make_guard(may_withdraw=True)


def _know_states(states: tuple[str, ...]) -> None:
    known = ", ".join(f"'{state}'" for state in states)
    with op.batch_alter_table("survey_forms") as batch_op:
        batch_op.drop_constraint(op.f("ck_survey_forms_formstate_known"), type_="check")
        batch_op.create_check_constraint(op.f("ck_survey_forms_formstate_known"), f"state IN ({known})")


def _make_guard(*, may_withdraw: bool) -> None:
    """A published version never changes and is never deleted: the database itself refuses it."""
    told = "OLD.state = 'published' AND NEW.state = 'withdrawn'" if may_withdraw else "FALSE"
    if op.get_bind().dialect.name == "sqlite":
        changed = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in FIXED)
        op.execute(
            "CREATE TRIGGER survey_forms_update BEFORE UPDATE ON survey_forms WHEN OLD.state <> 'draft'"
            f" AND ({changed} OR (NEW.state <> OLD.state AND NOT ({told})))"
            " BEGIN SELECT RAISE(ABORT, 'a published form never changes'); END"
        )
        op.execute(
            "CREATE TRIGGER survey_forms_delete BEFORE DELETE ON survey_forms WHEN OLD.state <> 'draft'"
            " BEGIN SELECT RAISE(ABORT, 'a published form is never deleted'); END"
        )
        return
    new, old = (", ".join(f"{row}.{name}" for name in FIXED) for row in ("NEW", "OLD"))
    op.execute(
        "CREATE FUNCTION refuse_survey_form_changes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF OLD.state = 'draft' THEN IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END IF;"
        " IF TG_OP = 'DELETE' THEN RAISE EXCEPTION 'a published form is never deleted'; END IF;"
        f" IF ROW({new}) IS DISTINCT FROM ROW({old}) OR (NEW.state <> OLD.state AND NOT ({told}))"
        " THEN RAISE EXCEPTION 'a published form never changes'; END IF;"
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
    """Take it back; a withdrawn version is a draft again, which nobody sees either."""
    _drop_guard()
    op.execute("UPDATE survey_forms SET state = 'draft', published_at = NULL WHERE state = 'withdrawn'")
    _know_states(STATES[:2])
    _make_guard(may_withdraw=False)
    op.drop_table("survey_links")
    op.drop_table("survey_unfinished")
