"""Identifiers: UUID version 7 (RFC 9562), ordered by creation time."""

import os
import threading
import time
from uuid import UUID

_lock = threading.Lock()
_last_tick = 0


def new_id() -> UUID:
    """Return a new UUIDv7. Within one process each is greater than the previous one, even in the same millisecond."""
    global _last_tick  # noqa: PLW0603  one counter per process is intended
    with _lock:
        # 60 bits of time: 48 of milliseconds and 12 of its fraction (RFC 9562, 6.2, method 3).
        tick = time.time_ns() * 4096 // 1_000_000
        tick = max(tick, _last_tick + 1)
        _last_tick = tick
    milliseconds, fraction = divmod(tick, 4096)
    random = int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
    return UUID(int=(milliseconds & ((1 << 48) - 1)) << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | random)
