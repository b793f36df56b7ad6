"""What respondents could not find, text by text and in groups.

Comments that were submitted before wait in the inbox to be read in.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

WAYS = ("web", "paper", "feedback_platform", "import")
OLD_COUNTED = ("satisfaction", "source_usage", "ease_of_finding", "came_from")


def upgrade() -> None:
    """Make the tables; the tail learns whose submissions it holds, and the counters to count comments."""
    _add_comments()
    _add_not_found()


def _add_comments() -> None:
    op.create_table(
        "survey_comment_inbox",
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_survey_comment_inbox")),
    )
    op.create_table(
        "survey_comments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("form_id", sa.Uuid(), nullable=False),
        sa.Column("municipality", sqlmodel.sql.sqltypes.AutoString(length=8), nullable=False),
        sa.Column(
            "source",
            sa.Enum(*WAYS, name="submissionsource_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("counted_on", sa.Date(), nullable=False),
        sa.Column("row_key", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.CheckConstraint("length(text) BETWEEN 1 AND 20000", name=op.f("ck_survey_comments_text_length")),
        sa.CheckConstraint("score BETWEEN 1 AND 5", name=op.f("ck_survey_comments_score_known")),
        sa.ForeignKeyConstraint(["form_id"], ["survey_forms.id"], name=op.f("fk_survey_comments_form_id_survey_forms")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_survey_comments_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_comments")),
        sa.UniqueConstraint("submission_id", "row_key", name="uq_survey_comments_row"),
    )
    op.create_index("ix_survey_comments_day", "survey_comments", ["counted_on", "id"], unique=False)
    op.create_index(
        "ix_survey_comments_organization", "survey_comments", ["organization_id", "counted_on", "id"], unique=False
    )
    op.create_table(
        "survey_comment_lemmas",
        sa.Column("lemma", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("comment_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["comment_id"],
            ["survey_comments.id"],
            name=op.f("fk_survey_comment_lemmas_comment_id_survey_comments"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("lemma", "comment_id", name=op.f("pk_survey_comment_lemmas")),
    )
    op.create_index("ix_survey_comment_lemmas_comment_id", "survey_comment_lemmas", ["comment_id"], unique=False)
    is_postgres = op.get_bind().dialect.name == "postgresql"
    told = "CAST(answers -> 'comments' AS TEXT)" if is_postgres else "json_extract(answers, '$.comments')"
    op.execute(f"INSERT INTO survey_comment_inbox SELECT id FROM survey_submissions WHERE {told} <> '{{}}'")
    # Whose rows wait in the tail is told by nothing; their comments are in the inbox already.
    nobody = "00000000-0000-0000-0000-000000000000" if is_postgres else "0" * 32
    with op.batch_alter_table("survey_count_tail", schema=None) as batch_op:
        batch_op.add_column(sa.Column("submission_id", sa.Uuid(), server_default=nobody, nullable=False))
    with op.batch_alter_table("survey_count_tail", schema=None) as batch_op:
        batch_op.alter_column("submission_id", server_default=None, existing_type=sa.Uuid())
    _allow_counted((*OLD_COUNTED, "comments"))


def _add_not_found() -> None:
    op.create_table(
        "not_found_groups",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("template_id", sa.Uuid(), nullable=True),
        sa.Column("state", _state(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("changed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column("note", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=True),
        sa.CheckConstraint("length > 0", name=op.f("ck_not_found_groups_length_counted")),
        sa.CheckConstraint(
            "state <> 'resolved' OR note IS NOT NULL", name=op.f("ck_not_found_groups_resolution_told")
        ),
        sa.CheckConstraint("length(note) BETWEEN 1 AND 2000", name=op.f("ck_not_found_groups_note_length")),
        _refers("not_found_groups", "organization_id", "organizations"),
        _refers("not_found_groups", "unit_id", "units"),
        _refers("not_found_groups", "template_id", "reply_templates"),
        _refers("not_found_groups", "changed_by", "employees"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_not_found_groups")),
    )
    op.create_index("ix_not_found_groups_organization", "not_found_groups", ["organization_id", "state"], unique=False)
    op.create_index(op.f("ix_not_found_groups_unit_id"), "not_found_groups", ["unit_id"], unique=False)
    op.create_index(op.f("ix_not_found_groups_template_id"), "not_found_groups", ["template_id"], unique=False)
    op.create_table(
        "not_found_texts",
        sa.Column("comment_id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        _refers("not_found_texts", "comment_id", "survey_comments", ondelete="CASCADE"),
        _refers("not_found_texts", "group_id", "not_found_groups"),
        sa.PrimaryKeyConstraint("comment_id", name=op.f("pk_not_found_texts")),
    )
    op.create_index(op.f("ix_not_found_texts_group_id"), "not_found_texts", ["group_id"], unique=False)
    op.create_table(
        "not_found_lemmas",
        sa.Column("lemma", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        _refers("not_found_lemmas", "group_id", "not_found_groups"),
        sa.PrimaryKeyConstraint("lemma", "group_id", name=op.f("pk_not_found_lemmas")),
    )
    op.create_index("ix_not_found_lemmas_group_id", "not_found_lemmas", ["group_id", "n"], unique=False)
    op.create_table(
        "not_found_steps",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("to_state", _state(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("note", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=True),
        sa.CheckConstraint("length(note) BETWEEN 1 AND 2000", name=op.f("ck_not_found_steps_note_length")),
        _refers("not_found_steps", "group_id", "not_found_groups"),
        _refers("not_found_steps", "by_id", "employees"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_not_found_steps")),
    )
    op.create_index(op.f("ix_not_found_steps_group_id"), "not_found_steps", ["group_id"], unique=False)


def _state() -> sa.Enum:
    states = ("open", "taken_up", "resolved")
    return sa.Enum(*states, name="notfoundstate_known", native_enum=False, create_constraint=True, length=40)


def _refers(table: str, column: str, other: str, **more: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"), **more)


def _allow_counted(questions: tuple[str, ...]) -> None:
    name = "ck_survey_counts_counted_known"
    told = ", ".join(f"'{question}'" for question in questions)
    with op.batch_alter_table("survey_counts", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f(name), type_="check")
        batch_op.create_check_constraint(batch_op.f(name), f"question IN ({told})")


def downgrade() -> None:
    """Take it back."""
    for name in ("steps", "lemmas", "texts", "groups"):
        op.drop_table(f"not_found_{name}")
    _drop_comments()


def _drop_comments() -> None:
    op.execute("DELETE FROM survey_counts WHERE question = 'comments'")
    _allow_counted(OLD_COUNTED)
    with op.batch_alter_table("survey_count_tail", schema=None) as batch_op:
        batch_op.drop_column("submission_id")
    op.drop_index("ix_survey_comment_lemmas_comment_id", table_name="survey_comment_lemmas")
    op.drop_table("survey_comment_lemmas")
    op.drop_index("ix_survey_comments_organization", table_name="survey_comments")
    op.drop_index("ix_survey_comments_day", table_name="survey_comments")
    op.drop_table("survey_comments")
    op.drop_table("survey_comment_inbox")
