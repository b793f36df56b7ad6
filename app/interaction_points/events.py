"""Events of interaction points."""

from typing import ClassVar
from uuid import UUID

from app.core.outbox import Event


class PointApproved(Event):
    """A point was approved by a legal act."""

    type: ClassVar = "interaction_point.approved"
    point_id: UUID


class PointSuspended(Event):
    """A point was suspended."""

    type: ClassVar = "interaction_point.suspended"
    point_id: UUID


class PointWithdrawn(Event):
    """A point was permanently withdrawn."""

    type: ClassVar = "interaction_point.withdrawn"
    point_id: UUID
