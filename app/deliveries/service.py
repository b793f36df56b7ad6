"""Use cases of deliveries: create, cancel, retry, remove by age."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.etags import IfMatch
from app.core.ids import new_id
from app.core.security import Principal
from app.deliveries.errors import DeliveryNotFound, DeliveryNotRetryable
from app.deliveries.models import Delivery
from app.deliveries.ports import Registry
from app.deliveries.rules import RETRYABLE_STATES, DeliveryState, Recovery

DELETE_BATCH = 1000


async def create_delivery(
    session: AsyncSession,
    *,
    target: str,
    kind: str,
    object_id: UUID,
    payload: Mapping[str, Any],
    ordering_key: str | None = None,
    rate_key: str | None = None,
) -> Delivery:
    """Queue a delivery in the current transaction. Failed and uncertain ones of the same object are cancelled."""
    now = clock.now()
    await session.exec(
        sa.update(Delivery)
        .where(
            col(Delivery.kind) == kind,
            col(Delivery.object_id) == object_id,
            col(Delivery.state).in_(RETRYABLE_STATES),
        )
        .values(state=DeliveryState.CANCELLED, lease_owner=None, version=col(Delivery.version) + 1)
    )
    row = Delivery(
        target=target,
        kind=kind,
        object_id=object_id,
        payload=dict(payload),
        ordering_key=ordering_key,
        rate_key=rate_key,
        idempotency_key=str(new_id()),
        state=DeliveryState.QUEUED,
        next_attempt_at=now,
        created_at=now,
    )
    session.add(row)
    session.info["emitted"] = True  # wakes the dispatcher after the commit
    return row


async def get_delivery(session: AsyncSession, delivery_id: UUID) -> Delivery:
    """Return a delivery. Raises `DeliveryNotFound`."""
    row = await session.get(Delivery, delivery_id)
    if row is None:
        raise DeliveryNotFound
    return row


async def retry_delivery(
    session: AsyncSession, delivery_id: UUID, match: IfMatch, registry: Registry, *, by: Principal
) -> Delivery:
    """Queue a failed or uncertain delivery again with the same idempotency key. Raises `DeliveryNotRetryable`."""
    row = await get_delivery(session, delivery_id)
    match.require(row)
    if row.state not in RETRYABLE_STATES:
        raise DeliveryNotRetryable
    handler = registry.handlers.get(row.kind)
    if handler is not None:
        await handler.on_retry(session, row.object_id, by)
    row.state, row.attempts, row.next_attempt_at = DeliveryState.QUEUED, 0, clock.now()
    row.finished_at, row.lease_owner, row.first_attempt_at = None, None, None
    adapter = registry.adapter(row.target)
    # An adapter that can look up a delivery does so first; otherwise the caller has decided that it did not arrive.
    row.may_have_arrived &= adapter is not None and adapter.recovery is Recovery.LOOKS_UP
    session.info["emitted"] = True  # wakes the dispatcher after the commit
    audit.record(session, by, "delivery.retried", "delivery", row.id, fields=["state"])
    return row


async def remove_old_deliveries(session: AsyncSession, *, sent_days: int, failed_days: int) -> int:
    """Delete finished deliveries by age and return their number."""
    count = 0
    for states, days in (
        ((DeliveryState.SENT, DeliveryState.CANCELLED), sent_days),
        (tuple(RETRYABLE_STATES), failed_days),
    ):
        old = sa.select(col(Delivery.id)).where(
            col(Delivery.state).in_(states), col(Delivery.finished_at) < clock.now() - timedelta(days=days)
        )
        deleted = await session.exec(sa.delete(Delivery).where(col(Delivery.id).in_(old.limit(DELETE_BATCH))))
        count += int(deleted.rowcount)
    return count
