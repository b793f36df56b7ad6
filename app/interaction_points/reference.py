"""Initial channel kinds and the points named by the order: inserted if missing, never overwritten."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.data_files import load_yaml
from app.interaction_points.change_history import record_change
from app.interaction_points.models import ChannelKind, Point, PointState
from app.interaction_points.rules import PointAction, PointStatus
from app.legal_acts import service as legal_acts
from app.legal_acts.rules import LegalActKind
from app.organizations import reference as organizations

if TYPE_CHECKING:
    from app.organizations.models import Unit


async def load_reference(session: AsyncSession) -> None:
    """Load the channel kinds and the points approved by order № 27."""
    data = load_yaml(__file__, "points.yaml")
    existing_keys = set((await session.exec(select(ChannelKind.key))).all())
    for raw in data["channel_kinds"]:
        if raw["key"] not in existing_keys:
            session.add(ChannelKind.model_validate(raw))
    await session.flush()  # points refer to them
    await _load_points(session, data["points"], data["approval"], await organizations.owner_of_points(session))


async def load_demo(session: AsyncSession) -> None:
    """Load a point owned by the second demo unit."""
    data = load_yaml(__file__, "points.yaml")
    units = await organizations.demo_units(session)
    await _load_points(session, data["demo_points"], data["approval"], units.second)


async def _load_points(
    session: AsyncSession, points: list[dict[str, Any]], approval: dict[str, Any], unit: Unit
) -> None:
    act_data = approval["legal_act"]
    signed_on = date.fromisoformat(act_data["signed_on"])
    act = await legal_acts.find_act(session, LegalActKind(act_data["kind"]), act_data["number"], signed_on)
    valid_from = date.fromisoformat(approval["valid_from"])
    query = select(Point.name).where(Point.organization_id == unit.organization_id)
    existing_names = set((await session.exec(query)).all())
    for raw in points:
        if raw["name"] in existing_names:
            continue
        is_approved = raw["is_approved"] and act is not None
        point = Point.model_validate(
            {key: value for key, value in raw.items() if key != "is_approved"},
            update={
                "organization_id": unit.organization_id,
                "unit_id": unit.id,
                "status": PointStatus.APPROVED if is_approved else PointStatus.DRAFT,
                "approval_act_id": act.id if is_approved and act else None,
                "valid_from": valid_from if is_approved else None,
                "created_at": clock.now(),
            },
        )
        session.add(point)
        record_change(session, point, PointAction.CREATED, {}, None)
        if is_approved and act is not None:
            await session.flush()  # the step refers to the point
            session.add(
                PointState(
                    point_id=point.id,
                    sequence=1,
                    status=PointStatus.APPROVED,
                    effective_on=valid_from,
                    legal_act_id=act.id,
                    recorded_at=clock.now(),
                )
            )
    await session.flush()  # later loaders read the points
