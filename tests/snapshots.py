"""A served database is put back to an earlier state, so that tests can share a server and still begin alike."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg import sql

MAX_DEADLOCKS = 5


def take_snapshot(address: str, folder: Path) -> Callable[[], None]:
    """Keep the content of a database and return a function that restores it under a running server."""
    if address.startswith("sqlite"):
        return _take_sqlite_snapshot(Path(address.removeprefix("sqlite:///")), folder / "snapshot.sqlite3")
    return _take_postgresql_snapshot(address)


def _take_sqlite_snapshot(live: Path, snapshot: Path) -> Callable[[], None]:
    def copy(source: Path, target: Path) -> None:
        read, written = sqlite3.connect(source), sqlite3.connect(target, timeout=30)
        try:
            read.backup(written)
        finally:
            written.close()
            read.close()

    copy(live, snapshot)
    return lambda: copy(snapshot, live)


def _take_postgresql_snapshot(address: str) -> Callable[[], None]:
    with psycopg.connect(address) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        names = [sql.Identifier(name) for (name,) in found]
        connection.execute("CREATE SCHEMA snapshot")
        for name in names:
            connection.execute(sql.SQL("CREATE TABLE snapshot.{0} AS TABLE public.{0}").format(name))
    qualified = sql.SQL(", ").join(sql.SQL("public.{}").format(name) for name in names)

    def restore() -> None:
        for turn in range(MAX_DEADLOCKS):
            try:
                with psycopg.connect(address) as connection:
                    # The rows are taken as they are: guards of the service would refuse to truncate and to insert.
                    connection.execute("SET LOCAL session_replication_role = replica")
                    connection.execute(sql.SQL("TRUNCATE {}").format(qualified))
                    for name in names:
                        connection.execute(sql.SQL("INSERT INTO public.{0} TABLE snapshot.{0}").format(name))
                return
            except psycopg.errors.DeadlockDetected:  # the server's worker locks tables in another order
                if turn == MAX_DEADLOCKS - 1:
                    raise

    return restore
