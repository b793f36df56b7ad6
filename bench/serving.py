"""A server of the demo profile for benchmarks, and the memory that it holds."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.postgres import PostgresCluster
from tests.servers import Server


def for_each_database(work: Callable[[str, Path, int], object], **counts: Sequence[int]) -> None:
    """Work on an empty database of each kind, once for each of its counts; the command line may name others."""
    kinds = [told for told in sys.argv[1:] if told in counts] or list(counts)
    given = [int(told) for told in sys.argv[1:] if told.isdigit()]
    wanted = [(kind, count) for kind in kinds for count in given or counts[kind]]
    for kind, count in wanted:
        with tempfile.TemporaryDirectory() as folder:
            if kind == "sqlite":
                work(f"sqlite:///{folder}/bench.sqlite3", Path(folder), count)
                continue
            with PostgresCluster() as cluster:
                cluster.create_database("bench")
                work(cluster.url("bench"), Path(folder), count)


@contextmanager
def served(address: str, folder: Path) -> Iterator[Server]:
    """A server process on a database, ended with its children."""
    server = Server(address, folder, log_level="ERROR").start(600)
    try:
        yield server
    finally:
        server.terminate(30)


def resident(pid: int) -> int:
    """MiB of memory that a process holds now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") // 2**20
