"""The day until which a version was published for, kept beside the one on which another version ended it."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

FOLLOWED = (
    "EXISTS (SELECT 1 FROM survey_forms AS later WHERE later.key = survey_forms.key AND later.state = 'published'"
    " AND later.valid_from > survey_forms.valid_to AND (later.organization_id = survey_forms.organization_id"
    " OR (later.organization_id IS NULL AND survey_forms.organization_id IS NULL)))"
)


def upgrade() -> None:
    """Add it. What a later version ended is taken for open, as it was unless somebody gave it an end of its own."""
    op.add_column("survey_forms", sa.Column("closes_on", sa.Date(), nullable=True))
    op.execute(f"UPDATE survey_forms SET closes_on = valid_to WHERE state <> 'draft' AND NOT {FOLLOWED}")  # noqa: S608  a constant
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER survey_forms_closing BEFORE UPDATE ON survey_forms"
            " WHEN OLD.state <> 'draft' AND NEW.closes_on IS NOT OLD.closes_on"
            " BEGIN SELECT RAISE(ABORT, 'a published form never changes'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION refuse_closing_changes() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'a published form never changes'; END $$"
    )
    op.execute(
        "CREATE TRIGGER survey_forms_closing BEFORE UPDATE ON survey_forms FOR EACH ROW"
        " WHEN (OLD.state <> 'draft' AND NEW.closes_on IS DISTINCT FROM OLD.closes_on)"
        " EXECUTE FUNCTION refuse_closing_changes()"
    )


def downgrade() -> None:
    """Take it back."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER survey_forms_closing")
    else:
        op.execute("DROP TRIGGER survey_forms_closing ON survey_forms")
        op.execute("DROP FUNCTION refuse_closing_changes()")
    op.drop_column("survey_forms", "closes_on")
