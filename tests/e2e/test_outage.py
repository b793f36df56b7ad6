"""Outages of the database: 503 with Retry-After meanwhile, and recovery without a restart (E4)."""

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.cli import migrate, seed
from tests.conftest import settings_for
from tests.e2e.test_crash import SUBMISSION
from tests.postgres import PostgresCluster
from tests.servers import Server


@pytest.fixture
def own_cluster() -> Iterator[PostgresCluster]:
    """Yield a durable cluster that the test may stop."""
    with PostgresCluster(fsync=True) as started:
        yield started


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_the_service_recovers_after_postgresql_restarts(
    own_cluster: PostgresCluster, tmp_path: Path, mode: str
) -> None:
    own_cluster.create_database("service")
    settings = settings_for(own_cluster.url("service"), tmp_path / "var")
    migrate(settings)
    seed(settings)
    with Server(own_cluster.url("service"), tmp_path / "var") as server:
        first = server.post("/survey-submissions", json=SUBMISSION)
        assert first.status_code == 201
        own_cluster.stop(mode)
        for _ in range(5):
            started_at = time.monotonic()
            rejected = server.post("/survey-submissions", json=SUBMISSION)
            assert rejected.status_code == 503, rejected.text
            assert rejected.headers["retry-after"] and rejected.json()["code"] == "unavailable"
            assert time.monotonic() - started_at < 10
        assert httpx.get(f"{server.base_url}/health/ready", trust_env=False).status_code == 503
        assert httpx.get(f"{server.base_url}/health/live", trust_env=False).status_code == 200
        own_cluster.start()
        server.wait_until_ready(10)
        second = server.post("/survey-submissions", json=SUBMISSION)
        assert second.status_code == 201
        reader = server.sign_in("client_centricity")
        stored = {item["id"] for item in server.get("/survey-submissions", headers=reader).json()["items"]}
        assert stored == {first.json()["id"], second.json()["id"]}


def test_a_locked_sqlite_database_is_503_until_it_is_released(tmp_path: Path) -> None:
    """For example, a backup holds the write lock longer than the service waits."""
    path = tmp_path / "held.sqlite3"
    settings = settings_for(f"sqlite:///{path}", tmp_path / "var")
    migrate(settings)
    seed(settings)
    with Server(f"sqlite:///{path}", tmp_path / "var") as server:
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        rejected = server.post("/survey-submissions", json=SUBMISSION)
        assert rejected.status_code == 503 and rejected.headers["retry-after"]
        assert server.get("/municipalities").status_code == 200, "readers are not blocked"
        holder.execute("ROLLBACK")
        holder.close()
        assert server.post("/survey-submissions", json=SUBMISSION).status_code == 201


def test_the_service_ends_within_20_seconds_of_sigterm(own_server: Server) -> None:
    assert own_server.terminate(20) < 20


def test_a_restart_keeps_the_accounts_and_keys(own_server: Server) -> None:
    accounts = own_server.accounts()
    headers = own_server.sign_in("operator")
    keys = own_server.get("/auth/jwks.json").json()
    own_server.kill()
    own_server.start()
    assert own_server.accounts() == accounts
    assert own_server.get("/auth/jwks.json").json() == keys
    assert own_server.get("/auth/me", headers=headers).status_code == 200, "tokens survive a restart"
    (own_server.var_dir / "demo-accounts.json").unlink()
    own_server.kill()
    own_server.start()
    renewed = own_server.accounts()
    assert [a["username"] for a in renewed["accounts"]] == [a["username"] for a in accounts["accounts"]]
    assert renewed["accounts"][0]["password"] != accounts["accounts"][0]["password"]
    assert (own_server.var_dir / "demo-accounts.json").stat().st_mode & 0o777 == 0o600
    own_server.sign_in("integration")
