"""Factories of deliveries and steps of the worker."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.db import Database
from app.core.ids import new_id
from app.core.outbox import Relay
from app.core.security import Principal
from app.deliveries.dispatcher import Dispatcher
from app.deliveries.models import Delivery
from app.deliveries.ports import Dispatch, Limits, PermanentError, Receipt, Refused, TransientError
from app.deliveries.rules import Recovery
from app.deliveries.service import create_delivery
from app.worker import DELIVERIES, HANDLERS


async def work_off(database: Database) -> None:
    """Relay the outbox and dispatch deliveries until nothing is due."""
    relay, dispatcher = Relay(database, HANDLERS), Dispatcher(database, DELIVERIES)
    while await relay.relay_batch() + await dispatcher.dispatch_once():
        pass


class PartnerAdapter:
    """Calls the partner of `tests.deliveries.partner`."""

    dedupes_for = None

    def __init__(self, url: str, recovery: Recovery, limits: Limits | None = None) -> None:
        self.url, self.recovery, self.limits = url, recovery, limits or Limits()

    async def send(self, dispatch: Dispatch, content: Mapping[str, Any]) -> Receipt:
        headers = {"Idempotency-Key": dispatch.idempotency_key}
        async with httpx.AsyncClient(trust_env=False, timeout=None) as client:
            try:
                answer = await client.post(f"{self.url}/send", json=dict(content), headers=headers)
            except httpx.ConnectError as error:
                raise TransientError("refused") from error
        if answer.status_code == 503:
            raise TransientError("http_503")
        if answer.status_code == 400:
            raise PermanentError("http_400")
        return Receipt(answer.json()["id"])

    async def find(self, dispatch: Dispatch, content: Mapping[str, Any]) -> Receipt | None:
        async with httpx.AsyncClient(trust_env=False, timeout=None) as client:
            answer = await client.get(f"{self.url}/find?key={dispatch.idempotency_key}")
        return Receipt(answer.json()[0]["id"]) if answer.json() else None


class Things:
    """The handler of the kind `thing`: counts outcomes as audit records, in the recording transaction."""

    async def prepare(self, session: AsyncSession, dispatch: Dispatch) -> Mapping[str, Any]:
        if dispatch.payload.get("refused"):
            raise Refused("switched_off")
        return dispatch.payload

    async def on_sent(self, session: AsyncSession, dispatch: Dispatch, external_id: str | None) -> None:
        audit.record(session, None, "thing.sent", "thing", dispatch.object_id)

    async def on_failed(self, session: AsyncSession, dispatch: Dispatch, code: str) -> None:
        audit.record(session, None, "thing.failed", "thing", dispatch.object_id)

    async def on_uncertain(self, session: AsyncSession, dispatch: Dispatch) -> None:
        audit.record(session, None, "thing.uncertain", "thing", dispatch.object_id)

    async def on_retry(self, session: AsyncSession, object_id: UUID, by: Principal) -> None:
        audit.record(session, by, "thing.retried", "thing", object_id)


async def queue_thing(database: Database, target: str = "partner", **more: Any) -> UUID:
    """Queue a delivery of a thing and return the delivery's id."""
    known: dict[str, Any] = {"payload": {"number": 1}, "ordering_key": None} | more
    async with database.transaction() as session:
        row = await create_delivery(session, target=target, kind="thing", object_id=new_id(), **known)
        return row.id


async def get_row(database: Database, delivery_id: UUID) -> Delivery:
    """Return a delivery's row."""
    async with database.transaction(write=False) as session:
        return await session.get_one(Delivery, delivery_id)


async def list_outcomes(database: Database) -> list[str]:
    """Return what the handler recorded, in order."""
    query = select(audit.AuditEvent.action).where(audit.AuditEvent.object_type == "thing")
    async with database.transaction(write=False) as session:
        return list((await session.exec(query.order_by(col(audit.AuditEvent.id)))).all())


async def make_due(database: Database) -> None:
    """Let every back-off and lease expire."""
    past = clock.now() - timedelta(seconds=1)
    async with database.transaction() as session:
        await session.exec(sa.update(Delivery).values(next_attempt_at=past))
        leased = sa.update(Delivery).where(col(Delivery.lease_until).is_not(None))
        await session.exec(leased.values(lease_until=past))
