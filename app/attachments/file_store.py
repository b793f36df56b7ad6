"""Files in a folder, named by their SHA-256: paths contain no external input."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path


class FileStore:
    """Stores file contents under `var/files`. Equal contents are stored once.

    A content is written before the transaction that refers to it commits, so a rollback may leave an unreferenced
    file; `clear` removes it later.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes) -> str:
        """Store a content and return its SHA-256. The file is complete and synced to disk on return."""
        key = hashlib.sha256(content).hexdigest()
        path = self._path(key)
        if path.exists():
            path.touch()  # a new modification time protects it from `clear` until the transaction commits
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
        """Return the content, or None if the file is missing or damaged."""
        try:
            content = self._path(key).read_bytes()
        except OSError:
            return None
        return content if hashlib.sha256(content).hexdigest() == key else None

    def clear(self, known: set[str], now: float, older_than: timedelta) -> int:
        """Remove files that are not in `known` and older than `older_than`. Return the number of removed files."""
        removed = 0
        for path in self._files():
            if path.name not in known and path.stat().st_mtime < now - older_than.total_seconds():
                path.unlink(missing_ok=True)
                removed += 1
        return removed

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / key

    def _files(self) -> Iterator[Path]:
        return (path for path in self._folder.glob("??/*") if path.is_file())
