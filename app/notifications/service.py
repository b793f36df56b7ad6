"""Use cases of notifications: notify employees once per occasion, mark notifications as read."""

from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.db import build_insert
from app.core.etags import IfMatch
from app.core.ids import new_id
from app.core.security import Principal
from app.notifications.errors import NotificationNotFound
from app.notifications.models import Notification
from app.notifications.queries import select_notifications, visible_to
from app.notifications.rules import NotificationKind


async def notify(
    session: AsyncSession,
    employee_ids: Iterable[UUID],
    kind: NotificationKind,
    text: str,
    object_type: str,
    object_id: UUID,
    dedupe_key: str,
) -> None:
    """Notify employees, except those already notified with the same `dedupe_key`."""
    rows = [
        {
            "id": new_id(),
            "version": 1,
            "employee_id": employee_id,
            "kind": kind,
            "text": text,
            "object_type": object_type,
            "object_id": object_id,
            "created_at": clock.now(),
            "dedupe_key": dedupe_key,
        }
        for employee_id in employee_ids
    ]
    if rows:
        statement = build_insert(session, Notification).values(rows)
        await session.exec(statement.on_conflict_do_nothing(index_elements=["employee_id", "dedupe_key"]))


async def get_notification(session: AsyncSession, notification_id: UUID, by: Principal) -> Notification:
    """Return a notification of the caller. Raises `NotificationNotFound`."""
    query = select_notifications(by).where(Notification.id == notification_id)
    row = (await session.exec(query)).first()
    if row is None:
        raise NotificationNotFound
    return row


async def count_unread(session: AsyncSession, by: Principal) -> int:
    """Return the number of the caller's unread notifications."""
    query = select(func.count()).select_from(Notification).where(visible_to(by), col(Notification.read_at).is_(None))
    return (await session.exec(query)).one()


async def mark_read(session: AsyncSession, notification_id: UUID, match: IfMatch, *, by: Principal) -> Notification:
    """Mark a notification as read; one that is already read does not change."""
    row = await get_notification(session, notification_id, by)
    match.require(row)
    if row.read_at is None:
        row.read_at = clock.now()
        audit.record(session, by, "notification.read", "notification", row.id, fields=["read_at"])
    return row


async def mark_all_read(session: AsyncSession, *, by: Principal) -> int:
    """Mark all notifications of the caller as read. Returns their number."""
    marked = await session.exec(
        sa.update(Notification)
        .where(visible_to(by), col(Notification.read_at).is_(None))
        .values(read_at=clock.now(), version=col(Notification.version) + 1)
    )
    audit.record(session, by, "notification.all_read", "employee", by.id, fields=["read_at"])
    return int(marked.rowcount)
