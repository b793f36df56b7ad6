"""The full history of points: every deed with the fields it changed, and the registry as it stood on any day."""

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
from app.interaction_points.models import Point, PointAction, PointChange

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
"""Everything of a point that can change."""

Snapshot = Mapping[str, str | bool | None]


def snapshot(point: Point) -> Snapshot:
    """The fields of a point as JSON holds them."""
    return {name: _as_json(getattr(point, name)) for name in FIELDS}


def _as_json(value: Any) -> str | bool | None:
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
    """Write down what a deed changed since that snapshot; an empty one for a new point."""
    now = snapshot(point)
    changes = [
        {"field": name, "old": before.get(name), "new": now[name]} for name in FIELDS if before.get(name) != now[name]
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
    """Copies of points, not of the session, with the values that held just before a moment.

    From the present values the changes since are taken back, newest first.
    """
    query = select(PointChange).where(
        col(PointChange.point_id).in_([point.id for point in points]), col(PointChange.recorded_at) >= before
    )
    values = {point.id: dict(snapshot(point)) for point in points}
    for row in await session.exec(query.order_by(col(PointChange.id).desc())):
        values[row.point_id] |= {change["field"]: change["old"] for change in row.changes}
    return [_point(point, values[point.id]) for point in points]


def _point(point: Point, values: Mapping[str, Any]) -> Point:
    known = {"id": point.id, "created_at": point.created_at, "version": point.version}
    return Point.model_validate(known | dict(values))


def load_changes(point_id: UUID) -> SelectOfScalar[PointChange]:
    """The deeds on a point."""
    return select(PointChange).where(PointChange.point_id == point_id)
