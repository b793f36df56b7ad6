"""Queries of interaction points: visibility, points in force on a day, and API objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.core import clock
from app.core.security import Principal
from app.interaction_points.models import ChannelKind, Point, PointChange, PointState
from app.interaction_points.rules import Audience, PointPeriod, PointStatus
from app.interaction_points.schemas import ApprovalRead, CoverageGroupRead, CoverageRead, PointRead, RegulationRead
from app.legal_acts import service as legal_acts

if TYPE_CHECKING:
    from app.legal_acts.models import LegalAct


def visible_to(by: Principal | None) -> ColumnElement[bool]:
    """Return the filter of visible points: all for an employee, the granted ones for an API client."""
    if by is not None and by.kind == "client":
        return col(Point.id).in_(by.point_ids)
    return sa.true()


def select_points(
    by: Principal | None, *, on_date: date | None = None, updated_after: datetime | None = None, **filters: Any
) -> SelectOfScalar[Point]:
    """Select the points visible to a caller by column values (None: any), optionally only those in force on a day."""
    query = select(Point).where(visible_to(by), *_build_filters(filters))
    if updated_after is not None:
        changed_ids = select(PointChange.point_id).where(col(PointChange.recorded_at) > updated_after)
        query = query.where(col(Point.id).in_(changed_ids))
    return query if on_date is None else query.where(is_in_force_on(on_date))


def select_points_created_before(by: Principal | None, moment: datetime) -> SelectOfScalar[Point]:
    """Select the points visible to a caller that existed before a moment."""
    return select(Point).where(visible_to(by), col(Point.created_at) < moment)


def select_public_points(channel: str | None = None) -> SelectOfScalar[Point]:
    """Select the points that are in force today and serve external clients, optionally of one channel."""
    is_public = col(Point.audience).in_([Audience.EXTERNAL, Audience.BOTH])
    return select(Point).where(is_in_force_on(clock.today()), is_public, *_build_filters({"channel": channel}))


def select_points_without_regulation(day: date, **filters: Any) -> SelectOfScalar[Point]:
    """Select the points in force on a day without regulation (O-10c), by column values (None: any)."""
    return select(Point).where(is_in_force_on(day), col(Point.regulation_kind).is_(None), *_build_filters(filters))


def _build_filters(filters: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    return [getattr(Point, name) == value for name, value in filters.items() if value is not None]


def is_in_force_on(day: date) -> ColumnElement[bool]:
    """Return `rules.is_in_force` as a condition: the last recorded step effective by the day decides."""
    last = (
        sa.select(sa.func.max(PointState.sequence))
        .where(col(PointState.point_id) == col(Point.id), col(PointState.effective_on) <= day)
        .correlate(Point)
        .scalar_subquery()
    )
    step = sa.alias(PointState.__table__)  # type: ignore[attr-defined]
    return sa.exists(
        sa.select(sa.literal(1))
        .select_from(step)
        .where(
            step.c.point_id == col(Point.id),
            step.c.sequence == last,
            step.c.status == PointStatus.APPROVED,
            sa.or_(step.c.valid_to.is_(None), step.c.valid_to >= day),
        )
        .correlate(Point.__table__)  # type: ignore[attr-defined]
    )


async def load_states_of_point(session: AsyncSession, point_id: UUID) -> list[PointPeriod]:
    """Load the recorded steps of a point as input for the rules."""
    rows = await load_states(session, point_id)
    return [PointPeriod(row.status, row.effective_on, row.valid_to) for row in rows]


def select_states(point_id: UUID) -> SelectOfScalar[PointState]:
    """Select the recorded steps of a point."""
    return select(PointState).where(PointState.point_id == point_id)


async def load_states(session: AsyncSession, point_id: UUID) -> list[PointState]:
    """Load the recorded steps of a point, in order."""
    return list((await session.exec(select_states(point_id).order_by(col(PointState.sequence)))).all())


def select_channel_kinds() -> SelectOfScalar[ChannelKind]:
    """Select all channel kinds."""
    return select(ChannelKind)


async def read_point(session: AsyncSession, point: Point) -> PointRead:
    """Return a point as an API object."""
    return (await read_points(session, [point]))[0]


async def read_points(
    session: AsyncSession, points: Sequence[Point], before: datetime | None = None
) -> list[PointRead]:
    """Return points as API objects, with two extra queries for all of them: legal acts and last changes.

    With `before`, `updated_at` is the last change before that moment.
    """
    acts = await legal_acts.load_acts(session, [point.approval_act_id for point in points])
    updated_at = await _load_last_changes(session, points, before)
    return [
        _to_read(
            point,
            acts.get(point.approval_act_id) if point.approval_act_id else None,
            updated_at.get(point.id, point.created_at),
        )
        for point in points
    ]


async def _load_last_changes(
    session: AsyncSession, points: Sequence[Point], before: datetime | None
) -> dict[UUID, datetime]:
    query = select(PointChange.point_id, sa.func.max(col(PointChange.recorded_at)))
    query = query.where(col(PointChange.point_id).in_([point.id for point in points]))
    if before is not None:
        query = query.where(col(PointChange.recorded_at) < before)
    return dict((await session.exec(query.group_by(col(PointChange.point_id)))).all())


def _to_read(point: Point, act: LegalAct | None, updated_at: datetime) -> PointRead:
    return PointRead(
        **point.model_dump(include=set(PointRead.model_fields) - {"approval", "regulation"}),
        updated_at=updated_at,
        approval=ApprovalRead(legal_act_id=act.id, title=act.short_title) if act else None,
        regulation=_to_regulation_read(point),
    )


def _to_regulation_read(point: Point) -> RegulationRead | None:
    if point.regulation_kind is None:
        return None
    return RegulationRead(
        kind=point.regulation_kind,
        legal_act_id=point.regulation_act_id,
        clause=point.regulation_clause,
        text=point.regulation_text,
    )


async def read_coverage(
    session: AsyncSession, day: date, items: list[PointRead], next_cursor: str | None, count: int | None, **filters: Any
) -> CoverageRead:
    """Return a page of the coverage report with the counts of all points in force, by organization and channel."""
    without = sa.func.count().filter(col(Point.regulation_kind).is_(None))
    keys = (col(Point.organization_id), col(Point.channel))
    query = sa.select(*keys, sa.func.count(), without).where(is_in_force_on(day), *_build_filters(filters))
    rows = (await session.exec(query.group_by(*keys).order_by(*keys))).all()  # type: ignore[call-overload]
    groups = [
        CoverageGroupRead(organization_id=row[0], channel=row[1], in_force=row[2], without_regulation=row[3])
        for row in rows
    ]
    return CoverageRead(
        on_date=day,
        in_force=sum(group.in_force for group in groups),
        without_regulation=sum(group.without_regulation for group in groups),
        groups=groups,
        items=items,
        next_cursor=next_cursor,
        count=count,
    )
