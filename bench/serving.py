"""A server of the demo profile for benchmarks, and the memory that it holds."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import Server


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
