"""Employees and API clients of the tests, as database rows and as principals."""

from dataclasses import dataclass, replace
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import example_ids
from app.core.ids import new_id
from app.core.security import Principal
from app.identity.roles import Role
from app.interaction_points.models import Point
from app.organizations import reference
from app.organizations.models import Employee
from app.organizations.rules import PositionKind
from tests.conftest import principal


@dataclass(frozen=True, slots=True)
class People:
    """A caller of every role in the first demo unit's organization, and the operator and head of another unit.

    The operator and the head have the ids used in the examples of the API.
    """

    admin: Principal
    operator: Principal
    colleague: Principal
    unit_head: Principal
    other_operator: Principal
    other_head: Principal
    client_centricity: Principal
    press: Principal
    integration: Principal
    point_id: UUID
    """The first unit's VK page, granted to the integration."""
    other_point_id: UUID
    """A point of the second unit, granted to no API client."""

    def of(self, role: str) -> Principal:
        """Return the caller of a role."""
        caller: Principal = getattr(self, role)
        return caller


async def make_people(session: AsyncSession) -> People:
    """Create the rows of all callers in the current transaction."""
    units = await reference.demo_units(session)

    async def employee(role: Role, unit_id: UUID | None, fixed_id: str | None = None) -> Principal:
        row = Employee(
            id=UUID(fixed_id) if fixed_id else new_id(),
            organization_id=units.first.organization_id,
            unit_id=unit_id,
            username=f"test.{new_id().hex[-12:]}",
            name=f"Сотрудник {role}",
            position_kind=PositionKind.CIVIL_SERVANT,
            roles=[role.value],
        )
        session.add(row)
        await session.flush()
        return principal(role, unit_id=unit_id, id=row.id, username=row.username, organization_id=row.organization_id)

    points = {point.channel: point for point in (await session.exec(select(Point))).all()}
    client = principal(Role.INTEGRATION, id=new_id(), username=f"client.{new_id().hex[-12:]}")
    first, second = units.first.id, units.second.id
    return People(
        admin=await employee(Role.ADMIN, None),
        operator=await employee(Role.OPERATOR, first, example_ids.OPERATOR),
        colleague=await employee(Role.OPERATOR, first),
        unit_head=await employee(Role.UNIT_HEAD, first, example_ids.HEAD),
        other_operator=await employee(Role.OPERATOR, second),
        other_head=await employee(Role.UNIT_HEAD, second),
        client_centricity=await employee(Role.CLIENT_CENTRICITY, units.centricity.id),
        press=await employee(Role.PRESS, units.press.id),
        integration=replace(client, point_ids=frozenset({points["vk"].id})),
        point_id=points["vk"].id,
        other_point_id=points["email"].id,
    )
