"""A server with the demo profile for benchmarks, and its memory."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.postgres import PostgresCluster
from tests.servers import Server


def for_each_database(work: Callable[[str, Path, int], object], **counts: Sequence[int]) -> None:
    """Run a benchmark on an empty database of each kind for each row count; the command line overrides both."""
    kinds = [argument for argument in sys.argv[1:] if argument in counts] or list(counts)
    row_counts = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    runs = [(kind, count) for kind in kinds for count in row_counts or counts[kind]]
    for kind, count in runs:
        with tempfile.TemporaryDirectory() as folder:
            if kind == "sqlite":
                work(f"sqlite:///{folder}/bench.sqlite3", Path(folder), count)
                continue
            with PostgresCluster() as cluster:
                cluster.create_database("bench")
                work(cluster.url("bench"), Path(folder), count)


@contextmanager
def run_server(address: str, folder: Path) -> Iterator[Server]:
    """Start a server process on a database and stop it with its children."""
    server = Server(address, folder, log_level="ERROR").start(600)
    try:
        yield server
    finally:
        server.terminate(30)


def get_resident_mib(pid: int) -> int:
    """Return the resident memory of a process in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") // 2**20
