"""Ports of deliveries: the adapter of a target, and the handler of the domain whose object is delivered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.security import Principal
from app.deliveries.rules import Recovery


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A claimed delivery, detached from the database."""

    id: UUID
    target: str
    kind: str
    object_id: UUID
    payload: Mapping[str, Any]
    idempotency_key: str
    """Created with the delivery; the same in every attempt."""
    rate_key: str | None
    attempt: int
    claim_id: UUID
    may_have_arrived: bool
    first_attempt_at: datetime | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """Confirmation by the receiving system, with its id if it assigns one."""

    external_id: str | None


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a target, per worker process."""

    concurrency: int = 4
    interval: timedelta = timedelta(0)
    """The minimum time between two calls of the target."""
    interval_per_key: timedelta = timedelta(0)
    """The minimum time between two calls with the same rate key, such as a chat."""


class DeliveryError(Exception):
    """Base of the errors of adapters. `code` is a stable code for logs and the API, without personal data."""

    def __init__(self, code: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(code)
        self.code = code[:100]
        self.retry_after = retry_after


class TransientError(DeliveryError):
    """A temporary failure, such as 429, 503 or a refused connection."""


class PermanentError(DeliveryError):
    """The receiving system refuses it permanently."""


class UnclearError(DeliveryError):
    """The call was interrupted; it may have arrived."""


class Refused(Exception):
    """The domain no longer allows the object to be sent."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code[:100]


class Adapter(Protocol):
    """Calls the receiving system. No database session is open during a call."""

    @property
    def recovery(self) -> Recovery:
        """Return how to recover after an attempt with an unknown outcome."""

    @property
    def dedupes_for(self) -> timedelta | None:
        """Return how long the receiving system deduplicates by the idempotency key; None for always."""

    @property
    def limits(self) -> Limits:
        """Return the limits of the target."""

    async def send(self, dispatch: Dispatch, content: Mapping[str, Any]) -> Receipt:
        """Send the content once. Raises `TransientError`, `PermanentError`, `UnclearError`."""

    async def find(self, dispatch: Dispatch, content: Mapping[str, Any]) -> Receipt | None:
        """Return the receipt of an earlier attempt, None if it did not arrive. Called for `LOOKS_UP` only."""


class DeliveryHandler(Protocol):
    """The part of a domain in its deliveries. It locks its own rows."""

    async def prepare(self, session: AsyncSession, dispatch: Dispatch) -> Mapping[str, Any]:
        """Return the content to send, without writing. Raises `Refused` if it may no longer be sent."""

    async def on_sent(self, session: AsyncSession, dispatch: Dispatch, external_id: str | None) -> None:
        """Record that it was sent."""

    async def on_failed(self, session: AsyncSession, dispatch: Dispatch, code: str) -> None:
        """Record a permanent failure."""

    async def on_uncertain(self, session: AsyncSession, dispatch: Dispatch) -> None:
        """Record that it is unknown whether it arrived."""

    async def on_retry(self, session: AsyncSession, object_id: UUID, by: Principal) -> None:
        """Prepare the object for another attempt. Raises a problem if its state forbids it."""


@dataclass(frozen=True, slots=True)
class Registry:
    """The adapters by target and the handlers by kind."""

    adapters: Mapping[str, Adapter] = field(default_factory=dict)
    handlers: Mapping[str, DeliveryHandler] = field(default_factory=dict)

    def adapter(self, target: str) -> Adapter | None:
        """Return the adapter of a target such as `webhook:<id>`: the part before the colon names it."""
        return self.adapters.get(target.partition(":")[0])
