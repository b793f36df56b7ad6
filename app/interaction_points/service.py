"""Use cases of interaction points (O-2.7, O-3)."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.etags import IfMatch
from app.core.outbox import emit
from app.core.problems import FieldError, TransitionNotAllowed, ValidationFailed
from app.core.references import unknown_reference
from app.core.schemas import apply_changes
from app.core.security import Principal
from app.interaction_points.change_history import record_change, snapshot
from app.interaction_points.errors import PointNotFound, PointNotInForce
from app.interaction_points.events import PointApproved, PointSuspended, PointWithdrawn
from app.interaction_points.models import ChannelKind, Point, PointAction, PointState, RegulationKind
from app.interaction_points.queries import is_in_force_on, load_states, load_states_of_point, visible_to
from app.interaction_points.rules import PointStatus, can_become, is_in_force
from app.interaction_points.schemas import (
    ChannelKindCreate,
    PointApprove,
    PointCreate,
    PointEnd,
    PointPatch,
    RegulationPut,
)
from app.legal_acts import service as legal_acts
from app.organizations import service as organizations


async def get_point(session: AsyncSession, point_id: UUID, by: Principal | None) -> Point:
    """The point if the caller may see it, or `PointNotFound`."""
    point = (await session.exec(select(Point).where(Point.id == point_id, visible_to(by)))).first()
    if point is None:
        raise PointNotFound
    return point


async def require_in_force(session: AsyncSession, point: Point, on: date) -> None:
    """Raise `PointNotInForce` unless the point may be used on that day (O-3)."""
    if not is_in_force(await load_states_of_point(session, point.id), on):
        raise PointNotInForce


async def require_known(session: AsyncSession, point_id: UUID | None, channel: str | None) -> None:
    """Raise 422 unless the point and the kind of channel that a body names are there."""
    if point_id is not None and await session.get(Point, point_id) is None:
        raise unknown_reference("/interaction_point_id")
    if channel is not None:
        await _require_channel(session, channel)


async def list_approved_points(session: AsyncSession) -> list[Point]:
    """The points in force today."""
    query = select(Point).where(is_in_force_on(clock.today())).order_by(col(Point.id))
    return list((await session.exec(query)).all())


async def list_inactive_points(session: AsyncSession) -> list[Point]:
    """The points that were in force once and are not today, whose address serves no other point that is."""
    today = clock.today()
    was = select(PointState.point_id).where(
        PointState.status == PointStatus.APPROVED, col(PointState.effective_on) <= today
    )
    query = select(Point).where(col(Point.id).in_(was), sa.not_(is_in_force_on(today)), col(Point.address).is_not(None))
    closed = (await session.exec(query.order_by(col(Point.id)))).all()
    if not closed:
        return []
    serving = select(Point.address).where(
        is_in_force_on(today), col(Point.address).in_({point.address for point in closed})
    )
    kept = set((await session.exec(serving)).all())
    return [point for point in closed if point.address not in kept]


async def list_channel_kinds(session: AsyncSession) -> list[ChannelKind]:
    """All kinds of channels."""
    return list((await session.exec(select(ChannelKind).order_by(col(ChannelKind.id)))).all())


async def create_channel_kind(session: AsyncSession, body: ChannelKindCreate, *, by: Principal) -> ChannelKind:
    """Add a kind of channel."""
    row = ChannelKind.model_validate(body)
    session.add(row)
    audit.record(session, by, "channel_kind.created", "channel_kind", row.key)
    await session.flush()  # the answer tells of a taken key
    return row


async def create_point(session: AsyncSession, body: PointCreate, *, by: Principal) -> Point:
    """Add a point as a draft."""
    organization_id = body.organization_id or by.organization_id
    if organization_id is None:
        organization_id = (await organizations.get_ministry(session)).id
    await organizations.get_open_unit(session, body.unit_id, organization_id, "/unit_id")
    await _require_channel(session, body.channel)
    point = add_point(session, body, organization_id, by=by)
    await session.flush()  # the answer tells of a taken name
    return point


def add_point(session: AsyncSession, body: PointCreate, organization_id: UUID, *, by: Principal) -> Point:
    """A new draft whose references were checked."""
    point = Point.model_validate(
        body,
        update={"organization_id": organization_id, "status": PointStatus.DRAFT, "created_at": clock.now()},
    )
    session.add(point)
    audit.record(session, by, "point.created", "interaction_point", point.id)
    record_change(session, point, PointAction.CREATED, {}, by)
    return point


async def update_point(
    session: AsyncSession, point_id: UUID, body: PointPatch, match: IfMatch, *, by: Principal
) -> Point:
    """Change a point; its status moves by other calls."""
    point = await get_point(session, point_id, by)
    if "unit_id" in body.model_fields_set:
        if body.unit_id is None:
            raise unknown_reference("/unit_id")
        await organizations.get_open_unit(session, body.unit_id, point.organization_id, "/unit_id")
    if "channel" in body.model_fields_set:
        await _require_channel(session, body.channel)
    match.require(point)
    change_point(session, point, body, by=by)
    await session.flush()  # the version is counted at the flush
    return point


def change_point(session: AsyncSession, point: Point, body: PointPatch, *, by: Principal) -> None:
    """Change fields whose references were checked."""
    before = snapshot(point)
    changed = apply_changes(point, body)
    audit.record(session, by, "point.changed", "interaction_point", point.id, fields=changed)
    record_change(session, point, PointAction.CHANGED, before, by)


async def approve_point(
    session: AsyncSession, point_id: UUID, body: PointApprove, match: IfMatch, *, by: Principal
) -> Point:
    """Approve a point by a legal act; from `valid_from` on it may be used (O-2.7, O-3)."""
    if faults := find_approval_errors(body):
        raise ValidationFailed(field_errors=faults)
    point = await get_point(session, point_id, by)
    await legal_acts.get_referenced_act(session, body.legal_act_id, "/legal_act_id")
    match.require(point)
    _require_move(point, PointStatus.APPROVED)
    activate_point(session, point, body, await _steps_before(session, point), by=by)
    await session.flush()  # the version is counted at the flush
    return point


def find_approval_errors(body: PointApprove) -> list[FieldError]:
    """What is wrong with the term of an approval."""
    if body.valid_to is None or body.valid_to >= body.valid_from:
        return []
    ru, en = "Дата окончания раньше даты начала.", "The end is before the start."
    return [FieldError("/valid_to", "dates_reversed", ru, en)]


def activate_point(
    session: AsyncSession, point: Point, body: PointApprove, steps_before: int, *, by: Principal
) -> None:
    """Approve a point by an act that is known, when its status allows it."""
    before = snapshot(point)
    step = PointState(
        point_id=point.id,
        sequence=steps_before + 1,
        status=PointStatus.APPROVED,
        effective_on=body.valid_from,
        valid_to=body.valid_to,
        legal_act_id=body.legal_act_id,
        recorded_at=clock.now(),
        recorded_by=by.id,
    )
    _record(session, point, step)
    point.approval_act_id, point.valid_from, point.valid_to = body.legal_act_id, body.valid_from, body.valid_to
    audit.record(session, by, "point.approved", "interaction_point", point.id, fields=["status", "valid_from"])
    record_change(session, point, PointAction.APPROVED, before, by)
    emit(session, PointApproved(point_id=point.id))


async def end_point(
    session: AsyncSession, point_id: UUID, wanted: PointStatus, body: PointEnd, match: IfMatch, *, by: Principal
) -> Point:
    """Suspend a point, or withdraw it for good, from a day on (today unless given)."""
    point = await get_point(session, point_id, by)
    match.require(point)
    _require_move(point, wanted)
    before = snapshot(point)
    step = PointState(
        point_id=point.id,
        sequence=await _steps_before(session, point) + 1,
        status=wanted,
        effective_on=body.on or clock.today(),
        reason=body.reason,
        recorded_at=clock.now(),
        recorded_by=by.id,
    )
    _record(session, point, step)
    is_suspended = wanted is PointStatus.SUSPENDED
    audit.record(session, by, f"point.{wanted.value}", "interaction_point", point.id, fields=["status"])
    record_change(session, point, PointAction(wanted.value), before, by)
    emit(session, PointSuspended(point_id=point.id) if is_suspended else PointWithdrawn(point_id=point.id))
    await session.flush()  # the version is counted at the flush
    return point


async def set_regulation(
    session: AsyncSession, point_id: UUID, body: RegulationPut, match: IfMatch, *, by: Principal
) -> Point:
    """Say what regulates work at a point: a legal act with its clause, or an own text (O-10c)."""
    if faults := find_regulation_errors(body):
        raise ValidationFailed(field_errors=faults)
    point = await get_point(session, point_id, by)
    if body.legal_act_id is not None:
        await legal_acts.get_referenced_act(session, body.legal_act_id, "/legal_act_id")
    match.require(point)
    put_regulation(session, point, body, by=by)
    await session.flush()  # the version is counted at the flush
    return point


def find_regulation_errors(body: RegulationPut) -> list[FieldError]:
    """What is missing or too much for the kind of regulation."""
    is_act = body.kind is RegulationKind.LEGAL_ACT
    ru, en = "Для акта укажите акт, для своего текста — текст.", "Act or text, by kind."
    return [
        FieldError(f"/{name}", "regulation_whole", ru, en)
        for name, is_wanted in (("legal_act_id", is_act), ("text", not is_act))
        if (getattr(body, name) is not None) is not is_wanted
    ]


def put_regulation(session: AsyncSession, point: Point, body: RegulationPut, *, by: Principal) -> None:
    """Regulate a point by an act that is known, or by a text."""
    before = snapshot(point)
    point.regulation_kind, point.regulation_act_id = body.kind, body.legal_act_id
    point.regulation_clause, point.regulation_text = body.clause, body.text
    audit.record(session, by, "point.regulated", "interaction_point", point.id, fields=["regulation"])
    record_change(session, point, PointAction.REGULATED, before, by)


def _require_move(point: Point, wanted: PointStatus) -> None:
    if not can_become(point.status, wanted):
        raise TransitionNotAllowed(point.status.value, wanted.value)


async def _steps_before(session: AsyncSession, point: Point) -> int:
    return len(await load_states(session, point.id))


def _record(session: AsyncSession, point: Point, step: PointState) -> None:
    """Add a step to the history. The unique (point, sequence) lets one of two at once through."""
    session.add(step)
    point.status = step.status
    flag_modified(point, "status")  # the same status again is a change too: the version must grow


async def _require_channel(session: AsyncSession, key: str) -> None:
    if (await session.exec(select(ChannelKind.id).where(ChannelKind.key == key))).first() is None:
        raise unknown_reference("/channel")
