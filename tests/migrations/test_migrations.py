"""Migrations up, down and up again with data, without drift, and by concurrent instances (reliability E9)."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import SQLModel, col, select

from app.cli import migrate, seed
from app.clients.models import Client
from app.clients.rules import ClientKind
from app.core import clock
from app.core.data_files import load_yaml
from app.core.db import Database, to_driver_url
from app.core.ids import new_id
from app.interaction_points.change_history import select_changes, snapshot
from app.interaction_points.models import Point, PointChange
from app.messages.models import Deadline, DeadlinePolicy, Message, MessageClass, MessageKind, Priority, Thread
from app.messages.rules.deadlines import DeadlineState
from app.messages.rules.states import MessageState
from app.organizations.models import Organization
from app.reply_templates import reference as reply_templates
from app.surveys.models.forms import SurveyForm
from app.surveys.models.submissions import SurveySubmission
from app.surveys.rules.submissions import SubmissionSource
from tests.conftest import settings_for

ROOT = Path(__file__).resolve().parents[2]
HEAD = len(list((ROOT / "alembic" / "versions").glob("[0-9]*.py")))


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
    for number in range(HEAD - 1, 0, -1):
        downgrade(empty_address, f"{number:04d}")
        assert count_rows(empty_address).items() <= full.items()  # the remaining tables keep all rows
    downgrade(empty_address, "base")
    assert list_tables(empty_address) == set()
    migrate(settings)
    seed(settings)
    assert count_rows(empty_address) == full


async def test_existing_points_get_their_known_history(fresh_database: str, tmp_path: Path) -> None:
    settings = settings_for(fresh_database, tmp_path)
    downgrade(fresh_database, "0008")
    migrate(settings)
    database = Database(settings)
    async with database.transaction(write=False) as session:
        points = (await session.exec(select(Point))).all()
        for point in points:
            rows = (await session.exec(select_changes(point.id).order_by(col(PointChange.id)))).all()
            assert [row.action for row in rows] == (["created", "approved"] if point.approval_act_id else ["created"])
            recorded = {change["field"]: change["new"] for row in rows for change in row.changes}
            assert recorded == {name: value for name, value in snapshot(point).items() if name in recorded}
            assert {name for name, value in snapshot(point).items() if value is not None} <= set(recorded)
            assert rows[0].recorded_at == point.created_at
    await database.close()
    assert len(points) == 8


def test_existing_comments_are_queued_for_indexing(fresh_database: str, tmp_path: Path) -> None:
    settings = settings_for(fresh_database, tmp_path)
    with connect(fresh_database) as connection:
        form_id = connection.execute(select(SurveyForm.id).limit(1)).scalar_one()
        organization_id = connection.execute(select(Organization.id).limit(1)).scalar_one()
        for place, comments in enumerate(({"vk": "Нет адреса"}, {}), 1):
            row = SurveySubmission(
                id=UUID(int=place),
                form_id=form_id,
                form="information-access",
                form_version=1,
                organization_id=organization_id,
                received_at=clock.now(),
                counted_on=clock.today(),
                source=SubmissionSource.WEB,
                satisfaction=1,
                answers={"comments": comments},
            )
            connection.execute(sa.insert(SurveySubmission).values(row.model_dump()))
        connection.commit()
    downgrade(fresh_database, "0026")
    migrate(settings)
    with connect(fresh_database) as connection:
        found = connection.execute(sa.text("SELECT submission_id FROM survey_comment_inbox")).scalars().all()
    assert [UUID(str(one)) for one in found] == [UUID(int=1)]


def test_existing_deadlines_get_their_day(fresh_database: str, tmp_path: Path) -> None:
    settings = settings_for(fresh_database, tmp_path)
    evening = datetime(2026, 11, 24, 17, 30, tzinfo=UTC)  # the 25th in Novosibirsk
    with connect(fresh_database) as connection:
        point = connection.execute(select(Point).limit(1)).mappings().one()
        policy = connection.execute(select(DeadlinePolicy).limit(1)).mappings().one()
        thread = Thread(point_id=point["id"])
        client = Client(organization_id=point["organization_id"], kind=ClientKind.INDIVIDUAL, name="Иван П.")
        message = Message(
            number="1",
            organization_id=point["organization_id"],
            point_id=point["id"],
            unit_id=point["unit_id"],
            thread_id=thread.id,
            kind=MessageKind.MESSAGE,
            message_class=MessageClass.MESSAGE,
            content_hash="",
            text="?",
            search_text="",
            client_id=client.id,
            received_at=evening,
            registered_at=evening,
            updated_at=evening,
            state=MessageState.RECEIVED,
            priority=Priority.NORMAL,
            personal_data=[],
            clock_received_at=evening,
            clock_registered_at=evening,
        )
        deadlines = [
            Deadline(
                message_id=message.id,
                cycle=cycle,
                stage=policy["stage"],
                is_target=policy["is_target"],
                policy_id=policy["id"],
                term={},
                started_at=evening,
                counted_on=date(1999, 1, 1),
                due_at=evening,
                is_provisional=False,
                state=DeadlineState.MET,
                pauses=[],
            )
            for cycle in range(1, 1203)
        ]
        for row in (client, thread, message):
            connection.execute(sa.insert(type(row)).values(row.model_dump()))
        connection.execute(sa.insert(Deadline), [row.model_dump() for row in deadlines])
        connection.commit()
    downgrade(fresh_database, "0029")
    migrate(settings)
    with connect(fresh_database) as connection:
        day = col(Deadline.counted_on)
        found = connection.execute(sa.select(day, sa.func.count()).group_by(day))
        assert found.all() == [(date(2026, 11, 25), 1202)]


CLIENTS: Any = [
    {"kind": "individual", "name": "Иван П.", "contacts": [], "representative": None},
    {"kind": "individual", "name": "Иван П.", "contacts": [], "representative": None},
    {
        "kind": "sole_proprietor",
        "name": "ИП Петров",
        "contacts": [{"kind": "phone", "value": "8 913 123-45-67"}, {"kind": "phone", "value": "+79131234567"}],
        "representative": {
            "name": "Анна",
            "authority": "Доверенность",
            "contacts": [{"kind": "email", "value": "A@x.example"}],
        },
    },
] + [
    {
        "kind": "individual",
        "name": f"Клиент {number % 600}",
        "contacts": [{"kind": "vk", "value": f"ID{number % 600}"}],
        "representative": None,
    }
    for number in range(1200)
]


@pytest.mark.order("O-2.2")
def test_clients_of_messages_move_to_tables_and_back(fresh_database: str, tmp_path: Path) -> None:
    settings = settings_for(fresh_database, tmp_path)
    downgrade(fresh_database, "0033")
    json_type = sa.JSON().with_variant(JSONB(), "postgresql")
    with connect(fresh_database) as connection:
        point = connection.execute(select(Point).limit(1)).mappings().one()
        thread = Thread(point_id=point["id"])
        connection.execute(sa.insert(Thread).values(thread.model_dump()))
        moment = clock.now()
        common = {
            "version": 1,
            "organization_id": point["organization_id"],
            "point_id": point["id"],
            "unit_id": point["unit_id"],
            "thread_id": thread.id,
            "kind": "message",
            "message_class": "message",
            "content_hash": "x",
            "text": "?",
            "search_text": "?",
            "state": "received",
            "priority": "normal",
            "is_deleted_at_source": False,
            "has_personal_data": False,
            "cycle": 1,
        }
        common |= dict.fromkeys(
            ("received_at", "registered_at", "updated_at", "clock_received_at", "clock_registered_at"), moment
        )
        rows = [
            common | {"id": new_id(), "number": str(number), "client": client, "personal_data": []}
            for number, client in enumerate(CLIENTS)
        ]
        table = sa.table(
            "messages",
            *(
                sa.column(
                    name,
                    sa.Uuid()
                    if name == "id" or name.endswith("_id")
                    else json_type
                    if name in ("client", "personal_data")
                    else sa.DateTime(timezone=True)
                    if name.endswith("_at")
                    else None,
                )
                for name in rows[0]
            ),
        )
        connection.execute(sa.insert(table), rows)
        connection.commit()
    migrate(settings)
    counts = count_rows(fresh_database)
    assert (counts["clients"], counts["client_contacts"], counts["client_representatives"]) == (603, 603, 1)
    with connect(fresh_database) as connection:
        query = "SELECT DISTINCT normalized_value FROM client_contacts WHERE kind = 'phone'"
        assert connection.execute(sa.text(query)).scalars().all() == ["+79131234567"]
    downgrade(fresh_database, "0033")
    with connect(fresh_database) as connection:
        found = connection.execute(sa.select(table.c.number, table.c.client)).all()
    assert {int(row.number): row.client for row in found} == dict(enumerate(CLIENTS))


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
    for number in range(1, HEAD + 1):
        migrate(settings, f"{number:04d}")
    assert list_tables(empty_address) == set(SQLModel.metadata.tables)


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
