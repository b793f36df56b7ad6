"""Reference and demo data of organizations; missing rows are inserted, existing rows are never overwritten."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.data_files import load_yaml
from app.core.ids import new_id
from app.organizations.models import Municipality, Organization, Topic, Unit
from app.organizations.service import get_ministry


@dataclass(frozen=True, slots=True)
class DemoUnits:
    """The units of the demo accounts."""

    first: Unit
    second: Unit
    centricity: Unit
    press: Unit


async def load_reference(session: AsyncSession) -> None:
    """Load the ministry, the unit that owns its official pages, and the municipalities with their predecessors."""
    data = load_yaml(__file__, "organizations.yaml")
    if (await session.exec(select(Organization).where(Organization.key == data["ministry"]["key"]))).first() is None:
        session.add(Organization.model_validate(data["ministry"]))
        await session.flush()  # the unit refers to the row
    await _get_or_create_unit(session, data["owner_of_points"])
    known = set((await session.exec(select(Municipality.oktmo))).all())
    for raw in load_yaml(__file__, "municipalities.yaml")["municipalities"]:
        if raw["oktmo"] not in known:
            days = {name: date.fromisoformat(raw[name]) if raw[name] else None for name in ("valid_from", "valid_to")}
            session.add(Municipality.model_validate(raw, update=days))


async def load_demo(session: AsyncSession) -> None:
    """Load the demo units with their topics."""
    for raw in load_yaml(__file__, "demo.yaml")["units"]:
        unit = await _get_or_create_unit(session, raw)
        known = set((await session.exec(select(Topic.name).where(Topic.unit_id == unit.id))).all())
        for topic in raw["topics"]:
            if topic["name"] not in known:
                session.add(Topic.model_validate(topic, update={"unit_id": unit.id}))


async def demo_units(session: AsyncSession) -> DemoUnits:
    """Return the demo units by their role in the demo."""
    data = load_yaml(__file__, "demo.yaml")
    return DemoUnits(**{raw["role"]: await _get_or_create_unit(session, raw) for raw in data["units"]})


async def owner_of_points(session: AsyncSession) -> Unit:
    """Return the unit that owns the official pages."""
    return await _get_or_create_unit(session, load_yaml(__file__, "organizations.yaml")["owner_of_points"])


async def _get_or_create_unit(session: AsyncSession, raw: dict[str, Any]) -> Unit:
    ministry = await get_ministry(session)
    query = select(Unit).where(Unit.organization_id == ministry.id, Unit.name == raw["name"])
    unit = (await session.exec(query)).first()
    if unit is None:
        centricity = raw.get("is_client_centricity", False)
        unit_id = UUID(raw["id"]) if "id" in raw else new_id()
        unit = Unit(id=unit_id, organization_id=ministry.id, name=raw["name"], is_client_centricity=centricity)
        session.add(unit)
        await session.flush()  # topics and points refer to the row
    return unit
