"""Migrations up, down and up again with data, without drift, and by concurrent instances (reliability E9)."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import typer
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

from app.cli import migrate, seed
from app.core.data_files import load_yaml
from app.core.db import to_driver_url
from app.core.ids import new_id
from app.reply_templates import reference as reply_templates
from tests.conftest import settings_for

ROOT = Path(__file__).resolve().parents[2]
REVISIONS = sorted(path.name[:4] for path in (ROOT / "alembic" / "versions").glob("[0-9]*.py"))


@pytest.fixture
def empty_address(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Yield the URL of an empty database. Tests that begin with a migrated one take `fresh_database`."""
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite3'}"
        return
    cluster = request.getfixturevalue("cluster")
    name = f"empty_{new_id().hex}"
    cluster.create_database(name)
    yield cluster.url(name)
    cluster.drop_database(name)


@contextmanager
def connect(address: str) -> Iterator[sa.Connection]:
    url = to_driver_url(address)
    engine = sa.create_engine(url.set(drivername="sqlite") if url.get_backend_name() == "sqlite" else url)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def list_tables(address: str) -> set[str]:
    with connect(address) as connection:
        return set(sa.inspect(connection).get_table_names()) - {"alembic_version"}


def count_rows(address: str) -> dict[str, int]:
    with connect(address) as connection:
        return {
            name: connection.execute(sa.text(f'SELECT count(*) FROM "{name}"')).scalar_one()
            for name in list_tables(address)
        }


def downgrade(address: str, revision: str) -> None:
    config = Config(str(ROOT / "alembic.ini"))
    config.attributes["url"] = address
    command.downgrade(config, revision)


def test_up_down_up_with_data(empty_address: str, tmp_path: Path) -> None:
    settings = settings_for(empty_address, tmp_path)
    migrate(settings)
    seed(settings)
    full = count_rows(empty_address)
    assert full["municipalities"] == 44
    assert full["reply_templates"] == len(load_yaml(reply_templates.__file__, "demo_templates.yaml")["templates"])
    for revision in reversed(REVISIONS[:-1]):
        downgrade(empty_address, revision)
        assert count_rows(empty_address).items() <= full.items()  # the remaining tables keep all rows
    downgrade(empty_address, "base")
    assert list_tables(empty_address) == set()
    migrate(settings)
    seed(settings)
    assert count_rows(empty_address) == full


def test_seeding_twice_changes_nothing(fresh_database: str, tmp_path: Path) -> None:
    settings = settings_for(fresh_database, tmp_path)
    before = read_rows(fresh_database)
    seed(settings)
    assert read_rows(fresh_database) == before


def read_rows(address: str) -> dict[str, list[Any]]:
    with connect(address) as connection:
        return {
            name: sorted(map(repr, connection.execute(sa.text(f'SELECT * FROM "{name}"')).all()))
            for name in list_tables(address)
        }


def test_the_models_match_the_schema(fresh_database: str) -> None:
    with connect(fresh_database) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_the_check_constraints_match_the_models(fresh_database: str) -> None:
    """Alembic does not compare CHECK constraints: a missing value of an enum would go unnoticed."""
    with connect(fresh_database) as connection:
        inspector = sa.inspect(connection)
        for table in SQLModel.metadata.tables.values():
            expected = {str(c.name): c for c in table.constraints if isinstance(c, sa.CheckConstraint)}
            found = {str(check["name"]): str(check["sqltext"]) for check in inspector.get_check_constraints(table.name)}
            assert found.keys() == expected.keys(), table.name
            for column in table.columns:
                if isinstance(column.type, sa.Enum):
                    check = next(found[name] for name in found if name.endswith(str(column.type.name)))
                    assert set(re.findall(r"'(\w+)'", check)) == set(column.type.enums), (table.name, column.name)


def test_each_migration_runs_by_itself(empty_address: str, tmp_path: Path) -> None:
    settings = settings_for(empty_address, tmp_path)
    for revision in REVISIONS:
        migrate(settings, revision)
    assert list_tables(empty_address) == set(SQLModel.metadata.tables)


@pytest.mark.parametrize("revision", ["0035", "9999"])
def test_a_database_of_an_unknown_version_is_refused(
    fresh_database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], revision: str
) -> None:
    with connect(fresh_database) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
        connection.commit()
    rows = count_rows(fresh_database)
    with pytest.raises(typer.Exit) as refused:
        migrate(settings_for(fresh_database, tmp_path))
    assert refused.value.exit_code == 2
    message = capsys.readouterr().err
    assert f"at revision {revision}" in message and "set APP_DATABASE_URL to an empty database" in message
    assert count_rows(fresh_database) == rows, "nothing is changed"


def test_concurrent_instances_migrate_once(empty_address: str, tmp_path: Path) -> None:
    env = {**os.environ, "APP_PROFILE": "demo", "APP_DATABASE_URL": empty_address, "APP_VAR_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "app.cli", "migrate"]
    processes = [subprocess.Popen(command, cwd=ROOT, env=env) for _ in range(3)]
    assert [process.wait(300) for process in processes] == [0, 0, 0]
    assert list_tables(empty_address) == set(SQLModel.metadata.tables)


def test_invariants_are_database_constraints(fresh_database: str) -> None:
    """D6: invariants are constraints, so they do not depend on the isolation level."""
    expected = {
        "messages": {"uq_messages_external_id", "uq_messages_number"},
        "threads": {"uq_threads_external_id"},
        "clients": {"uq_clients_content"},
        "client_contacts": {"uq_client_contacts_position"},
        "deadlines": {"uq_deadlines_policy"},
        "idempotency_records": {"uq_idempotency_records_key"},
        "point_states": {"uq_point_states_sequence"},
        "import_rows": {"uq_import_rows_number"},
        "reply_templates": {"uq_reply_templates_key"},
        "reply_template_versions": {"uq_reply_template_versions_number"},
        "refresh_tokens": {"uq_refresh_tokens_hash"},
        "employees": {"uq_employees_username"},
        "notifications": {"uq_notifications_dedupe_key"},
        "survey_prepared": {"uq_survey_prepared_number", "uq_survey_prepared_identity"},
        "survey_revisions": {"uq_survey_revisions_number"},
        "survey_entry_checks": {"uq_survey_entry_checks_submission"},
    }
    with connect(fresh_database) as connection:
        inspector = sa.inspect(connection)
        for table, names in expected.items():
            assert names <= {key["name"] for key in inspector.get_unique_constraints(table)}, table
        indexes = {str(index["name"]): index for index in inspector.get_indexes("survey_submissions")}
        for name in ("uq_survey_submissions_identity", "uq_survey_submissions_sheet"):
            assert indexes[name]["unique"], name
        assert "ck_survey_submissions_satisfaction_known" in {
            check["name"] for check in inspector.get_check_constraints("survey_submissions")
        }
