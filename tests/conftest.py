"""Shared fixtures: both databases, migrated and seeded once; one rolled-back transaction per test."""

import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
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

if TYPE_CHECKING:
    from tests.callers import People

BACKENDS = ("sqlite", "postgresql")
SECRET = "kJ8w-Zp3_vQx7Lr2~Tm9Yb4.Nd6Hc1Gf5"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Group tests by database, so that of two workers each migrates and seeds one; start with the long tests.

    Tests without a database have no group: they fill whichever worker has ended its group first.
    """
    items.sort(key=lambda item: "e2e" not in item.path.parts)
    for item in items:
        parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        if "backend" in parameters:
            item.add_marker(pytest.mark.xdist_group(parameters["backend"]))
        elif "both" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("both"))


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
def make_template(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Return a function that migrates and seeds a database of a kind, once per worker, and returns its URL."""
    made: dict[str, str] = {}

    def make(kind: str) -> str:
        if kind not in made:
            folder = tmp_path_factory.mktemp(f"template-{kind}")
            if kind == "sqlite":
                address = f"sqlite:///{folder / 'template.sqlite3'}"
            else:
                started: PostgresCluster = request.getfixturevalue("cluster")
                started.create_database("template_seeded")
                address = started.url("template_seeded")
            template_settings = settings_for(address, folder)
            migrate(template_settings)
            seed(template_settings)
            made[kind] = address
        return made[kind]

    return make


@pytest.fixture(scope="session")
def template(backend: str, make_template: Callable[[str], str]) -> str:
    """Return the URL of a migrated database with reference and demo data, used only as the source of copies."""
    return make_template(backend)


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


@asynccontextmanager
async def roll_back(joined: JoinedDatabase) -> AsyncIterator[JoinedDatabase]:
    """Yield the database inside one transaction and roll it back afterwards."""
    async with joined.engine.connect() as connection:
        outer = await connection.begin()
        joined.joined = async_sessionmaker(
            connection, class_=AsyncSession, expire_on_commit=False, join_transaction_mode="create_savepoint"
        )
        try:
            yield joined
        finally:
            await outer.rollback()


@pytest_asyncio.fixture
async def database(joined_database: JoinedDatabase) -> AsyncIterator[JoinedDatabase]:
    """Yield the database of one test; all changes are rolled back."""
    async with roll_back(joined_database) as rolled_back:
        yield rolled_back


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


@asynccontextmanager
async def open_api(application: FastAPI, database: JoinedDatabase) -> AsyncIterator[Api]:
    """Yield a client that calls the application in process, on this database."""
    callers = KnownCallers()
    original = application.state.resolver, application.state.database
    application.state.resolver, application.state.database = callers, database
    transport = httpx.ASGITransport(application, raise_app_exceptions=True, client=("127.0.0.1", 1))
    async with Api(transport=transport, base_url="http://service") as client:
        client.callers = callers
        yield client
    application.state.resolver, application.state.database = original


@pytest_asyncio.fixture
async def api(application: FastAPI, database: JoinedDatabase) -> AsyncIterator[Api]:
    """Yield a client that calls the application in process, in the test's transaction."""
    async with open_api(application, database) as client:
        yield client


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


@dataclass(frozen=True, slots=True)
class Service:
    """The application on one of the two databases, for tests that compare them."""

    application: FastAPI
    api: Api
    people: "People"


@pytest.fixture(scope="session")
def both_settings(
    make_template: Callable[[str], str], request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Settings]]:
    """Yield settings of a database of each kind."""
    with ExitStack() as stack:
        folders = {kind: tmp_path_factory.mktemp(f"both-{kind}") for kind in BACKENDS}
        yield {
            kind: settings_for(stack.enter_context(copy_database(make_template(kind), folder, request)), folder)
            for kind, folder in folders.items()
        }


@pytest_asyncio.fixture(scope="session")
async def both_databases(
    both_settings: dict[str, Settings],
) -> AsyncIterator[dict[str, tuple[FastAPI, JoinedDatabase]]]:
    """Yield an application and its database of each kind."""
    opened = {kind: (create_app(own), JoinedDatabase(own)) for kind, own in both_settings.items()}
    yield opened
    for _, joined in opened.values():
        await joined.close()


@pytest_asyncio.fixture
async def both(both_databases: dict[str, tuple[FastAPI, JoinedDatabase]]) -> AsyncIterator[dict[str, Service]]:
    """Yield the service on each kind of database; all changes are rolled back."""
    from tests.callers import make_people  # noqa: PLC0415  a circular import

    services: dict[str, Service] = {}
    async with AsyncExitStack() as stack:
        for kind, (own_application, joined) in both_databases.items():
            database = await stack.enter_async_context(roll_back(joined))
            client = await stack.enter_async_context(open_api(own_application, database))
            async with database.transaction() as opened:
                services[kind] = Service(own_application, client, await make_people(opened))
        yield services


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
