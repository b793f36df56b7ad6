"""Sign-in with the real resolver, on accounts that a test makes."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest_asyncio
from fastapi import FastAPI

from app.core.scopes import Role
from app.identity.service.demo import DemoAccount, DemoClient, load_demo_accounts, load_demo_client
from app.interaction_points import service as points
from app.organizations import reference
from tests.conftest import JoinedDatabase

PASSWORD = "правильный пароль из слов"
SECRET = "a-client-secret-of-tests~1234567890"


@dataclass
class Door:
    """An HTTP client with accounts `anna` (operator), `boris` (head), `vera` (admin) and the client `platform`."""

    http: httpx.AsyncClient

    async def token(self, **form: str) -> httpx.Response:
        """Ask for tokens."""
        return await self.http.post("/auth/token", data=form)

    async def sign_in(self, username: str = "anna") -> dict[str, str]:
        """Tokens of an account."""
        answer = await self.token(grant_type="password", username=username, password=PASSWORD)
        assert answer.status_code == 200, answer.text
        told: dict[str, str] = answer.json()
        return told

    async def me(self, access_token: str) -> httpx.Response:
        """Who the token belongs to."""
        return await self.http.get("/auth/me", headers=bearer(access_token))


def bearer(token: str) -> dict[str, str]:
    """Headers of a token."""
    return {"Authorization": f"Bearer {token}"}


@pytest_asyncio.fixture
async def door(application: FastAPI, database: JoinedDatabase) -> AsyncIterator[Door]:
    """The application with its real resolver, in the test's transaction."""
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
    kept = application.state.database
    application.state.database = database
    transport = httpx.ASGITransport(application, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://service/api/v1") as http:
        yield Door(http)
    application.state.database = kept
