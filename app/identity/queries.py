"""Queries of identity: running substitutions, heads of units, and current rights of employees."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.identity.models import Substitution
from app.identity.roles import Role, scopes_of
from app.organizations.models import Employee


@dataclass(frozen=True, slots=True)
class Rights:
    """The current roles of an employee, including those of a head they substitute for."""

    roles: frozenset[str]
    acts_for: UUID | None
    """The head they substitute for."""

    @property
    def scopes(self) -> frozenset[str]:
        """All scopes of the roles."""
        return scopes_of(self.roles)


def is_running_on(day: date) -> ColumnElement[bool]:
    """Build the condition for substitutions in force on a day; a cancelled one ends with the day before."""
    return sa.and_(
        col(Substitution.starts_on) <= day,
        col(Substitution.ends_on) >= day,
        sa.or_(col(Substitution.cancelled_at).is_(None), col(Substitution.cancelled_at) >= clock.day_ends_before(day)),
    )


async def load_running_substitution(session: AsyncSession, unit_id: UUID) -> Substitution | None:
    """Load the substitution of the unit's head that is in force today.

    It has no effect once the head leaves the unit or loses the head's role. A disabled account does not end it, because
    heads are absent while a deputy substitutes for them.
    """
    query = (
        select(Substitution, Employee)
        .join(Employee, col(Employee.id) == col(Substitution.head_id))
        .where(Substitution.unit_id == unit_id, Employee.unit_id == unit_id, is_running_on(clock.today()))
    )
    rows = (await session.exec(query)).all()
    return next((running for running, head in rows if Role.UNIT_HEAD in head.roles), None)


async def load_rights(session: AsyncSession, employee: Employee) -> Rights:
    """Load the current roles of an employee: their own, and the head's while they substitute for one."""
    own = frozenset(employee.roles)
    if employee.unit_id is None or Role.UNIT_HEAD in own:
        return Rights(own, None)
    running = await load_running_substitution(session, employee.unit_id)
    if running is None or running.deputy_id != employee.id:
        return Rights(own, None)
    return Rights(own | {Role.UNIT_HEAD.value}, running.head_id)


async def load_heads(session: AsyncSession, unit_id: UUID) -> Set[UUID]:
    """Return the ids of the unit's heads today, including a running deputy; disabled accounts are left out."""
    query = select(Employee).where(Employee.unit_id == unit_id, col(Employee.is_disabled).is_(False))
    running = await load_running_substitution(session, unit_id)
    deputy_id = running.deputy_id if running else None
    employees = (await session.exec(query)).all()
    return {row.id for row in employees if Role.UNIT_HEAD in row.roles or row.id == deputy_id}
