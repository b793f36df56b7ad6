"""The audit trail: who did what to which object, when and from where, written in the same transaction as the change."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock, request_context
from app.core.db import Table, json_column
from app.core.security import Principal


class AuditEvent(Table, table=True):
    """One recorded action. It keeps the names of changed fields, not their values: it holds no personal data."""

    __tablename__ = "audit_events"
    __table_args__ = (sa.Index("ix_audit_events_object", "object_type", "object_id"),)

    occurred_at: datetime = Field(index=True)
    actor_kind: str = Field(max_length=20)
    actor_id: UUID | None = Field(default=None, index=True)
    actor_roles: list[str] = Field(sa_column=json_column())
    acting_for: UUID | None = Field(default=None)
    """The head whom the actor substituted for at that moment; the action may have used the head's rights."""
    unit_id: UUID | None = Field(default=None)
    action: str = Field(max_length=100)
    object_type: str = Field(max_length=60)
    object_id: str | None = Field(default=None, max_length=100)
    fields: list[str] = Field(sa_column=json_column())
    result: str = Field(default="ok", max_length=20)
    request_id: str | None = Field(default=None, max_length=128)
    address: str | None = Field(default=None, max_length=64)


def record(
    session: AsyncSession,
    by: Principal | None,
    action: str,
    object_type: str,
    object_id: UUID | str | None,
    *,
    fields: Sequence[str] = (),
    result: str = "ok",
    keep_address: bool = True,
    fallback_actor: str = "anonymous",
) -> None:
    """Record one action. `keep_address=False` is for respondents, whose answers must stay anonymous.

    Without a caller the actor is `fallback_actor`: `anonymous`, or `service` for the worker.
    """
    session.add(
        AuditEvent(
            occurred_at=clock.now(),
            actor_kind=by.kind if by else fallback_actor,
            actor_id=by.id if by else None,
            actor_roles=sorted(by.roles) if by else [],
            acting_for=by.acts_for if by else None,
            unit_id=by.unit_id if by else None,
            action=action,
            object_type=object_type,
            object_id=str(object_id) if object_id is not None else None,
            fields=list(fields),
            result=result,
            request_id=request_context.get_request_id(),
            address=request_context.get_client_address() if keep_address else None,
        )
    )
