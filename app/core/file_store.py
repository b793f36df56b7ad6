"""Files in a folder, named by their own SHA-256: nothing from outside ever stands in a path."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path


class FileStore:
    """Keeps contents under `var/files`. The same content is kept once; what no row refers to is harmless.

    A content is written before the transaction that refers to it commits: a rollback may leave a file that nobody
    refers to, and `clear` removes it later.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes) -> str:
        """Keep a content; its SHA-256. It is on the disk, whole, when this returns."""
        key = hashlib.sha256(content).hexdigest()
        path = self._path(key)
        if path.exists():
            path.touch()  # it is young again, and no clearing takes it from under a transaction at work
            return key
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")  # mode 600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
        return key

    def get(self, key: str) -> bytes | None:
        """The content, None when it is lost or damaged."""
        try:
            content = self._path(key).read_bytes()
        except OSError:
            return None
        return content if hashlib.sha256(content).hexdigest() == key else None

    def clear(self, known: set[str], now: float, older_than: timedelta) -> int:
        """Remove what is not known and older than that; how many files there were."""
        gone = 0
        for path in self._files():
            if path.name not in known and path.stat().st_mtime < now - older_than.total_seconds():
                path.unlink(missing_ok=True)
                gone += 1
        return gone

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / key

    def _files(self) -> Iterator[Path]:
        return (path for path in self._folder.glob("??/*") if path.is_file())
