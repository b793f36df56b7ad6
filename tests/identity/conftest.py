"""Fixtures of sign-in with the real token resolver."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest_asyncio
from fastapi import FastAPI

from app.core.security import Principal
from app.identity.roles import Role
from app.identity.service.demo_accounts import DemoAccount, DemoClient, load_demo_accounts, load_demo_client
from app.identity.service.employees import set_password
from app.interaction_points import service as points
from app.organizations import reference
from app.organizations.models import Employee
from tests.callers import People
from tests.conftest import Api, JoinedDatabase

PASSWORD = "правильный пароль из слов"
SECRET = "a-client-secret-of-tests~1234567890"


@dataclass
class Door:
    """An HTTP client with accounts `anna` (operator), `boris` (head), `vera` (admin) and the client `platform`."""

    http: httpx.AsyncClient

    async def token(self, **form: str) -> httpx.Response:
        """Request tokens."""
        return await self.http.post("/auth/token", data=form)

    async def sign_in(self, username: str = "anna") -> dict[str, str]:
        """Sign an employee in and return the tokens."""
        response = await self.token(grant_type="password", username=username, password=PASSWORD)
        assert response.status_code == 200, response.text
        payload: dict[str, str] = response.json()
        return payload

    async def me(self, access_token: str) -> httpx.Response:
        """Get the caller of a token."""
        return await self.http.get("/auth/me", headers=bearer(access_token))


def bearer(token: str) -> dict[str, str]:
    """Return the headers with a token."""
    return {"Authorization": f"Bearer {token}"}


@pytest_asyncio.fixture
async def door(application: FastAPI, database: JoinedDatabase) -> AsyncIterator[Door]:
    """Yield a client of the application with its real resolver, in the test's transaction."""
    async with database.transaction() as session:
        units = await reference.demo_units(session)
        accounts = [
            DemoAccount("anna", PASSWORD, "Анна", Role.OPERATOR, units.first.id),
            DemoAccount("boris", PASSWORD, "Борис", Role.UNIT_HEAD, units.first.id),
            DemoAccount("vera", PASSWORD, "Вера", Role.ADMIN, None),
        ]
        await load_demo_accounts(session, accounts, renew=True)
        granted = [point.id for point in await points.list_approved_points(session)]
        await load_demo_client(session, DemoClient("platform", SECRET, "Платформа", granted), renew=True)
    original = application.state.database
    application.state.database = database
    transport = httpx.ASGITransport(application, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://service/api/v1") as http:
        yield Door(http)
    application.state.database = original


class SignedIn(Api):
    """A client of the application with its real resolver, for employees signed in with a password."""

    tokens: dict[str, str]

    def as_(self, principal: Principal) -> dict[str, str]:
        """Return the headers with the employee's first token."""
        return bearer(self.tokens[principal.username])

    async def sign_in(self, principal: Principal, **more: str) -> dict[str, Any]:
        """Sign in again and return new tokens."""
        form = {"grant_type": "password", "username": principal.username, "password": PASSWORD, **more}
        response = await self.post("/api/v1/auth/token", data=form)
        assert response.status_code == 200, response.text
        payload: dict[str, Any] = response.json()
        return payload

    async def me(self, principal: Principal) -> dict[str, Any]:
        """Return the current caller of the employee's first token."""
        response = await self.get("/api/v1/auth/me", headers=self.as_(principal))
        assert response.status_code == 200, response.text
        payload: dict[str, Any] = response.json()
        return payload


@pytest_asyncio.fixture
async def signed_in(application: FastAPI, database: JoinedDatabase, people: People) -> AsyncIterator[SignedIn]:
    """Yield a client with the unit's employees, another unit's head and the administrator signed in."""
    callers = (people.operator, people.colleague, people.unit_head, people.other_head, people.admin)
    async with database.transaction() as session:
        for caller in callers:
            await set_password(session, await session.get_one(Employee, caller.id), PASSWORD)
    original = application.state.database
    application.state.database = database
    transport = httpx.ASGITransport(application, client=("127.0.0.1", 1))
    async with SignedIn(transport=transport, base_url="http://service") as client:
        client.tokens = {caller.username: (await client.sign_in(caller))["access_token"] for caller in callers}
        yield client
    application.state.database = original
