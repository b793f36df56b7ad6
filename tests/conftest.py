"""Shared fixtures: both databases, migrated and seeded once; one rolled-back transaction per test."""

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
    """Group tests by backend: with two workers (`make test`) each one migrates and seeds one kind of database."""
    for item in items:
        parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        if "backend" in parameters:
            item.add_marker(pytest.mark.xdist_group(parameters["backend"]))


@pytest.fixture(scope="session", autouse=True)
def no_network_in_a_transaction() -> Iterator[None]:
    """Forbid real network calls of httpx while the current task has an open transaction."""
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
    """Return a temporary PostgreSQL cluster; it is removed after the tests."""
    with PostgresCluster() as started:
        yield started


def settings_for(address: str, var_dir: Path, **more: Any) -> Settings:
    """Return settings of the demo profile for a database."""
    values: dict[str, Any] = {"profile": "demo", "secret_key": SECRET, "var_dir": var_dir, "rate_limit": "off"}
    return Settings.model_validate(values | {"database_url": address} | more)


@pytest.fixture(scope="session", params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Return the kind of database; every test that uses data runs on both."""
    kind: str = request.param
    return kind


@pytest.fixture(scope="session")
def template(backend: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the URL of a migrated database with reference and demo data, used only as the source of copies."""
    folder = tmp_path_factory.mktemp(f"template-{backend}")
    if backend == "sqlite":
        address = f"sqlite:///{folder / 'template.sqlite3'}"
    else:
        started: PostgresCluster = request.getfixturevalue("cluster")
        started.create_database("template_seeded")
        address = started.url("template_seeded")
    template_settings = settings_for(address, folder)
    migrate(template_settings)
    seed(template_settings)
    return address


@contextmanager
def copy_database(template: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Yield the URL of a copy of the template database and drop the copy afterwards."""
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
    """Yield the URL of a copy of the seeded database for one test, which may start processes on it."""
    with copy_database(template, tmp_path, request) as address:
        yield address


@pytest.fixture(scope="session")
def settings(
    template: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Return settings of the database shared by the in-process tests."""
    folder = tmp_path_factory.mktemp("var")
    with copy_database(template, folder, request) as address:
        yield settings_for(address, folder)


class JoinedDatabase(Database):
    """The service's database with every transaction nested in the one that the test rolls back."""

    joined: async_sessionmaker[AsyncSession]

    @asynccontextmanager
    async def _begin_session(self, options: Mapping[str, str]) -> AsyncIterator[AsyncSession]:
        async with self.joined() as session:
            async with session.begin():
                yield session
            session.info.pop("emitted", None)


@pytest_asyncio.fixture(scope="session")
async def joined_database(settings: Settings) -> AsyncIterator[JoinedDatabase]:
    """Yield one database for all in-process tests of a backend."""
    database = JoinedDatabase(settings)
    yield database
    await database.close()


@pytest_asyncio.fixture
async def database(joined_database: JoinedDatabase) -> AsyncIterator[JoinedDatabase]:
    """Yield the database of one test; all changes are rolled back."""
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
    """Yield a session for tests of services."""
    async with database.transaction() as opened:
        yield opened


class KnownCallers:
    """A stub of identity: a token is the user name of a principal registered by the test."""

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
    """Return the application on the backend's database."""
    return create_app(settings)


class Api(httpx.AsyncClient):
    """An HTTP client of the application that can call as any principal."""

    callers: KnownCallers

    def as_(self, principal: Principal) -> dict[str, str]:
        """Return the headers of a call by a principal."""
        self.callers.principals[principal.username] = principal
        return {"Authorization": f"Bearer {principal.username}"}


@pytest_asyncio.fixture
async def api(application: FastAPI, database: JoinedDatabase) -> AsyncIterator[Api]:
    """Yield a client that calls the application in process, in the test's transaction."""
    callers = KnownCallers()
    original = application.state.resolver, application.state.database
    application.state.resolver, application.state.database = callers, database
    transport = httpx.ASGITransport(application, raise_app_exceptions=True, client=("127.0.0.1", 1))
    async with Api(transport=transport, base_url="http://service") as client:
        client.callers = callers
        yield client
    application.state.resolver, application.state.database = original


def principal(role: str, *, unit_id: UUID | None = None, **more: Any) -> Principal:
    """Return a principal with a role; `id`, `organization_id` and other fields are optional."""
    roles = frozenset({role})
    values: dict[str, Any] = {
        "kind": "client" if role == "integration" else "employee",
        "id": more.pop("id", UUID(int=len(role))),
        "username": more.pop("username", f"{role}-{unit_id}"),
        "name": role,
        "roles": roles,
        "scopes": scopes_of(roles),
        "unit_id": unit_id,
        "organization_id": more.pop("organization_id", None),
    }
    return Principal(**values, **more)


@pytest_asyncio.fixture
async def people(database: JoinedDatabase) -> Any:
    """Return a caller of every role with database rows (see `tests.callers.People`)."""
    from tests.callers import make_people  # noqa: PLC0415  a circular import

    async with database.transaction() as opened:
        return await make_people(opened)


@pytest.fixture
def count_queries(joined_database: JoinedDatabase) -> Iterator[Callable[[], int]]:
    """Yield a function that returns the number of statements since its last call."""
    ran = 0

    def count(*_arguments: Any) -> None:
        nonlocal ran
        ran += 1

    def since_last() -> int:
        nonlocal ran
        count_since_last, ran = ran, 0
        return count_since_last

    engine = joined_database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", count)
    yield since_last
    event.remove(engine, "before_cursor_execute", count)
