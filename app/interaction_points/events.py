"""Events of interaction points."""

from uuid import UUID

from app.core.outbox import Event


class PointApproved(Event):
    """A point was approved by a legal act."""

    point_id: UUID


class PointSuspended(Event):
    """A point was suspended."""

    point_id: UUID


class PointWithdrawn(Event):
    """A point was permanently withdrawn."""

    point_id: UUID
