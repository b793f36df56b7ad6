"""Claims of deliveries: the statements that claim due ones and record the outcome of a claim."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.core import clock
from app.deliveries.models import Delivery
from app.deliveries.ports import Dispatch
from app.deliveries.rules import AttemptResult, Decision, DeliveryState, pause_after

INTERRUPTED = "interrupted"


def build_claim(target: str, claim_id: UUID, *, amount: int, held_keys: Sequence[str], lease: timedelta) -> Any:
    """Build the statement that claims due deliveries of a target, in order, except those of held rate keys."""
    now = clock.now()
    row, other = Delivery, aliased(Delivery)
    is_blocked = (
        sa.exists()
        .where(
            col(other.target) == col(row.target),
            col(other.ordering_key) == col(row.ordering_key),
            sa.or_(
                col(other.state) == DeliveryState.SENDING,
                sa.and_(col(other.state) == DeliveryState.QUEUED, col(other.id) < col(row.id)),
            ),
        )
        .correlate(row)
    )
    due = (
        sa.select(col(row.id))
        .where(
            col(row.state) == DeliveryState.QUEUED,
            col(row.target) == target,
            col(row.next_attempt_at) <= now,
            sa.not_(is_blocked),
            sa.or_(col(row.rate_key).is_(None), col(row.rate_key).not_in(held_keys)),
        )
        .order_by(col(row.id))
        .limit(amount)
    )
    return (
        sa.update(row)
        .where(col(row.id).in_(due.with_for_update(skip_locked=True)))
        .values(
            state=DeliveryState.SENDING,
            attempts=col(row.attempts) + 1,
            first_attempt_at=sa.func.coalesce(col(row.first_attempt_at), now),
            lease_owner=claim_id,
            lease_until=now + lease,
            version=col(row.version) + 1,
        )
        .returning(row)
        .execution_options(synchronize_session=False)
    )


def build_outcome(dispatch: Dispatch, result: AttemptResult, decision: Decision, first_pause: timedelta) -> Any:
    """Build the statement that records the outcome of a claim, unless another claim holds the delivery."""
    now = clock.now()
    is_open = decision.state is DeliveryState.QUEUED
    pause = pause_after(dispatch.attempt, first_pause)
    return (
        sa.update(Delivery)
        .where(
            col(Delivery.id) == dispatch.id,
            col(Delivery.lease_owner) == dispatch.claim_id,
            col(Delivery.state).in_(_recordable_states(result, decision)),
        )
        .values(
            state=decision.state,
            may_have_arrived=decision.may_have_arrived,
            next_attempt_at=now + max(pause, result.retry_after or timedelta(0)),
            lease_until=None,
            external_id=result.external_id,
            last_error=None if decision.state is DeliveryState.SENT else (result.code or "")[:200] or None,
            finished_at=None if is_open else now,
            version=col(Delivery.version) + 1,
        )
        .execution_options(synchronize_session=False)
    )


def _recordable_states(result: AttemptResult, decision: Decision) -> list[DeliveryState]:
    """Return the states in which the outcome of a claim is accepted; a late definite one resolves `uncertain`."""
    if result.code == INTERRUPTED:
        return [DeliveryState.SENDING]
    is_definite = decision.state in (DeliveryState.SENT, DeliveryState.FAILED)
    return [DeliveryState.SENDING, DeliveryState.QUEUED, *([DeliveryState.UNCERTAIN] if is_definite else [])]


def to_dispatch(row: Delivery) -> Dispatch:
    """Return a claimed delivery, detached from the database."""
    return Dispatch(
        id=row.id,
        target=row.target,
        kind=row.kind,
        object_id=row.object_id,
        payload=row.payload,
        idempotency_key=row.idempotency_key,
        rate_key=row.rate_key,
        attempt=row.attempts,
        claim_id=row.lease_owner or UUID(int=0),
        may_have_arrived=row.may_have_arrived,
        first_attempt_at=row.first_attempt_at,
    )
