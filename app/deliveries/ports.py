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
    """Made once when the row is created; the same in every attempt."""
    rate_key: str | None
    attempt: int
    claim_id: UUID
    may_have_arrived: bool
    first_attempt_at: datetime | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The partner took it; its own id of it, if it gives one."""

    external_id: str | None


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a target. They hold per worker process."""

    concurrency: int = 4
    interval: timedelta = timedelta(0)
    """The least time between two calls of the target."""
    interval_per_key: timedelta = timedelta(0)
    """The least time between two calls with the same rate key, such as a chat."""


class DeliveryError(Exception):
    """The base of an adapter's errors. `code` goes into logs and the API: a stable word, no personal data."""

    def __init__(self, code: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(code)
        self.code = code[:100]
        self.retry_after = retry_after


class TransientError(DeliveryError):
    """The partner did not take it and may later (429, 503, connection refused)."""


class PermanentError(DeliveryError):
    """The partner refuses it for good."""


class UnclearError(DeliveryError):
    """The call was cut off: it may have arrived."""


class Refused(Exception):
    """The domain does not let the object out any more."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code[:100]


class Adapter(Protocol):
    """Calls a partner. It gets no session, and is called while none is open."""

    @property
    def recovery(self) -> Recovery:
        """What it can do after an attempt whose outcome is unknown."""

    @property
    def dedupes_for(self) -> timedelta | None:
        """How long the partner dedupes by our idempotency key; None: always."""

    @property
    def limits(self) -> Limits:
        """The limits of the target."""

    async def send(self, dispatch: Dispatch, content: Mapping[str, Any]) -> Receipt:
        """Send the content once. Raises `TransientError`, `PermanentError`, `UnclearError`."""

    async def find(self, dispatch: Dispatch, content: Mapping[str, Any]) -> Receipt | None:
        """Return the receipt of what arrived before, None if it did not. Called for `LOOKS_UP` only."""


class DeliveryHandler(Protocol):
    """What the domain of a kind does with its deliveries. It locks its own rows."""

    async def prepare(self, session: AsyncSession, dispatch: Dispatch) -> Mapping[str, Any]:
        """Return what the adapter sends. Raises `Refused` when it may not go out any more. Reads only."""

    async def on_sent(self, session: AsyncSession, dispatch: Dispatch, external_id: str | None) -> None:
        """Record that it was sent."""

    async def on_failed(self, session: AsyncSession, dispatch: Dispatch, code: str) -> None:
        """Record that it failed for good."""

    async def on_uncertain(self, session: AsyncSession, dispatch: Dispatch) -> None:
        """Record that nobody knows whether it arrived."""

    async def on_retry(self, session: AsyncSession, object_id: UUID, by: Principal) -> None:
        """Prepare the object for another attempt. Raises a problem where its state forbids it."""


@dataclass(frozen=True, slots=True)
class Registry:
    """The adapters by target and the handlers by kind."""

    adapters: Mapping[str, Adapter] = field(default_factory=dict)
    handlers: Mapping[str, DeliveryHandler] = field(default_factory=dict)

    def adapter(self, target: str) -> Adapter | None:
        """Return the adapter of a target such as `webhook:<id>`: the part before the colon names it."""
        return self.adapters.get(target.partition(":")[0])
