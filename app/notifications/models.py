"""The table of notifications."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.core.db import VersionedTable, enum_column, length_check
from app.notifications.rules import NotificationKind


class Notification(VersionedTable, table=True):
    """Something that one employee should look at."""

    __tablename__ = "notifications"
    __table_args__ = (
        sa.UniqueConstraint("employee_id", "dedupe_key", name="uq_notifications_dedupe_key"),
        sa.Index("ix_notifications_employee", "employee_id", "id"),
        length_check("text", 500),
        length_check("dedupe_key", 200),
    )

    employee_id: UUID = Field(foreign_key="employees.id")
    kind: NotificationKind = Field(sa_column=enum_column(NotificationKind))
    text: str = Field(max_length=500)
    """Russian, as the employee reads it; no personal data of clients."""
    object_type: str = Field(max_length=60)
    object_id: UUID
    created_at: datetime
    read_at: datetime | None = None
    dedupe_key: str = Field(max_length=200)
    """Names the occasion: an employee is notified of it once."""
