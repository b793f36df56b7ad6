"""The change history of points, and the registry as of any day."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.core import clock
from app.core.security import Principal
from app.interaction_points.models import Point, PointChange
from app.interaction_points.rules import PointAction

FIELDS = (
    "organization_id",
    "unit_id",
    "name",
    "format",
    "channel",
    "audience",
    "address",
    "is_official_page",
    "service",
    "working_hours",
    "status",
    "approval_act_id",
    "valid_from",
    "valid_to",
    "regulation_kind",
    "regulation_act_id",
    "regulation_clause",
    "regulation_text",
)
"""The fields of a point whose changes are recorded."""

Snapshot = Mapping[str, str | bool | None]


def snapshot(point: Point) -> Snapshot:
    """Return the fields of a point as JSON values."""
    return {name: _to_json(getattr(point, name)) for name in FIELDS}


def _to_json(value: Any) -> str | bool | None:
    match value:
        case None | bool():
            return value
        case StrEnum():
            return value.value
        case date():
            return value.isoformat()
    return str(value)


def record_change(
    session: AsyncSession, point: Point, action: PointAction, before: Snapshot, by: Principal | None
) -> None:
    """Record the fields that changed since a snapshot; the snapshot of a new point is empty."""
    after = snapshot(point)
    changes = [
        {"field": name, "old": before.get(name), "new": after[name]}
        for name in FIELDS
        if before.get(name) != after[name]
    ]
    session.add(
        PointChange(
            point_id=point.id,
            action=action,
            changes=changes,
            recorded_at=clock.now(),
            recorded_by=by.id if by else None,
        )
    )


async def load_points_as_of(session: AsyncSession, points: Sequence[Point], before: datetime) -> list[Point]:
    """Return detached copies of points with their values just before a moment.

    Later changes are reverted from the current values, newest first.
    """
    query = select(PointChange).where(
        col(PointChange.point_id).in_([point.id for point in points]), col(PointChange.recorded_at) >= before
    )
    values = {point.id: dict(snapshot(point)) for point in points}
    for row in await session.exec(query.order_by(col(PointChange.id).desc())):
        values[row.point_id] |= {change["field"]: change["old"] for change in row.changes}
    return [_build_point(point, values[point.id]) for point in points]


def _build_point(point: Point, values: Mapping[str, Any]) -> Point:
    unchanged = {"id": point.id, "created_at": point.created_at, "version": point.version}
    return Point.model_validate(unchanged | dict(values))


def select_changes(point_id: UUID) -> SelectOfScalar[PointChange]:
    """Select the changes of a point."""
    return select(PointChange).where(PointChange.point_id == point_id)
