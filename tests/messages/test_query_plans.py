"""Every filter of a list of 100,000 messages uses an index, according to the plans of PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa
from fastapi import FastAPI
from sqlalchemy import event
from sqlmodel import select

from app.cli import migrate, seed
from app.core.db import Database
from app.core.ids import new_id
from app.main import create_app
from app.messages.models import Message
from app.messages.queries.messages import of_same_client
from tests.callers import People, make_people
from tests.conftest import Api, KnownCallers, settings_for
from tests.postgres import PostgresCluster

COUNT = 100_000
UNITS = 20

CLIENTS = """
INSERT INTO clients (id, organization_id, kind, name)
SELECT CAST(md5(:prefix || n) AS uuid), units.organization_id, 'individual', 'Иван П.'
FROM generate_series(1, :count) AS n, units WHERE units.id = :unit
"""
CONTACTS = """
INSERT INTO client_contacts (id, client_id, owner, position, kind, value, normalized_value)
SELECT CAST(md5(:prefix || n) AS uuid), CAST(md5(:prefix || n) AS uuid), 'client', 1, 'vk', 'id' || n, 'id' || n
FROM generate_series(1, :count) AS n
"""
THREADS = """
INSERT INTO threads (id, point_id)
SELECT CAST(md5(:prefix || n) AS uuid), :point FROM generate_series(1, :count) AS n
"""
FILL = """
WITH owner AS (SELECT id AS unit_id, organization_id FROM units WHERE id = :unit),
point AS (SELECT id AS point_id FROM interaction_points WHERE id = :point)
INSERT INTO messages (id, version, number, organization_id, point_id, unit_id, thread_id, kind, message_class,
  external_id, content_hash, text, search_text, client_id, received_at, registered_at, updated_at, state, competence,
  priority, assignee_id, cycle, clock_received_at, clock_registered_at, due_at, is_deleted_at_source, personal_data,
  has_personal_data)
SELECT CAST(md5(:prefix || n) AS uuid), 1, :prefix || n, owner.organization_id, point.point_id, owner.unit_id,
  CAST(md5(:prefix || n) AS uuid),
  CASE WHEN n % 2 = 0 THEN 'comment' ELSE 'message' END, 'message', :prefix || n, 'x', 'вопрос ' || n, 'вопрос ' || n,
  CAST(md5(:prefix || n) AS uuid),
  now() - n * interval '1 minute', now() - n * interval '1 minute', now() - n * interval '1 minute',
  (ARRAY['received', 'triaged', 'in_progress', 'answered', 'closed'])[1 + n % 5],
  (ARRAY['within', 'outside', 'unclear'])[1 + n % 3], CASE WHEN n % 9 = 0 THEN 'urgent' ELSE 'normal' END,
  CASE WHEN n % 4 = 0 THEN CAST(:assignee AS uuid) END, 1, now(), now(),
  CASE WHEN n % 5 < 3 THEN now() + (n % 500 - 250) * interval '1 hour' END, false, '[]', n % 50 = 0
FROM generate_series(1, :count) AS n, owner, point
"""

FILTERS: list[dict[str, str]] = [
    {},
    {"state": "in_progress"},
    {"competence": "unclear"},
    {"priority": "urgent"},
    {"kind": "comment"},
    {"class": "appeal"},
    {"assignee_id": "…"},
    {"interaction_point_id": "…"},
    {"topic_id": str(new_id())},
    {"duplicate_of": str(new_id())},
    {"due_before": "2026-11-24T00:00:00Z"},
    {"overdue": "true"},
    {"overdue": "false"},
    {"without_assignee": "true"},
    {"without_assignee": "false"},
    {"is_returned": "false"},
    {"has_personal_data": "false"},
    {"unit_id": "…"},
    {"is_returned": "true"},
    {"has_personal_data": "true"},
    {"updated_after": "2026-11-24T00:00:00Z"},
    {"q": "вопрос"},
    {"sort": "registered_at"},
    {"sort": "-received_at"},
    {"sort": "received_at", "state": "received"},
    {"sort": "due_at"},
    {"sort": "-due_at", "overdue": "true"},
    {"sort": "-updated_at"},
    {"sort": "updated_at", "updated_after": "2026-11-24T00:00:00Z"},
    {"with_count": "true", "state": "closed"},
]


@pytest_asyncio.fixture(scope="module")
async def filled(
    cluster: PostgresCluster, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Api, People, Database]]:
    """The application on a PostgreSQL with 100,000 messages of twenty units."""
    folder: Path = tmp_path_factory.mktemp("plans")
    cluster.create_database("plans")
    made = settings_for(cluster.url("plans"), folder, database_statement_seconds=600)
    await asyncio.to_thread(migrate, made)
    await asyncio.to_thread(seed, made)  # it runs its own event loop
    application = create_app(made)
    database: Database = application.state.database
    async with database.transaction() as session:
        people = await make_people(session)
        connection = await session.connection()
        await connection.execute(
            sa.text(
                "INSERT INTO units (id, version, organization_id, name, is_client_centricity, approval_rule,"
                " template_review_days) SELECT gen_random_uuid(), 1, id, 'Отдел ' || n, false, 'always', 180"
                f" FROM organizations, generate_series(1, {UNITS - 4}) AS n WHERE kind = 'ministry'"
            )
        )
        units = (await connection.execute(sa.text("SELECT id FROM units"))).scalars().all()
        assert len(units) == UNITS
        for place, unit in enumerate(units):
            point = people.point_id if unit == people.operator.unit_id else people.other_point_id
            data: dict[str, Any] = {"unit": unit, "point": point, "assignee": people.colleague.id}
            data |= {"prefix": f"{place}-", "count": COUNT // UNITS}
            await connection.execute(sa.text(THREADS), {name: data[name] for name in ("prefix", "point", "count")})
            await connection.execute(sa.text(CLIENTS), {name: data[name] for name in ("prefix", "unit", "count")})
            await connection.execute(sa.text(CONTACTS), {name: data[name] for name in ("prefix", "count")})
            await connection.execute(sa.text(FILL), data)
    async with database.engine.connect() as opened:
        await (await opened.execution_options(isolation_level="AUTOCOMMIT")).exec_driver_sql("ANALYZE")
    callers = KnownCallers()
    application.state.resolver = callers
    transport = httpx.ASGITransport(application, client=("127.0.0.1", 1))
    async with Api(transport=transport, base_url="http://service") as api:
        api.callers = callers
        yield api, people, database
    await database.close()
    cluster.drop_database("plans")


def scanned(plan: dict[str, Any]) -> list[str]:
    """Return the tables that a plan scans sequentially."""
    here = [plan["Relation Name"]] if plan["Node Type"] == "Seq Scan" else []
    return here + [name for inner in plan.get("Plans", []) for name in scanned(inner)]


def nodes(plan: dict[str, Any]) -> set[str]:
    """Return the node types of a plan."""
    return {plan["Node Type"]}.union(*(nodes(inner) for inner in plan.get("Plans", [])))


@pytest.mark.order("O-10")
@pytest.mark.parametrize("filters", FILTERS, ids=lambda filters: "&".join(filters) or "none")
@pytest.mark.parametrize("role", ["operator", "integration"])
async def test_no_filter_reads_all_messages(
    filled: tuple[Api, People, Database], filters: dict[str, str], role: str
) -> None:
    api, people, database = filled
    known = {
        "assignee_id": str(people.colleague.id),
        "interaction_point_id": str(people.point_id),
        "unit_id": str(people.operator.unit_id),
    }
    ran: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if "FROM messages" in statement:
            ran.append((statement, parameters))

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        answer = await api.get(
            "/api/v1/messages",
            params={**filters, **{k: known[k] for k in filters if k in known}},
            headers=api.as_(people.of(role)),
        )
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert answer.status_code == 200, answer.text
    assert ran
    async with database.engine.connect() as connection:
        for statement, parameters in ran:
            found = await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
            plan = found.scalar_one()[0]["Plan"]
            assert "messages" not in scanned(plan), statement
            if role == "operator" and set(filters) <= {"sort"} and " LIMIT " in statement:
                assert "Sort" not in nodes(plan), f"a page is read in the order of the index: {statement}"


@pytest.mark.order("O-2.5")
async def test_the_messages_of_one_client_are_found_by_index(filled: tuple[Api, People, Database]) -> None:
    _, _, database = filled
    async with database.transaction() as session:
        message = (await session.exec(select(Message).limit(1))).one()
        query = select(Message).where(Message.thread_id == message.thread_id, of_same_client(message.client_id))
        connection = await session.connection()
        statement = query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
        plan = (await connection.execute(sa.text(f"EXPLAIN (FORMAT JSON) {statement}"))).scalar_one()[0]["Plan"]
    assert scanned(plan) == []


def test_every_filter_and_order_of_the_list_is_covered(application: FastAPI) -> None:
    """A new filter must be added here."""
    operation = application.openapi()["paths"]["/api/v1/messages"]["get"]
    taken = {p["name"]: p["schema"] for p in operation["parameters"]}
    asked = {name for filters in FILTERS for name in filters}
    assert asked == set(taken) - {"limit", "cursor"}
    orders = application.openapi()["components"]["schemas"]["MessageSort"]["enum"]
    assert {filters["sort"] for filters in FILTERS if "sort" in filters} | {"-registered_at"} == set(orders)
