"""The table of deliveries."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.core.db import VersionedTable, enum_column, json_column, length_check
from app.deliveries.rules import DeliveryState

_IS_SENDING = sa.text("state = 'sending'")


class Delivery(VersionedTable, table=True):
    """An outgoing delivery."""

    __tablename__ = "deliveries"
    __table_args__ = (
        sa.UniqueConstraint("idempotency_key", name="uq_deliveries_idempotency_key"),
        sa.Index(
            "uq_deliveries_sending",
            "target",
            "ordering_key",
            unique=True,
            sqlite_where=_IS_SENDING,
            postgresql_where=_IS_SENDING,
        ),
        sa.Index("ix_deliveries_due", "state", "target", "next_attempt_at"),
        sa.Index("ix_deliveries_order", "target", "ordering_key", "state", "id"),
        sa.Index("ix_deliveries_object", "kind", "object_id"),
        sa.Index("ix_deliveries_finished", "state", "finished_at"),
        length_check("target", 100),
        length_check("kind", 40),
        length_check("ordering_key", 200),
        length_check("rate_key", 200),
        length_check("idempotency_key", 64),
        length_check("external_id", 255),
        length_check("last_error", 200),
        sa.CheckConstraint("attempts >= 0", name="attempts_counted"),
        sa.CheckConstraint("(state = 'sending') = (lease_until IS NOT NULL)", name="lease_while_sending"),
        sa.CheckConstraint("(state IN ('queued', 'sending')) = (finished_at IS NULL)", name="finished_when_closed"),
    )

    target: str = Field(max_length=100)
    kind: str = Field(max_length=40)
    object_id: UUID
    """The object of the domain, such as a reply."""
    payload: dict[str, Any] = Field(sa_column=json_column())
    ordering_key: str | None = Field(default=None, max_length=200)
    """Deliveries with the same key are sent one at a time, in the order of creation."""
    rate_key: str | None = Field(default=None, max_length=200)
    idempotency_key: str = Field(max_length=64)
    state: DeliveryState = Field(sa_column=enum_column(DeliveryState))
    attempts: int = Field(default=0)
    next_attempt_at: datetime
    first_attempt_at: datetime | None = None
    may_have_arrived: bool = Field(default=False)
    lease_owner: UUID | None = None
    """The current claim. It is kept after the lease expires, so that a late outcome of the claim is still accepted."""
    lease_until: datetime | None = None
    external_id: str | None = Field(default=None, max_length=255)
    last_error: str | None = Field(default=None, max_length=200)
    created_at: datetime
    finished_at: datetime | None = None
