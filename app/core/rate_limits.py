"""Rate limits: a window of one minute per caller, counted in each process."""

import time
from dataclasses import dataclass

WINDOW_SECONDS = 60
MAX_CALLERS = 50_000


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The remaining calls of a caller in the current window."""

    limit: int
    remaining: int
    reset_seconds: int

    @property
    def is_spent(self) -> bool:
        """Return whether this call exceeds the limit."""
        return self.remaining < 0


class RateLimiter:
    """Fixed windows per caller. A caller is a token or an address, so one cannot use up the limit of another."""

    def __init__(self) -> None:
        self._window = 0
        self._calls: dict[str, int] = {}

    def count(self, caller: str, limit: int) -> RateLimit:
        """Count one call of a caller and return its rate limit."""
        moment = time.monotonic()
        window = int(moment // WINDOW_SECONDS)
        if window != self._window or len(self._calls) > MAX_CALLERS:
            self._window, self._calls = window, {}
        calls = self._calls[caller] = self._calls.get(caller, 0) + 1
        return RateLimit(limit, limit - calls, WINDOW_SECONDS - int(moment % WINDOW_SECONDS))
