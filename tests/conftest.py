"""Fixtures of every test: both databases, migrated and seeded once; a transaction of its own for each test."""

import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from sqlalchemy import event
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel.ext.asyncio.session import AsyncSession

from app.cli import migrate, seed
from app.core.db import Database, require_no_transaction
from app.core.ids import new_id
from app.core.problems import Unauthenticated
from app.core.security import Principal
from app.core.settings import Settings
from app.identity.roles import scopes_of
from app.main import create_app
from tests.postgres import PostgresCluster

BACKENDS = ("sqlite", "postgresql")
SECRET = "kJ8w-Zp3_vQx7Lr2~Tm9Yb4.Nd6Hc1Gf5"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With two workers (`make test`) each has a database of its own kind, so that it is migrated and seeded once."""
    for item in items:
        parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        if "backend" in parameters:
            item.add_marker(pytest.mark.xdist_group(parameters["backend"]))


@pytest.fixture(scope="session", autouse=True)
def no_network_in_a_transaction() -> Iterator[None]:
    """Forbid real network calls of httpx while the current task has a transaction open."""
    with pytest.MonkeyPatch.context() as patch:
        for transport, name in (
            (httpx.AsyncHTTPTransport, "handle_async_request"),
            (httpx.HTTPTransport, "handle_request"),
        ):
            real = getattr(transport, name)

            def guarded(*arguments: Any, real: Callable[..., Any] = real) -> Any:
                require_no_transaction()
                return real(*arguments)

            patch.setattr(transport, name, guarded)
        yield


@pytest.fixture(scope="session")
def cluster() -> Iterator[PostgresCluster]:
    """A PostgreSQL of the tests' own, stopped and removed at the end."""
    with PostgresCluster() as started:
        yield started


def settings_for(address: str, var_dir: Path, **more: Any) -> Settings:
    """Settings of the demo profile on a database."""
    known: dict[str, Any] = {"profile": "demo", "secret_key": SECRET, "var_dir": var_dir, "rate_limit": "off"}
    return Settings.model_validate(known | {"database_url": address} | more)


@pytest.fixture(scope="session", params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """The kind of database that a test runs on: every test that touches data runs on both."""
    kind: str = request.param
    return kind


@pytest.fixture(scope="session")
def template(backend: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a migrated database with reference and demo data, which is only ever copied."""
    folder = tmp_path_factory.mktemp(f"template-{backend}")
    if backend == "sqlite":
        address = f"sqlite:///{folder / 'template.sqlite3'}"
    else:
        started: PostgresCluster = request.getfixturevalue("cluster")
        started.create_database("template_seeded")
        address = started.url("template_seeded")
    made = settings_for(address, folder)
    migrate(made)
    seed(made)
    return address


@contextmanager
def copied(template: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a copy of the template database, removed at the end."""
    if template.startswith("sqlite"):
        copy = folder / "copy.sqlite3"
        shutil.copy(template.removeprefix("sqlite:///"), copy)
        yield f"sqlite:///{copy}"
        return
    started: PostgresCluster = request.getfixturevalue("cluster")
    name = f"copy_{new_id().hex}"
    started.create_database(name, template="template_seeded")
    try:
        yield started.url(name)
    finally:
        started.drop_database(name)


@pytest.fixture
def fresh_database(template: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a copy of the seeded database that a test may do anything to, processes included."""
    with copied(template, tmp_path, request) as address:
        yield address


@pytest.fixture(scope="session")
def settings(
    template: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Settings of the database that the in-process tests share."""
    folder = tmp_path_factory.mktemp("var")
    with copied(template, folder, request) as address:
        yield settings_for(address, folder)


class JoinedDatabase(Database):
    """The service's database, with every transaction inside the one that the test rolls back."""

    joined: async_sessionmaker[AsyncSession]

    @asynccontextmanager
    async def _begun(self, options: Mapping[str, str]) -> AsyncIterator[AsyncSession]:
        async with self.joined() as session:
            async with session.begin():
                yield session
            session.info.pop("emitted", None)


@pytest_asyncio.fixture(scope="session")
async def joined_database(settings: Settings) -> AsyncIterator[JoinedDatabase]:
    """One engine for all in-process tests of a backend."""
    made = JoinedDatabase(settings)
    yield made
    await made.close()


@pytest_asyncio.fixture
async def database(joined_database: JoinedDatabase) -> AsyncIterator[JoinedDatabase]:
    """The database of one test; whatever it does is rolled back."""
    async with joined_database.engine.connect() as connection:
        outer = await connection.begin()
        joined_database.joined = async_sessionmaker(
            connection, class_=AsyncSession, expire_on_commit=False, join_transaction_mode="create_savepoint"
        )
        try:
            yield joined_database
        finally:
            await outer.rollback()


@pytest_asyncio.fixture
async def session(database: JoinedDatabase) -> AsyncIterator[AsyncSession]:
    """A session for tests of services."""
    async with database.transaction() as made:
        yield made


class KnownCallers:
    """Stands in for identity: a token is the name of a principal that the test made known."""

    def __init__(self) -> None:
        self.principals: dict[str, Principal] = {}

    async def verify(self, token: str) -> str:
        if token not in self.principals:
            raise Unauthenticated
        return token

    async def resolve(self, session: AsyncSession, credentials: Any) -> Principal:
        return self.principals[credentials]


@pytest.fixture(scope="session")
def application(settings: Settings) -> FastAPI:
    """The whole application, on the backend's database."""
    return create_app(settings)


class Api(httpx.AsyncClient):
    """An HTTP client of the application that can call as somebody."""

    callers: KnownCallers

    def as_(self, principal: Principal) -> dict[str, str]:
        """Headers of a call by that principal."""
        self.callers.principals[principal.username] = principal
        return {"Authorization": f"Bearer {principal.username}"}


@pytest_asyncio.fixture
async def api(application: FastAPI, database: JoinedDatabase) -> AsyncIterator[Api]:
    """Calls of the application in process, in the test's own transaction."""
    callers = KnownCallers()
    kept = application.state.resolver, application.state.database
    application.state.resolver, application.state.database = callers, database
    transport = httpx.ASGITransport(application, raise_app_exceptions=True, client=("127.0.0.1", 1))
    async with Api(transport=transport, base_url="http://service") as client:
        client.callers = callers
        yield client
    application.state.resolver, application.state.database = kept


def principal(role: str, *, unit_id: UUID | None = None, **more: Any) -> Principal:
    """A principal of a role; `id`, `organization_id` and the rest as wanted."""
    roles = frozenset({role})
    known: dict[str, Any] = {
        "kind": "client" if role == "integration" else "employee",
        "id": more.pop("id", UUID(int=len(role))),
        "username": more.pop("username", f"{role}-{unit_id}"),
        "name": role,
        "roles": roles,
        "scopes": scopes_of(roles),
        "unit_id": unit_id,
        "organization_id": more.pop("organization_id", None),
    }
    return Principal(**known, **more)


@pytest_asyncio.fixture
async def people(database: JoinedDatabase) -> Any:
    """A caller of every role, with rows behind them (see `tests.people.People`)."""
    from tests.callers import make_people  # noqa: PLC0415  it needs what stands above

    async with database.transaction() as made:
        return await make_people(made)


@pytest.fixture
def count_queries(joined_database: JoinedDatabase) -> Iterator[Callable[[], int]]:
    """Tells how many statements ran since it was asked last."""
    ran = 0

    def count(*_arguments: Any) -> None:
        nonlocal ran
        ran += 1

    def since_last() -> int:
        nonlocal ran
        told, ran = ran, 0
        return told

    engine = joined_database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", count)
    yield since_last
    event.remove(engine, "before_cursor_execute", count)
