"""Use cases of employees' accounts (O-2.3): an administrator creates them with roles, a unit and a password."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.db import Database
from app.core.etags import IfMatch
from app.core.schemas import apply_changes
from app.core.security import Principal
from app.core.settings import Settings
from app.identity import passwords
from app.identity.commands import NewEmployee
from app.identity.errors import EmployeeExists, EmployeeNotFound, SignInLocked, WrongPassword
from app.identity.models import Password
from app.identity.queries import load_employee, load_employee_by_username, load_visible_employee
from app.identity.roles import Role
from app.identity.service.sessions import clear_attempts, count_attempt, end_sessions, hash_secret
from app.organizations import administration
from app.organizations import service as organizations
from app.organizations.rules import PositionKind

if TYPE_CHECKING:
    from app.organizations.models import Employee


async def get_employee(session: AsyncSession, employee_id: UUID, by: Principal) -> Employee:
    """Return the employee if the caller may see them. Raises `EmployeeNotFound`."""
    row = await load_visible_employee(session, employee_id, by)
    if row is None:
        raise EmployeeNotFound
    return row


async def create_employee(session: AsyncSession, new: NewEmployee, *, password: str, by: Principal) -> Employee:
    """Create an employee with an account."""
    passwords.require_acceptable_password(password, new.username, "/password")
    await organizations.get_referenced_organization(session, new.organization_id)
    if new.unit_id is not None:
        await organizations.get_open_unit(session, new.unit_id, new.organization_id, "/unit_id")
    row = administration.add_employee(session, asdict(new))
    await session.flush()  # the password refers to the row, and a duplicate user name raises here
    await set_password(session, row, password)
    audit.record(session, by, "employee.created", "employee", row.id)
    return row


async def update_employee(
    session: AsyncSession, employee_id: UUID, changes: Mapping[str, Any], match: IfMatch, *, by: Principal
) -> Employee:
    """Change an employee. Changed rights take effect at once; disabling ends all sessions."""
    row = await get_employee(session, employee_id, by)
    if changes.get("unit_id") is not None:
        await organizations.get_open_unit(session, changes["unit_id"], row.organization_id, "/unit_id")
    match.require(row)
    changed = apply_changes(row, changes)
    if row.is_disabled:
        await end_sessions(session, row.id)
    audit.record(session, by, "employee.changed", "employee", row.id, fields=changed)
    return row


async def reset_password(
    session: AsyncSession, employee_id: UUID, password: str, match: IfMatch, *, by: Principal
) -> Employee:
    """Set a new password for an employee and end all their sessions."""
    row = await get_employee(session, employee_id, by)
    match.require(row)
    passwords.require_acceptable_password(password, row.username, "/password")
    await set_password(session, row, password)
    await end_sessions(session, row.id)
    audit.record(session, by, "employee.password_reset", "employee", row.id, fields=["password"])
    return row


async def change_password(database: Database, settings: Settings, old: str, new: str, *, by: Principal) -> None:
    """Change the caller's password and end their other sessions. Raises `WrongPassword` and `SignInLocked`.

    Like sign-in, it takes the database instead of a session: a failed attempt must be counted although the response is
    an error.
    """
    passwords.require_acceptable_password(new, by.username, "/new_password")
    account = hash_secret(f"password of {by.id}")  # a separate counter: failed sign-ins do not block password changes
    async with database.transaction() as session:
        locked = await count_attempt(session, settings, account)
        known = (await session.exec(select(Password.hash).where(Password.employee_id == by.id))).first()
    if locked is not None:
        raise SignInLocked(locked)
    if not await passwords.verify_password(old, known):
        raise WrongPassword
    async with database.transaction() as session:
        row = await load_own_employee(session, by)
        unchanged = select(Password.id).where(Password.employee_id == row.id, Password.hash == known).with_for_update()
        if (await session.exec(unchanged)).first() is None:  # the password was reset during the verification
            raise WrongPassword
        await clear_attempts(session, account)
        await set_password(session, row, new)
        await end_sessions(session, row.id, exclude=by.session_id)
        audit.record(session, by, "employee.password_changed", "employee", row.id, fields=["password"])


async def load_own_employee(session: AsyncSession, by: Principal) -> Employee:
    """Load the caller's own employee row. Raises `EmployeeNotFound`."""
    row = await load_employee(session, by.id)
    if row is None:
        raise EmployeeNotFound
    return row


async def set_password(session: AsyncSession, employee: Employee, password: str) -> None:
    """Store the hash of a validated password."""
    known = (await session.exec(select(Password).where(Password.employee_id == employee.id))).first()
    row = known or Password(employee_id=employee.id, hash="", changed_at=clock.now())
    row.hash, row.changed_at = await passwords.hash_password(password), clock.now()
    session.add(row)


async def create_admin(session: AsyncSession, username: str, password: str, *, name: str) -> Employee:
    """Create an administrator from the command line. Raises `EmployeeExists`."""
    passwords.require_acceptable_password(password, username, "/password")
    if await load_employee_by_username(session, username) is not None:
        raise EmployeeExists
    ministry = await organizations.get_ministry(session)
    values = {
        "organization_id": ministry.id,
        "username": username,
        "name": name,
        "position_kind": PositionKind.CIVIL_SERVANT,
        "roles": [Role.ADMIN.value],
    }
    row = administration.add_employee(session, values)
    await session.flush()  # the password refers to the row
    await set_password(session, row, password)
    audit.record(session, None, "employee.created", "employee", row.id, fallback_actor="service")
    return row
