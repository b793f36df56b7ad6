"""Use cases of interaction points (O-2.7, O-3)."""

from datetime import date
from uuid import UUID

from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.concurrency import Match
from app.core.outbox import emit
from app.core.problems import Fault, Invalid, MoveNotAllowed
from app.core.references import unknown_reference
from app.core.schemas import apply_changes
from app.core.security import Principal
from app.interaction_points.errors import PointNotFound, PointNotInForce
from app.interaction_points.events import PointApproved, PointSuspended, PointWithdrawn
from app.interaction_points.models import ChannelKind, Point, PointState, RegulationKind
from app.interaction_points.queries import in_force_on, states_of, steps_of, visible_to
from app.interaction_points.rules import PointStatus, is_in_force, may_become
from app.interaction_points.schemas import PointApprove, PointCreate, PointPatch, PointStop, RegulationPut
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
    if not is_in_force(await steps_of(session, point.id), on):
        raise PointNotInForce


async def require_known(session: AsyncSession, point_id: UUID | None, channel: str | None) -> None:
    """Raise 422 unless the point and the kind of channel that a body names are there."""
    if point_id is not None and await session.get(Point, point_id) is None:
        raise unknown_reference("/interaction_point_id")
    if channel is not None:
        await _require_channel(session, channel)


async def list_approved_points(session: AsyncSession) -> list[Point]:
    """The points in force today."""
    query = select(Point).where(in_force_on(clock.today())).order_by(col(Point.id))
    return list((await session.exec(query)).all())


async def list_channel_kinds(session: AsyncSession) -> list[ChannelKind]:
    """All kinds of channels."""
    return list((await session.exec(select(ChannelKind).order_by(col(ChannelKind.id)))).all())


async def create_point(session: AsyncSession, body: PointCreate, *, by: Principal) -> Point:
    """Add a point as a draft."""
    organization_id = body.organization_id or by.organization_id
    if organization_id is None:
        organization_id = (await organizations.get_ministry(session)).id
    await organizations.open_unit(session, body.unit_id, organization_id, "/unit_id")
    await _require_channel(session, body.channel)
    point = Point.model_validate(
        body,
        update={"organization_id": organization_id, "status": PointStatus.DRAFT, "created_at": clock.now()},
    )
    session.add(point)
    audit.record(session, by, "point.created", "interaction_point", point.id)
    await session.flush()  # the answer tells of a taken name
    return point


async def update_point(
    session: AsyncSession, point_id: UUID, body: PointPatch, match: Match, *, by: Principal
) -> Point:
    """Change a point; its status moves by other calls."""
    point = await get_point(session, point_id, by)
    if "unit_id" in body.model_fields_set:
        if body.unit_id is None:
            raise unknown_reference("/unit_id")
        await organizations.open_unit(session, body.unit_id, point.organization_id, "/unit_id")
    if "channel" in body.model_fields_set:
        await _require_channel(session, body.channel)
    match.require(point)
    changed = apply_changes(point, body)
    audit.record(session, by, "point.changed", "interaction_point", point.id, fields=changed)
    await session.flush()  # the version is counted at the flush
    return point


async def approve_point(
    session: AsyncSession, point_id: UUID, body: PointApprove, match: Match, *, by: Principal
) -> Point:
    """Approve a point by a legal act; from `valid_from` on it may be used (O-2.7, O-3)."""
    if body.valid_to is not None and body.valid_to < body.valid_from:
        ru, en = "Дата окончания раньше даты начала.", "The end is before the start."
        raise Invalid(faults=[Fault("/valid_to", "dates_reversed", ru, en)])
    point = await get_point(session, point_id, by)
    act = await legal_acts.referred_act(session, body.legal_act_id, "/legal_act_id")
    match.require(point)
    _require_move(point, PointStatus.APPROVED)
    step = PointState(
        point_id=point.id,
        sequence=0,
        status=PointStatus.APPROVED,
        effective_on=body.valid_from,
        valid_to=body.valid_to,
        legal_act_id=act.id,
        recorded_at=clock.now(),
        recorded_by=by.id,
    )
    await _record(session, point, step)
    point.approval_act_id, point.valid_from, point.valid_to = act.id, body.valid_from, body.valid_to
    audit.record(session, by, "point.approved", "interaction_point", point.id, fields=["status", "valid_from"])
    emit(session, PointApproved(point_id=point.id))
    await session.flush()  # the version is counted at the flush
    return point


async def stop_point(
    session: AsyncSession, point_id: UUID, wanted: PointStatus, body: PointStop, match: Match, *, by: Principal
) -> Point:
    """Suspend a point, or withdraw it for good, from a day on (today unless given)."""
    point = await get_point(session, point_id, by)
    match.require(point)
    _require_move(point, wanted)
    step = PointState(
        point_id=point.id,
        sequence=0,
        status=wanted,
        effective_on=body.on or clock.today(),
        reason=body.reason,
        recorded_at=clock.now(),
        recorded_by=by.id,
    )
    await _record(session, point, step)
    is_suspended = wanted is PointStatus.SUSPENDED
    audit.record(session, by, f"point.{wanted.value}", "interaction_point", point.id, fields=["status"])
    emit(session, PointSuspended(point_id=point.id) if is_suspended else PointWithdrawn(point_id=point.id))
    await session.flush()  # the version is counted at the flush
    return point


async def regulate_point(
    session: AsyncSession, point_id: UUID, body: RegulationPut, match: Match, *, by: Principal
) -> Point:
    """Say what regulates work at a point: a legal act with its clause, or an own text (O-10c)."""
    is_act = body.kind is RegulationKind.LEGAL_ACT
    faults = [
        Fault(
            f"/{name}", "regulation_whole", "Для акта укажите акт, для своего текста — текст.", "Act or text, by kind."
        )
        for name, is_wanted in (("legal_act_id", is_act), ("text", not is_act))
        if (getattr(body, name) is not None) is not is_wanted
    ]
    if faults:
        raise Invalid(faults=faults)
    point = await get_point(session, point_id, by)
    if body.legal_act_id is not None:
        await legal_acts.referred_act(session, body.legal_act_id, "/legal_act_id")
    match.require(point)
    point.regulation_kind, point.regulation_act_id = body.kind, body.legal_act_id
    point.regulation_clause, point.regulation_text = body.clause, body.text
    audit.record(session, by, "point.regulated", "interaction_point", point.id, fields=["regulation"])
    await session.flush()  # the version is counted at the flush
    return point


async def list_states(session: AsyncSession, point_id: UUID, by: Principal) -> list[PointState]:
    """The history of a point's states."""
    point = await get_point(session, point_id, by)
    return await states_of(session, point.id)


def _require_move(point: Point, wanted: PointStatus) -> None:
    if not may_become(point.status, wanted):
        raise MoveNotAllowed(point.status.value, wanted.value)


async def _record(session: AsyncSession, point: Point, step: PointState) -> None:
    """Add a step to the history. The unique (point, sequence) lets one of two at once through."""
    step.sequence = len(await states_of(session, point.id)) + 1
    session.add(step)
    point.status = step.status
    flag_modified(point, "status")  # the same status again is a change too: the version must grow


async def _require_channel(session: AsyncSession, key: str) -> None:
    if (await session.exec(select(ChannelKind.id).where(ChannelKind.key == key))).first() is None:
        raise unknown_reference("/channel")
