"""Queries of identity: accounts, API clients with their grants, substitutions, and current rights of employees."""

from collections import defaultdict
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.core import clock
from app.core.security import Principal
from app.identity.models import ApiClient, ApiClientPoint, Password, Substitution
from app.identity.roles import Role, scopes_of
from app.identity.schemas import ApiClientRead
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


EMPLOYEE_ORDER = (col(Employee.id),)
"""The order of a list of employees."""


def select_employees(
    by: Principal, unit_id: UUID | None = None, is_disabled: bool | None = None
) -> SelectOfScalar[Employee]:
    """Select the employees that the caller may see: all for an administrator, else those of the own organization."""
    query = select(Employee)
    if Role.ADMIN not in by.roles:
        query = query.where(Employee.organization_id == by.organization_id)
    if unit_id is not None:
        query = query.where(Employee.unit_id == unit_id)
    return query if is_disabled is None else query.where(Employee.is_disabled == is_disabled)


async def load_visible_employee(session: AsyncSession, employee_id: UUID, by: Principal) -> Employee | None:
    """Load an employee that the caller may see; None if there is none."""
    return (await session.exec(select_employees(by).where(Employee.id == employee_id))).first()


async def load_employee(session: AsyncSession, employee_id: UUID | None) -> Employee | None:
    """Load an employee, also a disabled one; None if there is none."""
    return None if employee_id is None else await session.get(Employee, employee_id)


async def load_employee_by_username(session: AsyncSession, username: str) -> Employee | None:
    """Load an employee by user name, also a disabled one; None if there is none."""
    return (await session.exec(select(Employee).where(Employee.username == username))).first()


async def load_employee_by_subject(session: AsyncSession, subject: str) -> Employee | None:
    """Load an employee by the `sub` claim of the ministry's identity provider; None if there is none."""
    return (await session.exec(select(Employee).where(Employee.external_subject == subject))).first()


async def is_account_unchanged(session: AsyncSession, employee_id: UUID, known_hash: str | None) -> bool:
    """Return whether the verified password is still the employee's and the account is enabled.

    The rows are locked, so that a concurrent password reset or disabling finds the new session and ends it.
    """
    query = (
        select(Password.id)
        .join(Employee, col(Employee.id) == col(Password.employee_id))
        .where(Employee.id == employee_id, col(Employee.is_disabled).is_(False), Password.hash == known_hash)
        .with_for_update(read=True)
    )
    return (await session.exec(query)).first() is not None


def select_clients() -> SelectOfScalar[ApiClient]:
    """Select all API clients."""
    return select(ApiClient)


async def read_client(session: AsyncSession, row: ApiClient) -> ApiClientRead:
    """Return an API client with its grants as an API object."""
    return (await read_clients(session, [row]))[0]


async def read_clients(session: AsyncSession, rows: Sequence[ApiClient]) -> list[ApiClientRead]:
    """Return API clients as API objects; the grants of all are loaded by one query."""
    grants: dict[UUID, list[UUID]] = defaultdict(list)
    query = select(ApiClientPoint).where(col(ApiClientPoint.api_client_id).in_([row.id for row in rows]))
    for granted in (await session.exec(query.order_by(col(ApiClientPoint.point_id)))).all():
        grants[granted.api_client_id].append(granted.point_id)
    own = {"roles": [Role.INTEGRATION.value]}
    return [ApiClientRead.model_validate(row.model_dump() | own | {"point_ids": grants[row.id]}) for row in rows]


def select_substitutions(by: Principal, on_date: date | None = None) -> SelectOfScalar[Substitution]:
    """Select the substitutions that the caller may see: all for an administrator, else those of the own unit."""
    query = select(Substitution)
    if Role.ADMIN not in by.roles:
        query = query.where(Substitution.unit_id == by.unit_id if by.unit_id is not None else sa.false())
    return query if on_date is None else query.where(is_running_on(on_date))


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
