"""The whole schema of the first release, the same on SQLite and PostgreSQL.

Later changes are numbered migrations of their own, each with its way back.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0100"
down_revision = None
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
TABLES = (
    "audit_events",
    "channel_kinds",
    "check_entries",
    "check_rules",
    "competent_bodies",
    "deliveries",
    "idempotency_records",
    "import_rows",
    "imports",
    "legal_acts",
    "message_counters",
    "municipalities",
    "organizations",
    "outbox",
    "sign_in_attempts",
    "survey_comment_inbox",
    "survey_count_tail",
    "survey_prepared",
    "survey_sources",
    "synonym_groups",
    "api_clients",
    "calendar_days",
    "clients",
    "survey_links",
    "survey_unfinished",
    "units",
    "working_hours",
    "api_client_points",
    "client_contacts",
    "client_representatives",
    "employees",
    "interaction_points",
    "topics",
    "control_notes",
    "deadline_policies",
    "gap_dismissals",
    "notifications",
    "passwords",
    "point_changes",
    "point_states",
    "reply_templates",
    "sign_offs",
    "substitutions",
    "survey_forms",
    "threads",
    "token_families",
    "unit_targets",
    "messages",
    "refresh_tokens",
    "reply_template_reviews",
    "reply_template_shares",
    "reply_template_versions",
    "survey_comments",
    "survey_counts",
    "survey_submissions",
    "target_deviations",
    "template_choices",
    "template_gaps",
    "unmet_needs",
    "deadlines",
    "message_attachments",
    "message_events",
    "message_revisions",
    "replies",
    "survey_comment_lemmas",
    "survey_entry_checks",
    "survey_revisions",
    "unmet_need_lemmas",
    "unmet_need_steps",
    "unmet_need_texts",
)
"""All tables, each after those that it refers to."""
FIXED = ("id", "key", "form_version", "organization_id", "valid_from", "definition", "created_at", "published_at")
"""The columns of a form that never change once it was published."""
WITHDRAWAL = "OLD.state = 'published' AND NEW.state = 'withdrawn'"


def upgrade() -> None:
    """Create the tables and the triggers that protect history and published forms."""
    create_tables()
    if op.get_bind().dialect.name == "sqlite":
        create_sqlite_triggers()
    else:
        create_postgresql_triggers()


def downgrade() -> None:
    """Drop everything."""
    for table in reversed(TABLES):
        op.drop_table(table)  # with its indexes and triggers
    if op.get_bind().dialect.name == "postgresql":
        for function in ("refuse_point_changes", "refuse_survey_form_changes", "refuse_closing_changes"):
            op.execute(f"DROP FUNCTION {function}()")


def create_sqlite_triggers() -> None:
    """Refuse changes of a point's history and of a published form."""
    for verb in ("UPDATE", "DELETE"):
        op.execute(f"CREATE TRIGGER point_changes_{verb.lower()} BEFORE {verb} ON point_changes BEGIN SELECT RAISE(ABORT, 'point_changes is append-only'); END")
    changed = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in FIXED)
    op.execute(
        "CREATE TRIGGER survey_forms_update BEFORE UPDATE ON survey_forms WHEN OLD.state <> 'draft'"
        f" AND ({changed} OR (NEW.state <> OLD.state AND NOT ({WITHDRAWAL})))"
        " BEGIN SELECT RAISE(ABORT, 'a published form never changes'); END"
    )
    op.execute(
        "CREATE TRIGGER survey_forms_delete BEFORE DELETE ON survey_forms WHEN OLD.state <> 'draft'"
        " BEGIN SELECT RAISE(ABORT, 'a published form is never deleted'); END"
    )
    op.execute(
        "CREATE TRIGGER survey_forms_closing BEFORE UPDATE ON survey_forms"
        " WHEN OLD.state <> 'draft' AND NEW.closes_on IS NOT OLD.closes_on"
        " BEGIN SELECT RAISE(ABORT, 'a published form never changes'); END"
    )


def create_postgresql_triggers() -> None:
    """Refuse changes of a point's history and of a published form."""
    op.execute("CREATE FUNCTION refuse_point_changes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'point_changes is append-only'; END $$")
    op.execute(
        "CREATE TRIGGER point_changes_guard BEFORE UPDATE OR DELETE OR TRUNCATE ON point_changes FOR EACH STATEMENT EXECUTE FUNCTION refuse_point_changes()"
    )
    new, old = (", ".join(f"{row}.{name}" for name in FIXED) for row in ("NEW", "OLD"))
    op.execute(
        "CREATE FUNCTION refuse_survey_form_changes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF OLD.state = 'draft' THEN IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END IF;"
        " IF TG_OP = 'DELETE' THEN RAISE EXCEPTION 'a published form is never deleted'; END IF;"
        f" IF ROW({new}) IS DISTINCT FROM ROW({old}) OR (NEW.state <> OLD.state AND NOT ({WITHDRAWAL}))"
        " THEN RAISE EXCEPTION 'a published form never changes'; END IF;"
        " RETURN NEW; END $$"
    )
    op.execute("CREATE TRIGGER survey_forms_guard BEFORE UPDATE OR DELETE ON survey_forms FOR EACH ROW EXECUTE FUNCTION refuse_survey_form_changes()")
    op.execute("CREATE FUNCTION refuse_closing_changes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'a published form never changes'; END $$")
    op.execute(
        "CREATE TRIGGER survey_forms_closing BEFORE UPDATE ON survey_forms FOR EACH ROW"
        " WHEN (OLD.state <> 'draft' AND NEW.closes_on IS DISTINCT FROM OLD.closes_on)"
        " EXECUTE FUNCTION refuse_closing_changes()"
    )


def create_tables() -> None:
    """Create all tables with their constraints and indexes."""
    op.create_table(
        "audit_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", UTCDateTime(), nullable=False),
        sa.Column("actor_kind", AutoString(length=20), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_roles", JSON, nullable=False),
        sa.Column("acting_for", sa.Uuid(), nullable=True),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("action", AutoString(length=100), nullable=False),
        sa.Column("object_type", AutoString(length=60), nullable=False),
        sa.Column("object_id", AutoString(length=100), nullable=True),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("result", AutoString(length=20), nullable=False),
        sa.Column("request_id", AutoString(length=128), nullable=True),
        sa.Column("address", AutoString(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
    )
    op.create_index(op.f("ix_audit_events_actor_id"), "audit_events", ["actor_id"], unique=False)
    op.create_index("ix_audit_events_object", "audit_events", ["object_type", "object_id"], unique=False)
    op.create_index(op.f("ix_audit_events_occurred_at"), "audit_events", ["occurred_at"], unique=False)
    op.create_table(
        "channel_kinds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", AutoString(length=64), nullable=False),
        sa.Column("name", AutoString(length=500), nullable=False),
        sa.Column("is_social", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_kinds")),
        sa.UniqueConstraint("key", name="uq_channel_kinds_key"),
    )
    op.create_table(
        "check_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "bureaucratic_phrase",
                "empty_politeness",
                "abbreviation",
                "well_known_abbreviation",
                "emoji",
                name="entrykind_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("text", AutoString(length=200), nullable=False),
        sa.Column("matched", AutoString(length=300), nullable=False),
        sa.Column("replacement", AutoString(length=200), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("length(matched) BETWEEN 1 AND 300", name=op.f("ck_check_entries_matched_length")),
        sa.CheckConstraint("length(text) BETWEEN 1 AND 200", name=op.f("ck_check_entries_text_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_entries")),
        sa.UniqueConstraint("kind", "matched", name="uq_check_entries_matched"),
    )
    op.create_table(
        "check_rules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "code",
            sa.Enum(
                "placeholder_missing",
                "too_long",
                "emoji_not_positive",
                "emoji_not_social",
                "personal_data",
                "link_not_https",
                "link_not_allowed",
                "link_misleading",
                "link_bare",
                "public_contact",
                "hard_to_read",
                "long_sentence",
                "genitive_chain",
                "verbal_nouns",
                "passive_voice",
                "bureaucratic_phrase",
                "empty_politeness",
                "unexplained_abbreviation",
                "capitals",
                "repeated_punctuation",
                "missing_greeting",
                "missing_interest",
                name="rulecode_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=True),
        sa.Column("values", JSON, nullable=False),
        sa.Column("overrides", JSON, nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("threshold BETWEEN 1 AND 10000", name=op.f("ck_check_rules_threshold_range")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_rules")),
        sa.UniqueConstraint("code", name="uq_check_rules_code"),
    )
    op.create_table(
        "competent_bodies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", AutoString(length=500), nullable=False),
        sa.Column("questions", AutoString(length=2000), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("address", AutoString(length=1000), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 500", name=op.f("ck_competent_bodies_name_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_competent_bodies")),
        sa.UniqueConstraint("name", name="uq_competent_bodies_name"),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("target", AutoString(length=100), nullable=False),
        sa.Column("kind", AutoString(length=40), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("ordering_key", AutoString(length=200), nullable=True),
        sa.Column("rate_key", AutoString(length=200), nullable=True),
        sa.Column("idempotency_key", AutoString(length=64), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "sending",
                "sent",
                "failed",
                "uncertain",
                "cancelled",
                name="deliverystate_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", UTCDateTime(), nullable=False),
        sa.Column("first_attempt_at", UTCDateTime(), nullable=True),
        sa.Column("may_have_arrived", sa.Boolean(), nullable=False),
        sa.Column("lease_owner", sa.Uuid(), nullable=True),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.Column("external_id", AutoString(length=255), nullable=True),
        sa.Column("last_error", AutoString(length=200), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("finished_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("(state = 'sending') = (lease_until IS NOT NULL)", name=op.f("ck_deliveries_lease_while_sending")),
        sa.CheckConstraint("(state IN ('queued', 'sending')) = (finished_at IS NULL)", name=op.f("ck_deliveries_finished_when_closed")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_deliveries_attempts_counted")),
        sa.CheckConstraint("length(external_id) BETWEEN 1 AND 255", name=op.f("ck_deliveries_external_id_length")),
        sa.CheckConstraint("length(idempotency_key) BETWEEN 1 AND 64", name=op.f("ck_deliveries_idempotency_key_length")),
        sa.CheckConstraint("length(kind) BETWEEN 1 AND 40", name=op.f("ck_deliveries_kind_length")),
        sa.CheckConstraint("length(last_error) BETWEEN 1 AND 200", name=op.f("ck_deliveries_last_error_length")),
        sa.CheckConstraint("length(ordering_key) BETWEEN 1 AND 200", name=op.f("ck_deliveries_ordering_key_length")),
        sa.CheckConstraint("length(rate_key) BETWEEN 1 AND 200", name=op.f("ck_deliveries_rate_key_length")),
        sa.CheckConstraint("length(target) BETWEEN 1 AND 100", name=op.f("ck_deliveries_target_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("idempotency_key", name="uq_deliveries_idempotency_key"),
    )
    op.create_index("ix_deliveries_due", "deliveries", ["state", "target", "next_attempt_at"], unique=False)
    op.create_index("ix_deliveries_finished", "deliveries", ["state", "finished_at"], unique=False)
    op.create_index("ix_deliveries_object", "deliveries", ["kind", "object_id"], unique=False)
    op.create_index("ix_deliveries_order", "deliveries", ["target", "ordering_key", "state", "id"], unique=False)
    op.create_index(
        "uq_deliveries_sending",
        "deliveries",
        ["target", "ordering_key"],
        unique=True,
        sqlite_where=sa.text("state = 'sending'"),
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_table(
        "idempotency_records",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("caller", AutoString(length=100), nullable=False),
        sa.Column("operation", AutoString(length=300), nullable=False),
        sa.Column("key", AutoString(length=255), nullable=False),
        sa.Column("fingerprint", AutoString(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", JSON, nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_records")),
        sa.UniqueConstraint("caller", "operation", "key", name="uq_idempotency_records_key"),
    )
    op.create_index(op.f("ix_idempotency_records_created_at"), "idempotency_records", ["created_at"], unique=False)
    op.create_table(
        "import_rows",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.Column("identity", AutoString(length=64), nullable=True),
        sa.Column("staged_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_rows")),
        sa.UniqueConstraint("import_id", "number", name="uq_import_rows_number"),
    )
    op.create_index("ix_import_rows_identity", "import_rows", ["import_id", "identity"], unique=False)
    op.create_index(op.f("ix_import_rows_staged_at"), "import_rows", ["staged_at"], unique=False)
    op.create_table(
        "imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", AutoString(length=64), nullable=False),
        sa.Column(
            "state",
            sa.Enum("queued", "running", "done", "failed", name="importstate_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("is_dry_run", sa.Boolean(), nullable=False),
        sa.Column("is_partial", sa.Boolean(), nullable=False),
        sa.Column("asked_by_kind", AutoString(length=20), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("roles", JSON, nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("finished_at", UTCDateTime(), nullable=True),
        sa.Column("columns", JSON, nullable=False),
        sa.Column("parameters", JSON, nullable=False),
        sa.Column("rows_total", sa.Integer(), nullable=False),
        sa.Column("rows_done", sa.Integer(), nullable=False),
        sa.Column("faults", JSON, nullable=False),
        sa.Column("faults_total", sa.Integer(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    op.create_index(op.f("ix_imports_asked_by"), "imports", ["asked_by"], unique=False)
    op.create_index(op.f("ix_imports_state"), "imports", ["state"], unique=False)
    op.create_table(
        "legal_acts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "kind", sa.Enum("order", "federal_law", "other", name="legalactkind_known", native_enum=False, create_constraint=True, length=40), nullable=False
        ),
        sa.Column("number", AutoString(length=100), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("title", AutoString(length=1000), nullable=False),
        sa.Column("issuer", AutoString(length=500), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.CheckConstraint("length(number) BETWEEN 1 AND 100", name=op.f("ck_legal_acts_number_length")),
        sa.CheckConstraint("length(title) BETWEEN 1 AND 1000", name=op.f("ck_legal_acts_title_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_acts")),
        sa.UniqueConstraint("kind", "number", "signed_on", name="uq_legal_acts_number"),
    )
    op.create_table(
        "message_counters",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_counters")),
        sa.UniqueConstraint("year", name="uq_message_counters_year"),
    )
    op.create_table(
        "municipalities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("oktmo", AutoString(length=8), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "municipal_okrug", "municipal_district", "urban_okrug", name="municipalitykind_known", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("name", AutoString(length=500), nullable=False),
        sa.Column("short_name", AutoString(length=500), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("successor", AutoString(length=8), nullable=True),
        sa.CheckConstraint("length(oktmo) = 8", name=op.f("ck_municipalities_oktmo_length")),
        sa.CheckConstraint("valid_to IS NULL OR valid_from IS NULL OR valid_from <= valid_to", name=op.f("ck_municipalities_validity_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_municipalities")),
        sa.UniqueConstraint("oktmo", name="uq_municipalities_oktmo"),
    )
    op.create_index(op.f("ix_municipalities_name"), "municipalities", ["name"], unique=False)
    op.create_table(
        "organizations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key", AutoString(length=64), nullable=False),
        sa.Column(
            "kind", sa.Enum("ministry", "subordinate", name="organizationkind_known", native_enum=False, create_constraint=True, length=40), nullable=False
        ),
        sa.Column("name", AutoString(length=500), nullable=False),
        sa.Column("zone", AutoString(length=64), nullable=False),
        sa.Column("double_entry_percent", sa.Integer(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.CheckConstraint("closed_on IS NULL OR closed_on >= opened_on", name=op.f("ck_organizations_open_before_closed")),
        sa.CheckConstraint("double_entry_percent BETWEEN 0 AND 100", name=op.f("ck_organizations_double_entry_percent_range")),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 500", name=op.f("ck_organizations_name_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organizations")),
        sa.UniqueConstraint("key", name="uq_organizations_key"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event", AutoString(length=100), nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("occurred_at", UTCDateTime(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.Uuid(), nullable=True),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.Column("done_at", UTCDateTime(), nullable=True),
        sa.Column("parked_at", UTCDateTime(), nullable=True),
        sa.Column("last_error", AutoString(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_open", "outbox", ["done_at", "parked_at", "due_at"], unique=False)
    op.create_table(
        "sign_in_attempts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account", AutoString(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("window_ends_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempts")),
        sa.UniqueConstraint("account", name="uq_sign_in_attempts_account"),
    )
    op.create_table(
        "survey_comment_inbox",
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_survey_comment_inbox")),
    )
    op.create_table(
        "survey_count_tail",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("sign", sa.SmallInteger(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("form_id", sa.Uuid(), nullable=False),
        sa.Column("municipality", AutoString(length=8), nullable=True),
        sa.Column(
            "source",
            sa.Enum("web", "paper", "feedback_platform", "import", name="submissionsource_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("counted_on", sa.Date(), nullable=False),
        sa.Column("came_from_point_id", sa.Uuid(), nullable=True),
        sa.Column("satisfaction", sa.SmallInteger(), nullable=False),
        sa.Column("answers", JSON, nullable=False),
        sa.CheckConstraint("sign IN (-1, 1)", name=op.f("ck_survey_count_tail_sign_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_count_tail")),
    )
    op.create_table(
        "survey_prepared",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("form_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("municipality", AutoString(length=8), nullable=True),
        sa.Column("filled_at", UTCDateTime(), nullable=True),
        sa.Column("counted_on", sa.Date(), nullable=False),
        sa.Column("satisfaction", sa.SmallInteger(), nullable=False),
        sa.Column("answers", JSON, nullable=False),
        sa.Column("external_id", AutoString(length=255), nullable=True),
        sa.Column("identity", AutoString(length=64), nullable=False),
        sa.Column("content", AutoString(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_prepared")),
        sa.UniqueConstraint("import_id", "identity", name="uq_survey_prepared_identity"),
        sa.UniqueConstraint("import_id", "number", name="uq_survey_prepared_number"),
    )
    op.create_index("ix_survey_prepared_content", "survey_prepared", ["import_id", "content"], unique=False)
    op.create_table(
        "survey_sources",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("form", AutoString(length=64), nullable=False),
        sa.Column("key", AutoString(length=64), nullable=False),
        sa.Column("suffix", sa.Integer(), nullable=False),
        sa.CheckConstraint("suffix > 0", name=op.f("ck_survey_sources_suffix_counted")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_sources")),
        sa.UniqueConstraint("form", "key", name="uq_survey_sources_key"),
        sa.UniqueConstraint("form", "suffix", name="uq_survey_sources_suffix"),
    )
    op.create_table(
        "synonym_groups",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Enum("same", "near", "foreign", name="synonymkind_known", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column("name", AutoString(length=100), nullable=False),
        sa.Column("terms", JSON, nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 100", name=op.f("ck_synonym_groups_name_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_synonym_groups")),
        sa.UniqueConstraint("kind", "name", name="uq_synonym_groups_name"),
    )
    op.create_table(
        "api_clients",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("client_id", AutoString(length=64), nullable=False),
        sa.Column("name", AutoString(length=500), nullable=False),
        sa.Column("secret_hash", AutoString(length=64), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("is_disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("length(client_id) BETWEEN 1 AND 64", name=op.f("ck_api_clients_client_id_length")),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 500", name=op.f("ck_api_clients_name_length")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_api_clients_organization_id_organizations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_clients")),
        sa.UniqueConstraint("client_id", name="uq_api_clients_client_id"),
    )
    op.create_table(
        "calendar_days",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.Enum("off", "working", "shortened", name="daykind_known", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column("name", AutoString(length=500), nullable=False),
        sa.Column("working_hours", JSON, nullable=True),
        sa.Column("moved", JSON, nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_calendar_days_organization_id_organizations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_days")),
        sa.UniqueConstraint("organization_id", "day", name="uq_calendar_days_day"),
    )
    op.create_index(
        "uq_calendar_days_all",
        "calendar_days",
        ["day"],
        unique=True,
        sqlite_where=sa.text("organization_id IS NULL"),
        postgresql_where=sa.text("organization_id IS NULL"),
    )
    op.create_table(
        "clients",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("individual", "legal_entity", "sole_proprietor", name="clientkind_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("name", AutoString(length=500), nullable=False),
        sa.Column("content_hash", AutoString(length=64), nullable=True),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 500", name=op.f("ck_clients_name_length")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_clients_organization_id_organizations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clients")),
        sa.UniqueConstraint("organization_id", "content_hash", name="uq_clients_content"),
    )
    op.create_table(
        "survey_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", AutoString(length=64), nullable=False),
        sa.Column("form", AutoString(length=64), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("length(token_hash) BETWEEN 64 AND 64", name=op.f("ck_survey_links_token_hash_length")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_survey_links_organization_id_organizations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_links")),
        sa.UniqueConstraint("token_hash", name="uq_survey_links_token"),
    )
    op.create_index(op.f("ix_survey_links_expires_at"), "survey_links", ["expires_at"], unique=False)
    op.create_table(
        "survey_unfinished",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", AutoString(length=64), nullable=False),
        sa.Column("form", AutoString(length=64), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("length(code_hash) BETWEEN 64 AND 64", name=op.f("ck_survey_unfinished_code_hash_length")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_survey_unfinished_organization_id_organizations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_unfinished")),
        sa.UniqueConstraint("code_hash", name="uq_survey_unfinished_code"),
    )
    op.create_index(op.f("ix_survey_unfinished_expires_at"), "survey_unfinished", ["expires_at"], unique=False)
    op.create_table(
        "units",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("name", AutoString(length=500), nullable=False),
        sa.Column("is_client_centricity", sa.Boolean(), nullable=False),
        sa.Column(
            "approval_rule",
            sa.Enum("always", "without_template", "never", name="approvalrule_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("template_review_days", sa.Integer(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 500", name=op.f("ck_units_name_length")),
        sa.CheckConstraint("template_review_days BETWEEN 1 AND 3650", name=op.f("ck_units_template_review_days_range")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_units_organization_id_organizations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_units")),
        sa.UniqueConstraint("organization_id", "name", name="uq_units_name"),
    )
    op.create_index(op.f("ix_units_organization_id"), "units", ["organization_id"], unique=False)
    op.create_table(
        "working_hours",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("working_hours", JSON, nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_working_hours_organization_id_organizations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_working_hours")),
        sa.UniqueConstraint("organization_id", name="uq_working_hours_organization"),
    )
    op.create_table(
        "api_client_points",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("api_client_id", sa.Uuid(), nullable=False),
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["api_client_id"], ["api_clients.id"], name=op.f("fk_api_client_points_api_client_id_api_clients")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_client_points")),
        sa.UniqueConstraint("api_client_id", "point_id", name="uq_api_client_points_point"),
    )
    op.create_table(
        "client_contacts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column(
            "owner", sa.Enum("client", "representative", name="contactowner_known", native_enum=False, create_constraint=True, length=40), nullable=False
        ),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", AutoString(length=64), nullable=False),
        sa.Column("value", AutoString(length=500), nullable=False),
        sa.Column("normalized_value", AutoString(length=500), nullable=False),
        sa.CheckConstraint("length(kind) BETWEEN 1 AND 64", name=op.f("ck_client_contacts_kind_length")),
        sa.CheckConstraint("length(normalized_value) BETWEEN 1 AND 500", name=op.f("ck_client_contacts_normalized_value_length")),
        sa.CheckConstraint("length(value) BETWEEN 1 AND 500", name=op.f("ck_client_contacts_value_length")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_client_contacts_client_id_clients")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_contacts")),
        sa.UniqueConstraint("client_id", "owner", "position", name="uq_client_contacts_position"),
    )
    op.create_index("ix_client_contacts_value", "client_contacts", ["kind", "normalized_value"], unique=False)
    op.create_table(
        "client_representatives",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("name", AutoString(length=500), nullable=False),
        sa.Column("authority", AutoString(length=500), nullable=False),
        sa.CheckConstraint("length(authority) BETWEEN 1 AND 500", name=op.f("ck_client_representatives_authority_length")),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 500", name=op.f("ck_client_representatives_name_length")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_client_representatives_client_id_clients")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_representatives")),
        sa.UniqueConstraint("client_id", name="uq_client_representatives_client"),
    )
    op.create_table(
        "employees",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("username", AutoString(length=64), nullable=False),
        sa.Column("name", AutoString(length=500), nullable=False),
        sa.Column("position", AutoString(length=500), nullable=True),
        sa.Column(
            "position_kind",
            sa.Enum("civil_servant", "other_position", name="positionkind_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("roles", JSON, nullable=False),
        sa.Column("is_disabled", sa.Boolean(), nullable=False),
        sa.Column("external_subject", AutoString(length=255), nullable=True),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 500", name=op.f("ck_employees_name_length")),
        sa.CheckConstraint("length(username) BETWEEN 3 AND 64", name=op.f("ck_employees_username_length")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_employees_organization_id_organizations")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_employees_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employees")),
        sa.UniqueConstraint("external_subject", name="uq_employees_external_subject"),
        sa.UniqueConstraint("username", name="uq_employees_username"),
    )
    op.create_index(op.f("ix_employees_organization_id"), "employees", ["organization_id"], unique=False)
    op.create_index(op.f("ix_employees_unit_id"), "employees", ["unit_id"], unique=False)
    op.create_table(
        "interaction_points",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("name", AutoString(length=500), nullable=False),
        sa.Column("format", sa.Enum("digital", "offline", name="pointformat_known", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column("channel", AutoString(length=64), nullable=False),
        sa.Column(
            "audience", sa.Enum("external", "internal", "both", name="audience_known", native_enum=False, create_constraint=True, length=40), nullable=False
        ),
        sa.Column("address", AutoString(length=1000), nullable=True),
        sa.Column("is_official_page", sa.Boolean(), nullable=False),
        sa.Column("service", AutoString(length=500), nullable=True),
        sa.Column("working_hours", AutoString(length=500), nullable=True),
        sa.Column(
            "status",
            sa.Enum("draft", "approved", "suspended", "withdrawn", name="pointstatus_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("approval_act_id", sa.Uuid(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column(
            "regulation_kind",
            sa.Enum("legal_act", "own_text", name="regulationkind_known", native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
        sa.Column("regulation_act_id", sa.Uuid(), nullable=True),
        sa.Column("regulation_clause", AutoString(length=100), nullable=True),
        sa.Column("regulation_text", sa.Text(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint(
            "(regulation_kind IS NULL AND regulation_act_id IS NULL AND regulation_text IS NULL) OR (regulation_kind = 'legal_act' AND regulation_act_id IS NOT NULL AND regulation_text IS NULL) OR (regulation_kind = 'own_text' AND regulation_act_id IS NULL AND regulation_text IS NOT NULL)",
            name=op.f("ck_interaction_points_regulation_whole"),
        ),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 500", name=op.f("ck_interaction_points_name_length")),
        sa.ForeignKeyConstraint(["approval_act_id"], ["legal_acts.id"], name=op.f("fk_interaction_points_approval_act_id_legal_acts")),
        sa.ForeignKeyConstraint(["channel"], ["channel_kinds.key"], name=op.f("fk_interaction_points_channel_channel_kinds")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_interaction_points_organization_id_organizations")),
        sa.ForeignKeyConstraint(["regulation_act_id"], ["legal_acts.id"], name=op.f("fk_interaction_points_regulation_act_id_legal_acts")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_interaction_points_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interaction_points")),
        sa.UniqueConstraint("organization_id", "name", name="uq_interaction_points_name"),
    )
    op.create_index(op.f("ix_interaction_points_approval_act_id"), "interaction_points", ["approval_act_id"], unique=False)
    op.create_index(op.f("ix_interaction_points_channel"), "interaction_points", ["channel"], unique=False)
    op.create_index(op.f("ix_interaction_points_organization_id"), "interaction_points", ["organization_id"], unique=False)
    op.create_index(op.f("ix_interaction_points_regulation_act_id"), "interaction_points", ["regulation_act_id"], unique=False)
    op.create_index(op.f("ix_interaction_points_status"), "interaction_points", ["status"], unique=False)
    op.create_index(op.f("ix_interaction_points_unit_id"), "interaction_points", ["unit_id"], unique=False)
    op.create_table(
        "topics",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("name", AutoString(length=500), nullable=False),
        sa.Column("keywords", JSON, nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 500", name=op.f("ck_topics_name_length")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_topics_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topics")),
        sa.UniqueConstraint("unit_id", "name", name="uq_topics_name"),
    )
    op.create_index(op.f("ix_topics_unit_id"), "topics", ["unit_id"], unique=False)
    op.create_table(
        "control_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column(
            "object_type",
            sa.Enum(
                "message",
                "reply",
                "reply_template",
                "survey_submission",
                "unit_target",
                name="notedtype_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("text", AutoString(length=2000), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("resolution", AutoString(length=2000), nullable=True),
        sa.Column("resolved_at", UTCDateTime(), nullable=True),
        sa.Column("resolved_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(resolved_at IS NULL) = (resolution IS NULL)", name=op.f("ck_control_notes_resolution_whole")),
        sa.CheckConstraint("length(text) BETWEEN 1 AND 2000", name=op.f("ck_control_notes_text_length")),
        sa.ForeignKeyConstraint(["created_by"], ["employees.id"], name=op.f("fk_control_notes_created_by_employees")),
        sa.ForeignKeyConstraint(["resolved_by"], ["employees.id"], name=op.f("fk_control_notes_resolved_by_employees")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_control_notes_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_control_notes")),
    )
    op.create_index("ix_control_notes_object", "control_notes", ["object_type", "object_id"], unique=False)
    op.create_index("ix_control_notes_unit", "control_notes", ["unit_id", "id"], unique=False)
    op.create_table(
        "deadline_policies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key", AutoString(length=64), nullable=False),
        sa.Column("name", AutoString(length=500), nullable=False),
        sa.Column(
            "stage",
            sa.Enum(
                "registration",
                "first_reply",
                "final_reply",
                "redirect",
                "delay_notice",
                name="stage_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("is_target", sa.Boolean(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column(
            "message_class",
            sa.Enum(
                "message", "appeal", "information_request", "media_request", name="messageclass_known", native_enum=False, create_constraint=True, length=40
            ),
            nullable=True,
        ),
        sa.Column("kind", sa.Enum("message", "comment", name="messagekind_known", native_enum=False, create_constraint=True, length=40), nullable=True),
        sa.Column("channel", AutoString(length=64), nullable=True),
        sa.Column("point_id", sa.Uuid(), nullable=True),
        sa.Column("priority", sa.Enum("normal", "urgent", name="priority_known", native_enum=False, create_constraint=True, length=40), nullable=True),
        sa.Column(
            "unit",
            sa.Enum("calendar_days", "working_days", "working_hours", name="termunit_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("roll", sa.Enum("previous", "next", "none", name="roll_known", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column(
            "start_event", sa.Enum("receipt", "registration", name="startevent_known", native_enum=False, create_constraint=True, length=40), nullable=False
        ),
        sa.Column("pauses", JSON, nullable=False),
        sa.Column("remind_hours_before", sa.Integer(), nullable=True),
        sa.Column("extension_days", sa.Integer(), nullable=True),
        sa.Column("legal_act_id", sa.Uuid(), nullable=True),
        sa.Column("clause", AutoString(length=100), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("NOT (is_target AND legal_act_id IS NOT NULL)", name=op.f("ck_deadline_policies_target_without_act")),
        sa.CheckConstraint("amount BETWEEN 1 AND 1000", name=op.f("ck_deadline_policies_amount_range")),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 500", name=op.f("ck_deadline_policies_name_length")),
        sa.CheckConstraint("valid_to IS NULL OR valid_from IS NULL OR valid_from <= valid_to", name=op.f("ck_deadline_policies_validity_order")),
        sa.ForeignKeyConstraint(["channel"], ["channel_kinds.key"], name=op.f("fk_deadline_policies_channel_channel_kinds")),
        sa.ForeignKeyConstraint(["legal_act_id"], ["legal_acts.id"], name=op.f("fk_deadline_policies_legal_act_id_legal_acts")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_deadline_policies_organization_id_organizations")),
        sa.ForeignKeyConstraint(["point_id"], ["interaction_points.id"], name=op.f("fk_deadline_policies_point_id_interaction_points")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadline_policies")),
        sa.UniqueConstraint("key", name="uq_deadline_policies_key"),
    )
    op.create_table(
        "gap_dismissals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("reason", AutoString(length=2000), nullable=False),
        sa.Column("dismissed_at", UTCDateTime(), nullable=False),
        sa.Column("dismissed_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("length(reason) BETWEEN 1 AND 2000", name=op.f("ck_gap_dismissals_reason_length")),
        sa.ForeignKeyConstraint(["dismissed_by"], ["employees.id"], name=op.f("fk_gap_dismissals_dismissed_by_employees")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_gap_dismissals_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gap_dismissals")),
    )
    op.create_table(
        "notifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("employee_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "deadline_reminder",
                "deadline_escalation",
                "deadline_moved",
                "reply_submitted",
                "reply_returned",
                "message_assigned",
                "client_wrote_again",
                "message_revised",
                "reply_not_sent",
                "reply_uncertain",
                "template_review_near",
                "template_review_overdue",
                "target_not_reached",
                name="notificationkind_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("text", AutoString(length=500), nullable=False),
        sa.Column("object_type", AutoString(length=60), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("read_at", UTCDateTime(), nullable=True),
        sa.Column("dedupe_key", AutoString(length=200), nullable=False),
        sa.CheckConstraint("length(dedupe_key) BETWEEN 1 AND 200", name=op.f("ck_notifications_dedupe_key_length")),
        sa.CheckConstraint("length(text) BETWEEN 1 AND 500", name=op.f("ck_notifications_text_length")),
        sa.ForeignKeyConstraint(["employee_id"], ["employees.id"], name=op.f("fk_notifications_employee_id_employees")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        sa.UniqueConstraint("employee_id", "dedupe_key", name="uq_notifications_dedupe_key"),
    )
    op.create_index("ix_notifications_employee", "notifications", ["employee_id", "id"], unique=False)
    op.create_table(
        "passwords",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("employee_id", sa.Uuid(), nullable=False),
        sa.Column("hash", AutoString(length=255), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["employee_id"], ["employees.id"], name=op.f("fk_passwords_employee_id_employees")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passwords")),
        sa.UniqueConstraint("employee_id", name="uq_passwords_employee_id"),
    )
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
        sa.Column("changes", JSON, nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["point_id"], ["interaction_points.id"], name=op.f("fk_point_changes_point_id_interaction_points")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_changes")),
    )
    op.create_index("ix_point_changes_point", "point_changes", ["point_id", "id"], unique=False)
    op.create_index(op.f("ix_point_changes_recorded_at"), "point_changes", ["recorded_at"], unique=False)
    op.create_table(
        "point_states",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum("draft", "approved", "suspended", "withdrawn", name="pointstatus_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("legal_act_id", sa.Uuid(), nullable=True),
        sa.Column("reason", AutoString(length=2000), nullable=True),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= effective_on", name=op.f("ck_point_states_validity_order")),
        sa.ForeignKeyConstraint(["legal_act_id"], ["legal_acts.id"], name=op.f("fk_point_states_legal_act_id_legal_acts")),
        sa.ForeignKeyConstraint(["point_id"], ["interaction_points.id"], name=op.f("fk_point_states_point_id_interaction_points")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_states")),
        sa.UniqueConstraint("point_id", "sequence", name="uq_point_states_sequence"),
    )
    op.create_index(op.f("ix_point_states_point_id"), "point_states", ["point_id"], unique=False)
    op.create_table(
        "reply_templates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("key", AutoString(length=64), nullable=False),
        sa.Column(
            "state",
            sa.Enum("draft", "in_review", "published", "archived", name="templatestate_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("latest_version", sa.Integer(), nullable=False),
        sa.Column("published_version", sa.Integer(), nullable=True),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("published_search_text", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column("review_days", sa.Integer(), nullable=True),
        sa.Column("reviewed_at", UTCDateTime(), nullable=True),
        sa.Column("reviewed_by", sa.Uuid(), nullable=True),
        sa.Column("next_review_on", sa.Date(), nullable=True),
        sa.Column("review_remind_on", sa.Date(), nullable=True),
        sa.Column("review_reminded_at", UTCDateTime(), nullable=True),
        sa.Column("review_escalated_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("(next_review_on IS NULL) = (review_remind_on IS NULL)", name=op.f("ck_reply_templates_review_days_together")),
        sa.CheckConstraint("length(key) BETWEEN 1 AND 64", name=op.f("ck_reply_templates_key_length")),
        sa.CheckConstraint("review_days IS NULL OR review_days BETWEEN 1 AND 3650", name=op.f("ck_reply_templates_review_days_range")),
        sa.ForeignKeyConstraint(["created_by"], ["employees.id"], name=op.f("fk_reply_templates_created_by_employees")),
        sa.ForeignKeyConstraint(["reviewed_by"], ["employees.id"], name=op.f("fk_reply_templates_reviewed_by_employees")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_reply_templates_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply_templates")),
        sa.UniqueConstraint("unit_id", "key", name="uq_reply_templates_key"),
    )
    op.create_index("ix_reply_templates_next_review_on", "reply_templates", ["next_review_on"], unique=False)
    op.create_index(op.f("ix_reply_templates_state"), "reply_templates", ["state"], unique=False)
    op.create_index(op.f("ix_reply_templates_unit_id"), "reply_templates", ["unit_id"], unique=False)
    op.create_index("ix_reply_templates_updated_at", "reply_templates", ["updated_at", "id"], unique=False)
    op.create_table(
        "sign_offs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("figures", JSON, nullable=False),
        sa.Column("signed_at", UTCDateTime(), nullable=False),
        sa.Column("signed_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["signed_by"], ["employees.id"], name=op.f("fk_sign_offs_signed_by_employees")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_sign_offs_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_offs")),
        sa.UniqueConstraint("unit_id", "month", name="uq_sign_offs_month"),
    )
    op.create_table(
        "substitutions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("head_id", sa.Uuid(), nullable=False),
        sa.Column("deputy_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("reason", AutoString(length=2000), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("cancelled_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("deputy_id <> head_id", name=op.f("ck_substitutions_two_people")),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_substitutions_period_order")),
        sa.CheckConstraint("length(reason) BETWEEN 1 AND 2000", name=op.f("ck_substitutions_reason_length")),
        sa.ForeignKeyConstraint(["created_by"], ["employees.id"], name=op.f("fk_substitutions_created_by_employees")),
        sa.ForeignKeyConstraint(["deputy_id"], ["employees.id"], name=op.f("fk_substitutions_deputy_id_employees")),
        sa.ForeignKeyConstraint(["head_id"], ["employees.id"], name=op.f("fk_substitutions_head_id_employees")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_substitutions_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_substitutions")),
    )
    op.create_index(op.f("ix_substitutions_unit_id"), "substitutions", ["unit_id"], unique=False)
    op.create_table(
        "survey_forms",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key", AutoString(length=64), nullable=False),
        sa.Column("form_version", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column(
            "state", sa.Enum("draft", "published", "withdrawn", name="formstate_known", native_enum=False, create_constraint=True, length=40), nullable=False
        ),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("closes_on", sa.Date(), nullable=True),
        sa.Column("definition", JSON, nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("published_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("form_version > 0", name=op.f("ck_survey_forms_form_version_counted")),
        sa.CheckConstraint("valid_to IS NULL OR valid_from <= valid_to", name=op.f("ck_survey_forms_validity_order")),
        sa.ForeignKeyConstraint(["created_by"], ["employees.id"], name=op.f("fk_survey_forms_created_by_employees")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_survey_forms_organization_id_organizations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_forms")),
        sa.UniqueConstraint("key", "form_version", name="uq_survey_forms_version"),
    )
    op.create_index(op.f("ix_survey_forms_created_by"), "survey_forms", ["created_by"], unique=False)
    op.create_index(op.f("ix_survey_forms_organization_id"), "survey_forms", ["organization_id"], unique=False)
    op.create_index(
        "uq_survey_forms_common_start",
        "survey_forms",
        ["key", "valid_from"],
        unique=True,
        sqlite_where=sa.text("state = 'published' AND organization_id IS NULL"),
        postgresql_where=sa.text("state = 'published' AND organization_id IS NULL"),
    )
    op.create_index(
        "uq_survey_forms_own_start",
        "survey_forms",
        ["key", "organization_id", "valid_from"],
        unique=True,
        sqlite_where=sa.text("state = 'published' AND organization_id IS NOT NULL"),
        postgresql_where=sa.text("state = 'published' AND organization_id IS NOT NULL"),
    )
    op.create_table(
        "threads",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", AutoString(length=255), nullable=True),
        sa.Column("merged_into_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["merged_into_id"], ["threads.id"], name=op.f("fk_threads_merged_into_id_threads")),
        sa.ForeignKeyConstraint(["point_id"], ["interaction_points.id"], name=op.f("fk_threads_point_id_interaction_points")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_threads")),
        sa.UniqueConstraint("point_id", "external_id", name="uq_threads_external_id"),
    )
    op.create_table(
        "token_families",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("employee_id", sa.Uuid(), nullable=True),
        sa.Column("api_client_id", sa.Uuid(), nullable=True),
        sa.Column("scope", sa.Text(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("revoked_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("(employee_id IS NULL) <> (api_client_id IS NULL)", name=op.f("ck_token_families_one_owner")),
        sa.ForeignKeyConstraint(["api_client_id"], ["api_clients.id"], name=op.f("fk_token_families_api_client_id_api_clients")),
        sa.ForeignKeyConstraint(["employee_id"], ["employees.id"], name=op.f("fk_token_families_employee_id_employees")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token_families")),
    )
    op.create_index(op.f("ix_token_families_api_client_id"), "token_families", ["api_client_id"], unique=False)
    op.create_index(op.f("ix_token_families_employee_id"), "token_families", ["employee_id"], unique=False)
    op.create_index(op.f("ix_token_families_expires_at"), "token_families", ["expires_at"], unique=False)
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
        sa.Column("min_sample", sa.Integer(), nullable=False),
        sa.Column("period", sa.Enum("month", "quarter", name="targetperiod_known", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("changed_on", sa.Date(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("closed_on IS NULL OR closed_on >= valid_from", name=op.f("ck_unit_targets_validity_order")),
        sa.CheckConstraint("min_sample > 0", name=op.f("ck_unit_targets_min_sample_positive")),
        sa.CheckConstraint("threshold > 0 AND threshold <= 1", name=op.f("ck_unit_targets_threshold_range")),
        sa.ForeignKeyConstraint(["created_by"], ["employees.id"], name=op.f("fk_unit_targets_created_by_employees")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_unit_targets_unit_id_units")),
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
        "messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("number", AutoString(length=20), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("thread_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Enum("message", "comment", name="messagekind_known", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column(
            "message_class",
            sa.Enum(
                "message", "appeal", "information_request", "media_request", name="messageclass_known", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("external_id", AutoString(length=255), nullable=True),
        sa.Column("thread_external_id", AutoString(length=255), nullable=True),
        sa.Column("content_hash", AutoString(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("received_at", UTCDateTime(), nullable=False),
        sa.Column("registered_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "received",
                "triaged",
                "in_progress",
                "awaiting_approval",
                "answered",
                "closed",
                "awaiting_client",
                "redirected",
                "out_of_competence",
                "registered_as_appeal",
                "spam",
                name="messagestate_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "competence", sa.Enum("within", "outside", "unclear", name="competence_known", native_enum=False, create_constraint=True, length=40), nullable=True
        ),
        sa.Column("triage_reason", AutoString(length=2000), nullable=True),
        sa.Column("topic_id", sa.Uuid(), nullable=True),
        sa.Column("need", JSON, nullable=True),
        sa.Column("priority", sa.Enum("normal", "urgent", name="priority_known", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column("proposal", JSON, nullable=True),
        sa.Column("duplicate_of_id", sa.Uuid(), nullable=True),
        sa.Column("continues_id", sa.Uuid(), nullable=True),
        sa.Column("redirected_to", AutoString(length=500), nullable=True),
        sa.Column("redirect_act_id", sa.Uuid(), nullable=True),
        sa.Column("came_by", AutoString(length=500), nullable=True),
        sa.Column("registration_number", AutoString(length=100), nullable=True),
        sa.Column("appeal_registered_at", UTCDateTime(), nullable=True),
        sa.Column(
            "no_answer_reason",
            sa.Enum(
                "no_name_or_address",
                "unreadable",
                "essence_unclear",
                "obscene_or_threatening",
                "answered_repeatedly",
                name="noanswerreason_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("is_deleted_at_source", sa.Boolean(), nullable=False),
        sa.Column("satisfaction", sa.Integer(), nullable=True),
        sa.Column("personal_data", JSON, nullable=False),
        sa.Column("has_personal_data", sa.Boolean(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("clock_received_at", UTCDateTime(), nullable=False),
        sa.Column("clock_registered_at", UTCDateTime(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("length(text) BETWEEN 1 AND 10000", name=op.f("ck_messages_text_length")),
        sa.CheckConstraint("satisfaction IN (1, 2)", name=op.f("ck_messages_satisfaction_known")),
        sa.ForeignKeyConstraint(["assignee_id"], ["employees.id"], name=op.f("fk_messages_assignee_id_employees")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_messages_client_id_clients")),
        sa.ForeignKeyConstraint(["continues_id"], ["messages.id"], name=op.f("fk_messages_continues_id_messages")),
        sa.ForeignKeyConstraint(["duplicate_of_id"], ["messages.id"], name=op.f("fk_messages_duplicate_of_id_messages")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_messages_organization_id_organizations")),
        sa.ForeignKeyConstraint(["point_id"], ["interaction_points.id"], name=op.f("fk_messages_point_id_interaction_points")),
        sa.ForeignKeyConstraint(["redirect_act_id"], ["legal_acts.id"], name=op.f("fk_messages_redirect_act_id_legal_acts")),
        sa.ForeignKeyConstraint(["thread_id"], ["threads.id"], name=op.f("fk_messages_thread_id_threads")),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_messages_topic_id_topics")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_messages_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("number", name="uq_messages_number"),
        sa.UniqueConstraint("point_id", "external_id", name="uq_messages_external_id"),
    )
    op.create_index("ix_messages_assignee", "messages", ["assignee_id", "id"], unique=False)
    op.create_index("ix_messages_client", "messages", ["client_id", "thread_id"], unique=False)
    op.create_index(op.f("ix_messages_continues_id"), "messages", ["continues_id"], unique=False)
    op.create_index(op.f("ix_messages_duplicate_of_id"), "messages", ["duplicate_of_id"], unique=False)
    op.create_index("ix_messages_point", "messages", ["point_id", "id"], unique=False)
    op.create_index("ix_messages_point_updated", "messages", ["point_id", "updated_at", "id"], unique=False)
    op.create_index(op.f("ix_messages_thread_id"), "messages", ["thread_id"], unique=False)
    op.create_index(op.f("ix_messages_topic_id"), "messages", ["topic_id"], unique=False)
    op.create_index("ix_messages_unit_due", "messages", ["unit_id", "due_at", "id"], unique=False)
    op.create_index("ix_messages_unit_received", "messages", ["unit_id", "received_at", "id"], unique=False)
    op.create_index("ix_messages_unit_state", "messages", ["unit_id", "state", "id"], unique=False)
    op.create_index("ix_messages_unit_updated", "messages", ["unit_id", "updated_at", "id"], unique=False)
    op.create_table(
        "refresh_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", AutoString(length=64), nullable=False),
        sa.Column("issued_at", UTCDateTime(), nullable=False),
        sa.Column("used_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["family_id"], ["token_families.id"], name=op.f("fk_refresh_tokens_family_id_token_families")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refresh_tokens")),
        sa.UniqueConstraint("token_hash", name="uq_refresh_tokens_hash"),
    )
    op.create_index(op.f("ix_refresh_tokens_family_id"), "refresh_tokens", ["family_id"], unique=False)
    op.create_table(
        "reply_template_reviews",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("note", AutoString(length=2000), nullable=True),
        sa.Column("reviewed_at", UTCDateTime(), nullable=False),
        sa.Column("reviewed_by", sa.Uuid(), nullable=False),
        sa.Column("next_review_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["reviewed_by"], ["employees.id"], name=op.f("fk_reply_template_reviews_reviewed_by_employees")),
        sa.ForeignKeyConstraint(["template_id"], ["reply_templates.id"], name=op.f("fk_reply_template_reviews_template_id_reply_templates")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply_template_reviews")),
    )
    op.create_index(op.f("ix_reply_template_reviews_template_id"), "reply_template_reviews", ["template_id"], unique=False)
    op.create_table(
        "reply_template_shares",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["template_id"], ["reply_templates.id"], name=op.f("fk_reply_template_shares_template_id_reply_templates")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_reply_template_shares_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply_template_shares")),
        sa.UniqueConstraint("template_id", "unit_id", name="uq_reply_template_shares_unit"),
    )
    op.create_index(op.f("ix_reply_template_shares_unit_id"), "reply_template_shares", ["unit_id"], unique=False)
    op.create_table(
        "reply_template_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", AutoString(length=500), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("keywords", JSON, nullable=False),
        sa.Column("examples", JSON, nullable=False),
        sa.Column("topic_ids", JSON, nullable=False),
        sa.Column("defaults", JSON, nullable=False),
        sa.Column("note", AutoString(length=2000), nullable=True),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("returned_reason", AutoString(length=2000), nullable=True),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("published_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("length(text) BETWEEN 1 AND 10000", name=op.f("ck_reply_template_versions_text_length")),
        sa.CheckConstraint("length(title) BETWEEN 1 AND 500", name=op.f("ck_reply_template_versions_title_length")),
        sa.ForeignKeyConstraint(["approved_by"], ["employees.id"], name=op.f("fk_reply_template_versions_approved_by_employees")),
        sa.ForeignKeyConstraint(["author_id"], ["employees.id"], name=op.f("fk_reply_template_versions_author_id_employees")),
        sa.ForeignKeyConstraint(["template_id"], ["reply_templates.id"], name=op.f("fk_reply_template_versions_template_id_reply_templates")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply_template_versions")),
        sa.UniqueConstraint("template_id", "number", name="uq_reply_template_versions_number"),
    )
    op.create_index(op.f("ix_reply_template_versions_template_id"), "reply_template_versions", ["template_id"], unique=False)
    op.create_table(
        "survey_comments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("form_id", sa.Uuid(), nullable=False),
        sa.Column("municipality", AutoString(length=8), nullable=False),
        sa.Column(
            "source",
            sa.Enum("web", "paper", "feedback_platform", "import", name="submissionsource_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("counted_on", sa.Date(), nullable=False),
        sa.Column("row_key", AutoString(length=64), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.CheckConstraint("length(text) BETWEEN 1 AND 20000", name=op.f("ck_survey_comments_text_length")),
        sa.CheckConstraint("score BETWEEN 1 AND 5", name=op.f("ck_survey_comments_score_known")),
        sa.ForeignKeyConstraint(["form_id"], ["survey_forms.id"], name=op.f("fk_survey_comments_form_id_survey_forms")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_survey_comments_organization_id_organizations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_comments")),
        sa.UniqueConstraint("submission_id", "row_key", name="uq_survey_comments_row"),
    )
    op.create_index("ix_survey_comments_day", "survey_comments", ["counted_on", "id"], unique=False)
    op.create_index("ix_survey_comments_organization", "survey_comments", ["organization_id", "counted_on", "id"], unique=False)
    op.create_table(
        "survey_counts",
        sa.Column(
            "question",
            sa.Enum(
                "satisfaction",
                "source_usage",
                "ease_of_finding",
                "came_from",
                "comments",
                name="counted_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("span", sa.Enum("day", "month", name="span_known", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("form_id", sa.Uuid(), nullable=False),
        sa.Column("municipality", AutoString(length=8), nullable=False),
        sa.Column(
            "source",
            sa.Enum("web", "paper", "feedback_platform", "import", name="submissionsource_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("row_key", AutoString(length=64), nullable=False),
        sa.Column("n1", sa.Integer(), nullable=False),
        sa.Column("n2", sa.Integer(), nullable=False),
        sa.Column("n3", sa.Integer(), nullable=False),
        sa.Column("n4", sa.Integer(), nullable=False),
        sa.Column("n5", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["form_id"], ["survey_forms.id"], name=op.f("fk_survey_counts_form_id_survey_forms")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_survey_counts_organization_id_organizations")),
        sa.PrimaryKeyConstraint("question", "span", "day", "organization_id", "form_id", "municipality", "source", "row_key", name=op.f("pk_survey_counts")),
    )
    op.create_table(
        "survey_submissions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("form_id", sa.Uuid(), nullable=False),
        sa.Column("form", AutoString(length=64), nullable=False),
        sa.Column("form_version", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("municipality", AutoString(length=8), nullable=True),
        sa.Column("filled_at", UTCDateTime(), nullable=True),
        sa.Column("received_at", UTCDateTime(), nullable=False),
        sa.Column("counted_on", sa.Date(), nullable=False),
        sa.Column(
            "source",
            sa.Enum("web", "paper", "feedback_platform", "import", name="submissionsource_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("satisfaction", sa.SmallInteger(), nullable=False),
        sa.Column("answers", JSON, nullable=False),
        sa.Column("came_from_point_id", sa.Uuid(), nullable=True),
        sa.Column("keyed_by", sa.Uuid(), nullable=True),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("import_id", sa.Uuid(), nullable=True),
        sa.Column("external_id", AutoString(length=255), nullable=True),
        sa.Column("identity", AutoString(length=64), nullable=True),
        sa.Column("content", AutoString(length=64), nullable=True),
        sa.Column("batch", AutoString(length=100), nullable=True),
        sa.Column("sheet_number", sa.Integer(), nullable=True),
        sa.CheckConstraint("(batch IS NULL) = (sheet_number IS NULL)", name=op.f("ck_survey_submissions_sheet_in_batch")),
        sa.CheckConstraint("satisfaction BETWEEN 1 AND 2", name=op.f("ck_survey_submissions_satisfaction_known")),
        sa.CheckConstraint("sheet_number > 0", name=op.f("ck_survey_submissions_sheet_number_counted")),
        sa.ForeignKeyConstraint(["came_from_point_id"], ["interaction_points.id"], name=op.f("fk_survey_submissions_came_from_point_id_interaction_points")),
        sa.ForeignKeyConstraint(["form_id"], ["survey_forms.id"], name=op.f("fk_survey_submissions_form_id_survey_forms")),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_survey_submissions_import_id_imports")),
        sa.ForeignKeyConstraint(["keyed_by"], ["employees.id"], name=op.f("fk_survey_submissions_keyed_by_employees")),
        sa.ForeignKeyConstraint(["municipality"], ["municipalities.oktmo"], name=op.f("fk_survey_submissions_municipality_municipalities")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_survey_submissions_organization_id_organizations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_submissions")),
    )
    op.create_index(op.f("ix_survey_submissions_came_from_point_id"), "survey_submissions", ["came_from_point_id"], unique=False)
    op.create_index(op.f("ix_survey_submissions_client_id"), "survey_submissions", ["client_id"], unique=False)
    op.create_index("ix_survey_submissions_counted", "survey_submissions", ["organization_id", "counted_on", "satisfaction"], unique=False)
    op.create_index("ix_survey_submissions_day_municipality", "survey_submissions", ["counted_on", "municipality"], unique=False)
    op.create_index(op.f("ix_survey_submissions_form_id"), "survey_submissions", ["form_id"], unique=False)
    op.create_index(op.f("ix_survey_submissions_keyed_by"), "survey_submissions", ["keyed_by"], unique=False)
    op.create_index(op.f("ix_survey_submissions_municipality"), "survey_submissions", ["municipality"], unique=False)
    op.create_index(op.f("ix_survey_submissions_source"), "survey_submissions", ["source"], unique=False)
    op.create_index(
        "uq_survey_submissions_identity",
        "survey_submissions",
        ["identity"],
        unique=True,
        sqlite_where=sa.text("identity IS NOT NULL"),
        postgresql_where=sa.text("identity IS NOT NULL"),
    )
    op.create_index(
        "uq_survey_submissions_sheet",
        "survey_submissions",
        ["batch", "organization_id", "sheet_number"],
        unique=True,
        sqlite_where=sa.text("batch IS NOT NULL"),
        postgresql_where=sa.text("batch IS NOT NULL"),
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
        sa.Column("found_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["note_id"], ["control_notes.id"], name=op.f("fk_target_deviations_note_id_control_notes")),
        sa.ForeignKeyConstraint(["target_id"], ["unit_targets.id"], name=op.f("fk_target_deviations_target_id_unit_targets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target_deviations")),
        sa.UniqueConstraint("target_id", "period_start", name="uq_target_deviations_period"),
    )
    op.create_table(
        "template_choices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("forms", JSON, nullable=False),
        sa.Column("chosen_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["template_id"], ["reply_templates.id"], name=op.f("fk_template_choices_template_id_reply_templates")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template_choices")),
    )
    op.create_index("ix_template_choices_template", "template_choices", ["template_id", "id"], unique=False)
    op.create_table(
        "template_gaps",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Enum("no_template", "not_taken", name="gapreason_known", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("forms", JSON, nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("offered_template_id", sa.Uuid(), nullable=True),
        sa.Column("template_id", sa.Uuid(), nullable=True),
        sa.Column("dismissal_id", sa.Uuid(), nullable=True),
        sa.Column("noted_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("length(text) BETWEEN 1 AND 20000", name=op.f("ck_template_gaps_text_length")),
        sa.ForeignKeyConstraint(["dismissal_id"], ["gap_dismissals.id"], name=op.f("fk_template_gaps_dismissal_id_gap_dismissals")),
        sa.ForeignKeyConstraint(["offered_template_id"], ["reply_templates.id"], name=op.f("fk_template_gaps_offered_template_id_reply_templates")),
        sa.ForeignKeyConstraint(["template_id"], ["reply_templates.id"], name=op.f("fk_template_gaps_template_id_reply_templates")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_template_gaps_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template_gaps")),
        sa.UniqueConstraint("message_id", name="uq_template_gaps_message_id"),
    )
    op.create_index("ix_template_gaps_unit", "template_gaps", ["unit_id", "template_id", "id"], unique=False)
    op.create_table(
        "unmet_needs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("template_id", sa.Uuid(), nullable=True),
        sa.Column("is_untied", sa.Boolean(), nullable=False),
        sa.Column(
            "state", sa.Enum("open", "taken_up", "resolved", name="unmetneedstate_known", native_enum=False, create_constraint=True, length=40), nullable=False
        ),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column("note", AutoString(length=2000), nullable=True),
        sa.CheckConstraint("state <> 'resolved' OR note IS NOT NULL", name=op.f("ck_unmet_needs_resolution_given")),
        sa.CheckConstraint("length > 0", name=op.f("ck_unmet_needs_length_counted")),
        sa.CheckConstraint("length(note) BETWEEN 1 AND 2000", name=op.f("ck_unmet_needs_note_length")),
        sa.ForeignKeyConstraint(["changed_by"], ["employees.id"], name=op.f("fk_unmet_needs_changed_by_employees")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_unmet_needs_organization_id_organizations")),
        sa.ForeignKeyConstraint(["template_id"], ["reply_templates.id"], name=op.f("fk_unmet_needs_template_id_reply_templates")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_unmet_needs_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unmet_needs")),
    )
    op.create_index("ix_unmet_needs_organization", "unmet_needs", ["organization_id", "state"], unique=False)
    op.create_index(op.f("ix_unmet_needs_template_id"), "unmet_needs", ["template_id"], unique=False)
    op.create_index(op.f("ix_unmet_needs_unit_id"), "unmet_needs", ["unit_id"], unique=False)
    op.create_table(
        "deadlines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column(
            "stage",
            sa.Enum(
                "registration",
                "first_reply",
                "final_reply",
                "redirect",
                "delay_notice",
                name="stage_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("is_target", sa.Boolean(), nullable=False),
        sa.Column("policy_id", sa.Uuid(), nullable=False),
        sa.Column("term", JSON, nullable=False),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("counted_on", sa.Date(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("is_provisional", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("running", "paused", "met", "missed", "cancelled", name="deadlinestate_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("taken_seconds", sa.Integer(), nullable=True),
        sa.Column("extended_days", sa.Integer(), nullable=False),
        sa.Column("pauses", JSON, nullable=False),
        sa.Column("remind_at", UTCDateTime(), nullable=True),
        sa.Column("reminded_at", UTCDateTime(), nullable=True),
        sa.Column("escalated_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("taken_seconds >= 0", name=op.f("ck_deadlines_taken_seconds_counted")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_deadlines_message_id_messages")),
        sa.ForeignKeyConstraint(["policy_id"], ["deadline_policies.id"], name=op.f("fk_deadlines_policy_id_deadline_policies")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadlines")),
        sa.UniqueConstraint("message_id", "cycle", "stage", "policy_id", name="uq_deadlines_policy"),
    )
    op.create_index("ix_deadlines_counted_on", "deadlines", ["counted_on"], unique=False)
    op.create_index("ix_deadlines_due", "deadlines", ["state", "due_at"], unique=False)
    op.create_index(op.f("ix_deadlines_policy_id"), "deadlines", ["policy_id"], unique=False)
    op.create_index("ix_deadlines_remind", "deadlines", ["state", "remind_at"], unique=False)
    op.create_table(
        "message_attachments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", AutoString(length=255), nullable=False),
        sa.Column("content_type", AutoString(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", AutoString(length=64), nullable=False),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 255", name=op.f("ck_message_attachments_name_length")),
        sa.CheckConstraint("size > 0", name=op.f("ck_message_attachments_size_positive")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_message_attachments_message_id_messages")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_attachments")),
        sa.UniqueConstraint("message_id", "position", name="uq_message_attachments_position"),
    )
    op.create_index(op.f("ix_message_attachments_sha256"), "message_attachments", ["sha256"], unique=False)
    op.create_table(
        "message_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", UTCDateTime(), nullable=False),
        sa.Column("what", AutoString(length=60), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column(
            "from_state",
            sa.Enum(
                "received",
                "triaged",
                "in_progress",
                "awaiting_approval",
                "answered",
                "closed",
                "awaiting_client",
                "redirected",
                "out_of_competence",
                "registered_as_appeal",
                "spam",
                name="from_state_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column(
            "to_state",
            sa.Enum(
                "received",
                "triaged",
                "in_progress",
                "awaiting_approval",
                "answered",
                "closed",
                "awaiting_client",
                "redirected",
                "out_of_competence",
                "registered_as_appeal",
                "spam",
                name="to_state_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("note", AutoString(length=2000), nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_message_events_message_id_messages")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_events")),
    )
    op.create_index(op.f("ix_message_events_message_id"), "message_events", ["message_id"], unique=False)
    op.create_table(
        "message_revisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Enum("edited", "deleted", name="revisionkind_known", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("length(text) BETWEEN 1 AND 10000", name=op.f("ck_message_revisions_text_length")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_message_revisions_message_id_messages")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_revisions")),
    )
    op.create_index(op.f("ix_message_revisions_message_id"), "message_revisions", ["message_id"], unique=False)
    op.create_table(
        "replies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("answer", "channel_transfer", "notice", name="replykind_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "awaiting_approval",
                "returned",
                "approved",
                "sending",
                "sent",
                "failed",
                "uncertain",
                name="replystate_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=True),
        sa.Column("template_version", sa.Integer(), nullable=True),
        sa.Column("template_values", JSON, nullable=False),
        sa.Column("offered_point_ids", JSON, nullable=False),
        sa.Column("findings", JSON, nullable=False),
        sa.Column("template_past_review_since", sa.Date(), nullable=True),
        sa.Column("is_own_text", sa.Boolean(), nullable=False),
        sa.Column("changed_share", sa.Float(), nullable=True),
        sa.Column("drafted_by", sa.Uuid(), nullable=False),
        sa.Column("author_ids", JSON, nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("submitted_at", UTCDateTime(), nullable=True),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("approved_at", UTCDateTime(), nullable=True),
        sa.Column("returned_reason", AutoString(length=2000), nullable=True),
        sa.Column("sent_at", UTCDateTime(), nullable=True),
        sa.Column("external_id", AutoString(length=255), nullable=True),
        sa.CheckConstraint("changed_share >= 0 AND changed_share <= 1", name=op.f("ck_replies_changed_share_range")),
        sa.CheckConstraint("length(text) BETWEEN 1 AND 10000", name=op.f("ck_replies_text_length")),
        sa.ForeignKeyConstraint(["approved_by"], ["employees.id"], name=op.f("fk_replies_approved_by_employees")),
        sa.ForeignKeyConstraint(["drafted_by"], ["employees.id"], name=op.f("fk_replies_drafted_by_employees")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_replies_message_id_messages")),
        sa.ForeignKeyConstraint(["template_id"], ["reply_templates.id"], name=op.f("fk_replies_template_id_reply_templates")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replies")),
    )
    op.create_index(op.f("ix_replies_message_id"), "replies", ["message_id"], unique=False)
    op.create_index(op.f("ix_replies_template_id"), "replies", ["template_id"], unique=False)
    op.create_table(
        "survey_comment_lemmas",
        sa.Column("lemma", AutoString(length=100), nullable=False),
        sa.Column("comment_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["survey_comments.id"], name=op.f("fk_survey_comment_lemmas_comment_id_survey_comments"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("lemma", "comment_id", name=op.f("pk_survey_comment_lemmas")),
    )
    op.create_index("ix_survey_comment_lemmas_comment_id", "survey_comment_lemmas", ["comment_id"], unique=False)
    op.create_table(
        "survey_entry_checks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("waiting", "agreed", "differs", "resolved", name="entrycheckstate_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("chosen_at", UTCDateTime(), nullable=False),
        sa.Column("second_by", sa.Uuid(), nullable=True),
        sa.Column("second_at", UTCDateTime(), nullable=True),
        sa.Column("second_codes", JSON, nullable=True),
        sa.Column("differences", JSON, nullable=True),
        sa.Column(
            "resolution", sa.Enum("first_stands", "corrected", name="resolution_known", native_enum=False, create_constraint=True, length=40), nullable=True
        ),
        sa.Column("reason", AutoString(length=2000), nullable=True),
        sa.Column("resolved_by", sa.Uuid(), nullable=True),
        sa.Column("resolved_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("(resolution IS NOT NULL) = (state = 'resolved')", name=op.f("ck_survey_entry_checks_resolution_given")),
        sa.CheckConstraint("(second_by IS NULL) = (state = 'waiting')", name=op.f("ck_survey_entry_checks_second_entered")),
        sa.CheckConstraint("reason IS NULL OR length(reason) BETWEEN 1 AND 2000", name=op.f("ck_survey_entry_checks_reason_length")),
        sa.ForeignKeyConstraint(["resolved_by"], ["employees.id"], name=op.f("fk_survey_entry_checks_resolved_by_employees")),
        sa.ForeignKeyConstraint(["second_by"], ["employees.id"], name=op.f("fk_survey_entry_checks_second_by_employees")),
        sa.ForeignKeyConstraint(["submission_id"], ["survey_submissions.id"], name=op.f("fk_survey_entry_checks_submission_id_survey_submissions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_entry_checks")),
        sa.UniqueConstraint("submission_id", name="uq_survey_entry_checks_submission"),
    )
    op.create_index(op.f("ix_survey_entry_checks_resolved_by"), "survey_entry_checks", ["resolved_by"], unique=False)
    op.create_index(op.f("ix_survey_entry_checks_second_by"), "survey_entry_checks", ["second_by"], unique=False)
    op.create_index(op.f("ix_survey_entry_checks_state"), "survey_entry_checks", ["state"], unique=False)
    op.create_table(
        "survey_revisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("form_id", sa.Uuid(), nullable=False),
        sa.Column("municipality", AutoString(length=8), nullable=True),
        sa.Column("filled_at", UTCDateTime(), nullable=True),
        sa.Column("counted_on", sa.Date(), nullable=False),
        sa.Column("answers", JSON, nullable=False),
        sa.Column("reason", AutoString(length=2000), nullable=False),
        sa.Column("corrected_at", UTCDateTime(), nullable=False),
        sa.Column("corrected_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("length(reason) BETWEEN 1 AND 2000", name=op.f("ck_survey_revisions_reason_length")),
        sa.ForeignKeyConstraint(["corrected_by"], ["employees.id"], name=op.f("fk_survey_revisions_corrected_by_employees")),
        sa.ForeignKeyConstraint(["form_id"], ["survey_forms.id"], name=op.f("fk_survey_revisions_form_id_survey_forms")),
        sa.ForeignKeyConstraint(["submission_id"], ["survey_submissions.id"], name=op.f("fk_survey_revisions_submission_id_survey_submissions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_revisions")),
        sa.UniqueConstraint("submission_id", "number", name="uq_survey_revisions_number"),
    )
    op.create_index(op.f("ix_survey_revisions_corrected_by"), "survey_revisions", ["corrected_by"], unique=False)
    op.create_index(op.f("ix_survey_revisions_form_id"), "survey_revisions", ["form_id"], unique=False)
    op.create_table(
        "unmet_need_lemmas",
        sa.Column("lemma", AutoString(length=100), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["unmet_needs.id"], name=op.f("fk_unmet_need_lemmas_group_id_unmet_needs")),
        sa.PrimaryKeyConstraint("lemma", "group_id", name=op.f("pk_unmet_need_lemmas")),
    )
    op.create_index("ix_unmet_need_lemmas_group_id", "unmet_need_lemmas", ["group_id", "n"], unique=False)
    op.create_table(
        "unmet_need_steps",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", UTCDateTime(), nullable=False),
        sa.Column(
            "to_state",
            sa.Enum("open", "taken_up", "resolved", name="unmetneedstate_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("note", AutoString(length=2000), nullable=True),
        sa.CheckConstraint("length(note) BETWEEN 1 AND 2000", name=op.f("ck_unmet_need_steps_note_length")),
        sa.ForeignKeyConstraint(["by_id"], ["employees.id"], name=op.f("fk_unmet_need_steps_by_id_employees")),
        sa.ForeignKeyConstraint(["group_id"], ["unmet_needs.id"], name=op.f("fk_unmet_need_steps_group_id_unmet_needs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unmet_need_steps")),
    )
    op.create_index(op.f("ix_unmet_need_steps_group_id"), "unmet_need_steps", ["group_id"], unique=False)
    op.create_table(
        "unmet_need_texts",
        sa.Column("comment_id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["survey_comments.id"], name=op.f("fk_unmet_need_texts_comment_id_survey_comments"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["group_id"], ["unmet_needs.id"], name=op.f("fk_unmet_need_texts_group_id_unmet_needs")),
        sa.PrimaryKeyConstraint("comment_id", name=op.f("pk_unmet_need_texts")),
    )
    op.create_index(op.f("ix_unmet_need_texts_group_id"), "unmet_need_texts", ["group_id"], unique=False)
