"""The limits of the targets, kept in memory by each worker: concurrent calls, intervals, `Retry-After`, breakers."""

import asyncio
from collections import Counter
from datetime import datetime

from app.core import clock
from app.deliveries.ports import Dispatch, Limits, Registry
from app.deliveries.rules import AttemptResult, Breaker, Outcome


class TargetLimits:
    """Decides how many calls of a target may start now."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._in_flight: Counter[str] = Counter()
        self._breakers: dict[str, Breaker] = {}
        self._held_until: dict[tuple[str, str | None], datetime] = {}
        """The earliest time of the next call of a target (key None) or of its rate key."""

    def record_start(self, target: str) -> None:
        """Count a call that begins."""
        self._in_flight[target] += 1

    def record_end(self, target: str) -> None:
        """Count a call that ended."""
        self._in_flight[target] -= 1

    def count_free_slots(self, target: str, now: datetime) -> int:
        """Return how many calls of a target may start now."""
        self._held_until = {key: until for key, until in self._held_until.items() if until > now}
        if (target, None) in self._held_until:
            return 0
        limits = self._get_limits(target)
        free = limits.concurrency - self._in_flight[target]
        if limits.interval:
            free = min(free, 1)
        return self._get_breaker(target).allows(now, free, self._in_flight[target])

    def list_held_keys(self, target: str, now: datetime) -> list[str]:
        """Return the rate keys of a target that must not be called yet."""
        return [key for (its, key), until in self._held_until.items() if its == target and key and until > now]

    async def wait_for_turn(self, dispatch: Dispatch) -> None:
        """Wait until the rate key may be called and set the next time of the key and the target."""
        now, limits = clock.now(), self._get_limits(dispatch.target)
        if limits.interval:
            self._held_until[dispatch.target, None] = now + limits.interval
        if dispatch.rate_key is not None and limits.interval_per_key:
            turn = max(now, self._held_until.get((dispatch.target, dispatch.rate_key), now))
            self._held_until[dispatch.target, dispatch.rate_key] = turn + limits.interval_per_key
            await asyncio.sleep((turn - now).total_seconds())

    def update(self, dispatch: Dispatch, result: AttemptResult) -> None:
        """Update the breaker and delay the target or the rate key for `Retry-After`."""
        now = clock.now()
        if result.retry_after is not None:
            self._held_until[dispatch.target, dispatch.rate_key] = now + result.retry_after
        elif result.is_partners:
            self._get_breaker(dispatch.target).record_failure(now)
        elif result.outcome in (Outcome.SENT, Outcome.PERMANENT):
            self._get_breaker(dispatch.target).record_success()

    def _get_limits(self, target: str) -> Limits:
        adapter = self._registry.adapter(target)
        return adapter.limits if adapter is not None else Limits()

    def _get_breaker(self, target: str) -> Breaker:
        return self._breakers.setdefault(target, Breaker())
