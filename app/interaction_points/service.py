"""Use cases of interaction points (O-2.7, O-3)."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.etags import IfMatch
from app.core.outbox import emit
from app.core.problems import ValidationFailed
from app.core.references import unknown_reference
from app.core.schemas import apply_changes
from app.core.security import Principal
from app.interaction_points.change_history import record_change, snapshot
from app.interaction_points.commands import Approval, NewPoint, Regulation
from app.interaction_points.errors import PointNotFound, PointNotInForce
from app.interaction_points.events import PointApproved, PointSuspended, PointWithdrawn
from app.interaction_points.models import ChannelKind, Point, PointState
from app.interaction_points.queries import (
    is_in_force_on,
    load_states,
    load_states_of_point,
    select_channel_kinds,
    visible_to,
)
from app.interaction_points.rules import (
    POINT_TRANSITIONS,
    PointAction,
    PointMove,
    PointStatus,
    find_approval_errors,
    find_regulation_errors,
    is_in_force,
)
from app.legal_acts import service as legal_acts
from app.organizations import service as organizations


async def get_point(session: AsyncSession, point_id: UUID, by: Principal | None) -> Point:
    """Return a point visible to the caller. Raises `PointNotFound`."""
    point = (await session.exec(select(Point).where(Point.id == point_id, visible_to(by)))).first()
    if point is None:
        raise PointNotFound
    return point


async def require_in_force(session: AsyncSession, point: Point, on: date) -> None:
    """Raise `PointNotInForce` unless the point is in force on the day (O-3)."""
    if not is_in_force(await load_states_of_point(session, point.id), on):
        raise PointNotInForce


async def require_known(session: AsyncSession, point_id: UUID | None, channel: str | None) -> None:
    """Raise 422 unless the point and the channel kind named in a body exist."""
    if point_id is not None and await session.get(Point, point_id) is None:
        raise unknown_reference("/interaction_point_id")
    if channel is not None:
        await _require_channel(session, channel)


async def list_approved_points(session: AsyncSession) -> list[Point]:
    """Return the points in force today."""
    query = select(Point).where(is_in_force_on(clock.today())).order_by(col(Point.id))
    return list((await session.exec(query)).all())


async def list_inactive_points(session: AsyncSession) -> list[Point]:
    """Return the points no longer in force whose address is not used by a point in force today."""
    today = clock.today()
    once_approved = select(PointState.point_id).where(
        PointState.status == PointStatus.APPROVED, col(PointState.effective_on) <= today
    )
    query = select(Point).where(
        col(Point.id).in_(once_approved), sa.not_(is_in_force_on(today)), col(Point.address).is_not(None)
    )
    inactive = (await session.exec(query.order_by(col(Point.id)))).all()
    if not inactive:
        return []
    active_addresses = select(Point.address).where(
        is_in_force_on(today), col(Point.address).in_({point.address for point in inactive})
    )
    used_addresses = set((await session.exec(active_addresses)).all())
    return [point for point in inactive if point.address not in used_addresses]


async def list_channel_kinds(session: AsyncSession) -> list[ChannelKind]:
    """Return all channel kinds, oldest first."""
    return list((await session.exec(select_channel_kinds().order_by(col(ChannelKind.id)))).all())


async def create_channel_kind(
    session: AsyncSession, *, key: str, name: str, is_social: bool, by: Principal
) -> ChannelKind:
    """Create a channel kind."""
    row = ChannelKind(key=key, name=name, is_social=is_social)
    session.add(row)
    audit.record(session, by, "channel_kind.created", "channel_kind", row.key)
    await session.flush()  # a duplicate key must raise here, before the response is built
    return row


async def create_point(session: AsyncSession, new: NewPoint, *, by: Principal) -> Point:
    """Create a point as a draft. The flush raises `PointExists`."""
    organization_id = new.organization_id or by.organization_id
    if organization_id is None:
        organization_id = (await organizations.get_ministry(session)).id
    await organizations.get_open_unit(session, new.unit_id, organization_id, "/unit_id")
    await _require_channel(session, new.channel)
    return add_point(session, new, organization_id, by=by)


def add_point(session: AsyncSession, new: NewPoint, organization_id: UUID, *, by: Principal) -> Point:
    """Create a draft; the caller has checked its references."""
    point = Point.model_validate(
        new,
        update={"organization_id": organization_id, "status": PointStatus.DRAFT, "created_at": clock.now()},
    )
    session.add(point)
    audit.record(session, by, "point.created", "interaction_point", point.id)
    record_change(session, point, PointAction.CREATED, {}, by)
    return point


async def update_point(
    session: AsyncSession, point_id: UUID, changes: Mapping[str, Any], match: IfMatch, *, by: Principal
) -> Point:
    """Update the fields of a point, except its status."""
    point = await get_point(session, point_id, by)
    if "unit_id" in changes:
        if changes["unit_id"] is None:
            raise unknown_reference("/unit_id")
        await organizations.get_open_unit(session, changes["unit_id"], point.organization_id, "/unit_id")
    if "channel" in changes:
        await _require_channel(session, changes["channel"])
    match.require(point)
    change_point(session, point, changes, by=by)
    return point


def change_point(session: AsyncSession, point: Point, changes: Mapping[str, Any], *, by: Principal) -> None:
    """Update fields; the caller has checked the references."""
    before = snapshot(point)
    changed = apply_changes(point, changes)
    audit.record(session, by, "point.changed", "interaction_point", point.id, fields=changed)
    record_change(session, point, PointAction.CHANGED, before, by)


async def approve_point(
    session: AsyncSession, point_id: UUID, approval: Approval, match: IfMatch, *, by: Principal
) -> Point:
    """Approve a point by a legal act; it can be used from `valid_from` on (O-2.7, O-3)."""
    if errors := find_approval_errors(approval.valid_from, approval.valid_to):
        raise ValidationFailed(field_errors=errors)
    point = await get_point(session, point_id, by)
    await legal_acts.get_referenced_act(session, approval.legal_act_id, "/legal_act_id")
    match.require(point)
    POINT_TRANSITIONS.require(point.status, PointMove.APPROVE)
    activate_point(session, point, approval, await _count_steps(session, point), by=by)
    return point


def activate_point(session: AsyncSession, point: Point, approval: Approval, step_count: int, *, by: Principal) -> None:
    """Approve a point; the caller has checked the act and the transition."""
    before = snapshot(point)
    step = PointState(
        point_id=point.id,
        sequence=step_count + 1,
        status=PointStatus.APPROVED,
        effective_on=approval.valid_from,
        valid_to=approval.valid_to,
        legal_act_id=approval.legal_act_id,
        recorded_at=clock.now(),
        recorded_by=by.id,
    )
    _add_step(session, point, step)
    point.approval_act_id = approval.legal_act_id
    point.valid_from, point.valid_to = approval.valid_from, approval.valid_to
    audit.record(session, by, "point.approved", "interaction_point", point.id, fields=["status", "valid_from"])
    record_change(session, point, PointAction.APPROVED, before, by)
    emit(session, PointApproved(point_id=point.id))


async def end_point(
    session: AsyncSession,
    point_id: UUID,
    move: PointMove,
    match: IfMatch,
    *,
    reason: str,
    on: date | None,
    by: Principal,
) -> Point:
    """Suspend or permanently withdraw a point from a day (today by default)."""
    point = await get_point(session, point_id, by)
    match.require(point)
    status = POINT_TRANSITIONS.require(point.status, move)
    before = snapshot(point)
    step = PointState(
        point_id=point.id,
        sequence=await _count_steps(session, point) + 1,
        status=status,
        effective_on=on or clock.today(),
        reason=reason,
        recorded_at=clock.now(),
        recorded_by=by.id,
    )
    _add_step(session, point, step)
    is_suspended = status is PointStatus.SUSPENDED
    audit.record(session, by, f"point.{status.value}", "interaction_point", point.id, fields=["status"])
    record_change(session, point, PointAction(status.value), before, by)
    emit(session, PointSuspended(point_id=point.id) if is_suspended else PointWithdrawn(point_id=point.id))
    return point


async def set_regulation(
    session: AsyncSession, point_id: UUID, regulation: Regulation, match: IfMatch, *, by: Principal
) -> Point:
    """Set the regulation of a point: a legal act with its clause, or its own text (O-10c)."""
    if errors := find_regulation_errors(regulation.kind, regulation.legal_act_id, regulation.text):
        raise ValidationFailed(field_errors=errors)
    point = await get_point(session, point_id, by)
    if regulation.legal_act_id is not None:
        await legal_acts.get_referenced_act(session, regulation.legal_act_id, "/legal_act_id")
    match.require(point)
    put_regulation(session, point, regulation, by=by)
    return point


def put_regulation(session: AsyncSession, point: Point, regulation: Regulation, *, by: Principal) -> None:
    """Set the regulation of a point; the caller has checked the act."""
    before = snapshot(point)
    point.regulation_kind, point.regulation_act_id = regulation.kind, regulation.legal_act_id
    point.regulation_clause, point.regulation_text = regulation.clause, regulation.text
    audit.record(session, by, "point.regulated", "interaction_point", point.id, fields=["regulation"])
    record_change(session, point, PointAction.REGULATED, before, by)


async def _count_steps(session: AsyncSession, point: Point) -> int:
    return len(await load_states(session, point.id))


def _add_step(session: AsyncSession, point: Point, step: PointState) -> None:
    """Add a step to the history; of two concurrent steps, unique (point, sequence) accepts one."""
    session.add(step)
    point.status = step.status
    flag_modified(point, "status")  # an unchanged status must also increment the version


async def _require_channel(session: AsyncSession, key: str) -> None:
    if (await session.exec(select(ChannelKind.id).where(ChannelKind.key == key))).first() is None:
        raise unknown_reference("/channel")


async def load_channel_names(session: AsyncSession) -> dict[str, str]:
    """Load the names of all channel kinds by key."""
    return dict((await session.exec(select(ChannelKind.key, ChannelKind.name))).all())


async def get_channel(session: AsyncSession, point_id: UUID) -> str:
    """Return the channel of an existing point."""
    return (await session.get_one(Point, point_id)).channel
