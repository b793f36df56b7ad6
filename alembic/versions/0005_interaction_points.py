"""Channel kinds, interaction points and the history of their states."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "channel_kinds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column("is_social", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_kinds")),
        sa.UniqueConstraint("key", name="uq_channel_kinds_key"),
    )
    op.create_table(
        "interaction_points",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column(
            "format",
            sa.Enum(
                "digital", "offline", name="pointformat_known", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("channel", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column(
            "audience",
            sa.Enum(
                "external",
                "internal",
                "both",
                name="audience_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("address", sqlmodel.sql.sqltypes.AutoString(length=1000), nullable=True),
        sa.Column("is_official_page", sa.Boolean(), nullable=False),
        sa.Column("service", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "draft",
                "approved",
                "suspended",
                "withdrawn",
                name="pointstatus_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("approval_act_id", sa.Uuid(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column(
            "regulation_kind",
            sa.Enum(
                "legal_act",
                "own_text",
                name="regulationkind_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("regulation_act_id", sa.Uuid(), nullable=True),
        sa.Column("regulation_clause", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=True),
        sa.Column("regulation_text", sa.Text(), nullable=True),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.CheckConstraint(
            "(regulation_kind IS NULL AND regulation_act_id IS NULL AND regulation_text IS NULL) OR (regulation_kind = 'legal_act' AND regulation_act_id IS NOT NULL AND regulation_text IS NULL) OR (regulation_kind = 'own_text' AND regulation_act_id IS NULL AND regulation_text IS NOT NULL)",
            name=op.f("ck_interaction_points_regulation_whole"),
        ),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 500", name=op.f("ck_interaction_points_name_length")),
        sa.ForeignKeyConstraint(
            ["approval_act_id"], ["legal_acts.id"], name=op.f("fk_interaction_points_approval_act_id_legal_acts")
        ),
        sa.ForeignKeyConstraint(
            ["channel"], ["channel_kinds.key"], name=op.f("fk_interaction_points_channel_channel_kinds")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_interaction_points_organization_id_organizations")
        ),
        sa.ForeignKeyConstraint(
            ["regulation_act_id"], ["legal_acts.id"], name=op.f("fk_interaction_points_regulation_act_id_legal_acts")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_interaction_points_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interaction_points")),
        sa.UniqueConstraint("organization_id", "name", name="uq_interaction_points_name"),
    )
    op.create_index(
        op.f("ix_interaction_points_approval_act_id"), "interaction_points", ["approval_act_id"], unique=False
    )
    op.create_index(op.f("ix_interaction_points_channel"), "interaction_points", ["channel"], unique=False)
    op.create_index(
        op.f("ix_interaction_points_organization_id"), "interaction_points", ["organization_id"], unique=False
    )
    op.create_index(
        op.f("ix_interaction_points_regulation_act_id"), "interaction_points", ["regulation_act_id"], unique=False
    )
    op.create_index(op.f("ix_interaction_points_status"), "interaction_points", ["status"], unique=False)
    op.create_index(op.f("ix_interaction_points_unit_id"), "interaction_points", ["unit_id"], unique=False)
    op.create_table(
        "point_states",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "draft",
                "approved",
                "suspended",
                "withdrawn",
                name="pointstatus_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("legal_act_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=True),
        sa.Column("recorded_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= effective_on", name=op.f("ck_point_states_validity_order")),
        sa.ForeignKeyConstraint(
            ["legal_act_id"], ["legal_acts.id"], name=op.f("fk_point_states_legal_act_id_legal_acts")
        ),
        sa.ForeignKeyConstraint(
            ["point_id"], ["interaction_points.id"], name=op.f("fk_point_states_point_id_interaction_points")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_states")),
        sa.UniqueConstraint("point_id", "sequence", name="uq_point_states_sequence"),
    )
    op.create_index(op.f("ix_point_states_point_id"), "point_states", ["point_id"], unique=False)


def downgrade() -> None:
    """Drop the tables."""
    op.drop_index(op.f("ix_point_states_point_id"), table_name="point_states")
    op.drop_table("point_states")
    op.drop_index(op.f("ix_interaction_points_unit_id"), table_name="interaction_points")
    op.drop_index(op.f("ix_interaction_points_status"), table_name="interaction_points")
    op.drop_index(op.f("ix_interaction_points_regulation_act_id"), table_name="interaction_points")
    op.drop_index(op.f("ix_interaction_points_organization_id"), table_name="interaction_points")
    op.drop_index(op.f("ix_interaction_points_channel"), table_name="interaction_points")
    op.drop_index(op.f("ix_interaction_points_approval_act_id"), table_name="interaction_points")
    op.drop_table("interaction_points")
    op.drop_table("channel_kinds")
