"""Queries of notifications."""

from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.core.security import Principal
from app.notifications.models import Notification


def visible_to(by: Principal) -> ColumnElement[bool]:
    """Build the condition for visible notifications: the caller's own only."""
    return col(Notification.employee_id) == by.id


def select_notifications(by: Principal, is_read: bool | None = None) -> SelectOfScalar[Notification]:
    """Select the caller's notifications, optionally only the read or the unread ones."""
    query = select(Notification).where(visible_to(by))
    return query if is_read is None else query.where(col(Notification.read_at).is_not(None) == is_read)
