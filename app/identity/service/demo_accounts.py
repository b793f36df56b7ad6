"""Accounts of the demo profile; other profiles never have them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.ids import new_id
from app.identity.models import ApiClient
from app.identity.queries import load_employee_by_username
from app.identity.service.clients import set_granted_points
from app.identity.service.employees import set_password
from app.identity.service.sessions import hash_secret
from app.organizations import administration
from app.organizations import service as organizations
from app.organizations.rules import PositionKind


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """A demo account of an employee."""

    username: str
    password: str
    name: str
    role: str
    unit_id: UUID | None
    id: UUID | None = None
    """A fixed id for accounts that the API's examples refer to."""


@dataclass(frozen=True, slots=True)
class DemoClient:
    """The demo API client."""

    client_id: str
    client_secret: str
    name: str
    point_ids: Sequence[UUID]


async def load_demo_accounts(session: AsyncSession, accounts: Sequence[DemoAccount], *, renew: bool) -> None:
    """Create missing accounts; `renew` also resets the passwords of existing ones."""
    ministry = await organizations.get_ministry(session)
    for account in accounts:
        row = await load_employee_by_username(session, account.username)
        if row is not None and not renew:
            continue
        if row is None:
            values = {
                "id": account.id or new_id(),
                "organization_id": ministry.id,
                "unit_id": account.unit_id,
                "username": account.username,
                "name": account.name,
                "position_kind": PositionKind.CIVIL_SERVANT,
                "roles": [account.role],
            }
            row = administration.add_employee(session, values)
            await session.flush()  # the password refers to the row
        await set_password(session, row, account.password)


async def load_demo_client(session: AsyncSession, client: DemoClient, *, renew: bool) -> None:
    """Create the API client if it is missing; `renew` also resets the secret and the points of an existing one."""
    row = (await session.exec(select(ApiClient).where(ApiClient.client_id == client.client_id))).first()
    if row is not None and not renew:
        return
    if row is None:
        row = ApiClient(client_id=client.client_id, name=client.name, secret_hash="", created_at=clock.now())
        session.add(row)
    row.secret_hash = hash_secret(client.client_secret)
    await session.flush()  # the grants refer to the row
    await set_granted_points(session, row, client.point_ids)
