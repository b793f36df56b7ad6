"""Synonyms, choices of templates, and the dictionary forms of the templates' words in their search text."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

templates = sa.table("reply_templates", sa.column("id", sa.Uuid), sa.column("search_text", sa.Text))


def upgrade() -> None:
    """Make the tables, and write the forms behind the words."""
    op.create_table(
        "synonym_groups",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "same",
                "near",
                "foreign",
                name="synonymkind_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column(
            "terms",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 100", name=op.f("ck_synonym_groups_name_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_synonym_groups")),
        sa.UniqueConstraint("kind", "name", name="uq_synonym_groups_name"),
    )
    op.create_table(
        "template_choices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column(
            "forms",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("chosen_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["template_id"], ["reply_templates.id"], name=op.f("fk_template_choices_template_id_reply_templates")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template_choices")),
    )
    op.create_index("ix_template_choices_template", "template_choices", ["template_id", "id"], unique=False)
    # What is searched is derived from the words by the service's own rule, so it is that rule that is asked.
    from app.reply_templates.search.rules.tokenizer import select_search_words

    connection = op.get_bind()
    for template_id, text in connection.execute(sa.select(templates.c.id, templates.c.search_text)).all():
        changed = sa.update(templates).where(templates.c.id == template_id).values(search_text=select_search_words(text))
        connection.execute(changed)


def downgrade() -> None:
    """Drop the tables, and take the forms off the words."""
    connection = op.get_bind()
    for template_id, text in connection.execute(sa.select(templates.c.id, templates.c.search_text)).all():
        words = text.split("\n")[0]
        connection.execute(sa.update(templates).where(templates.c.id == template_id).values(search_text=words))
    op.drop_index("ix_template_choices_template", table_name="template_choices")
    op.drop_table("template_choices")
    op.drop_table("synonym_groups")
