"""Real servers for black-box tests."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from tests.browser import OpenPage, launch_browser, open_page_of
from tests.conftest import copy_database
from tests.servers import Server
from tests.snapshots import take_snapshot

IS_WHOLE = os.environ.get("TRUST") == "1"
"""`make trust` runs the long checks in full, `make test` in a short form."""


@pytest.fixture
def make_server(fresh_database: str, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Yield a function that starts servers on the test's copy of the seeded database; they are killed afterwards."""
    servers: list[Server] = []

    def make(**settings: str) -> Server:
        server = Server(fresh_database, tmp_path / "var", **settings)
        servers.append(server)
        return server.start()

    yield make
    for server in servers:
        server.kill()


@pytest.fixture
def own_server(make_server: Callable[..., Server]) -> Server:
    """Return a running server of the demo profile that the test may end."""
    return make_server()


@pytest.fixture(scope="session")
def shared_server(
    template: str, backend: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, Callable[[], None]]]:
    """Yield one server of the demo profile per database, and a function that restores its database."""
    folder = tmp_path_factory.mktemp(f"shared-{backend}")
    with copy_database(template, folder, request) as address, Server(address, folder / "var") as started:
        yield started, take_snapshot(address, folder)


@pytest.fixture
def server(shared_server: tuple[Server, Callable[[], None]]) -> Iterator[Server]:
    """Yield the shared server, with its database as it was after the start."""
    started, restore = shared_server
    restore()
    yield started
    assert started.is_running, "a test that ends its server takes `own_server`"


@pytest_asyncio.fixture(scope="session")
async def open_page() -> AsyncIterator[OpenPage]:
    """Yield the function that opens a page in the one browser of the session."""
    async with launch_browser() as browser:
        yield partial(open_page_of, browser)
