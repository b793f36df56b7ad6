"""Real servers for black-box tests."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers import Server

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
def server(make_server: Callable[..., Server]) -> Server:
    """Return a running server of the demo profile."""
    return make_server()
