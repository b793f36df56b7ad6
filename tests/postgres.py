"""A temporary PostgreSQL cluster: unprivileged, on loopback, in a temporary folder."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql


def _find_program(name: str) -> str:
    """Return the path of a program of the newest server; wrappers on the PATH may use another cluster."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    program = str(found[-1]) if found else shutil.which(name)
    if program is None:
        raise RuntimeError("PostgreSQL is not installed: run `make test-system`")
    return program


def free_port() -> int:
    """Return a free port of loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class PostgresCluster:
    """A cluster that starts in about two seconds; `fsync=True` is for tests of durability."""

    def __init__(self, *, fsync: bool = False) -> None:
        self._fsync = fsync
        self._is_root = os.geteuid() == 0
        self.user = self._find_unprivileged_user() if self._is_root else pwd.getpwuid(os.geteuid()).pw_name
        self.port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="test-postgres-"))
        self._data = self._folder / "data"

    @staticmethod
    def _find_unprivileged_user() -> str:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam("postgres").pw_name
        return "nobody"

    def _run(self, *command: str) -> None:
        completed = subprocess.run(
            command,
            user=self.user if self._is_root else None,
            cwd=self._folder,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(self._folder)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
        if completed.returncode:
            log = self._folder / "log"
            log_tail = log.read_text(errors="replace")[-2000:] if log.exists() else ""
            raise RuntimeError(
                f"{Path(command[0]).name} failed: {completed.stderr.decode(errors='replace')}\n{log_tail}"
            )

    def __enter__(self) -> Self:
        if self._is_root:
            shutil.chown(self._folder, self.user)
        self._run(
            _find_program("initdb"), "-D", str(self._data), "-U", "tests", "-A", "trust", "-E", "UTF8", "--no-sync"
        )
        self.start()
        return self

    def start(self) -> None:
        """Start or restart the server."""
        durable = "on" if self._fsync else "off"
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self._folder}"
            f" -c fsync={durable} -c full_page_writes={durable} -c max_connections=200 -c shared_buffers=64MB"
            f" -c synchronous_commit={durable}"
        )
        self._run(
            _find_program("pg_ctl"),
            "-D",
            str(self._data),
            "-l",
            str(self._folder / "log"),
            "-w",
            "-o",
            options,
            "start",
        )

    def stop(self, mode: str = "fast") -> None:
        """Stop the server: `fast` rolls back, `immediate` acts like a crash."""
        self._run(_find_program("pg_ctl"), "-D", str(self._data), "-m", mode, "-w", "stop")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(RuntimeError):
            self.stop("immediate")
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """Return the URL of a database."""
        return f"postgresql://tests@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str, template: str | None = None) -> None:
        """Create a database, optionally as a copy of another (0.06 s)."""
        template_clause = sql.SQL(" TEMPLATE {}").format(sql.Identifier(template)) if template else sql.SQL("")
        self._execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)) + template_clause)

    def drop_database(self, name: str) -> None:
        """Drop a database, even with open connections."""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)
