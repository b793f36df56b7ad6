"""The demo profile: generated secrets in the var folder, and accounts of every role that are printed once."""

import json
import os
import secrets
import string
from pathlib import Path
from typing import TYPE_CHECKING, TextIO
from uuid import UUID

from pydantic import BaseModel, SecretStr
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import example_ids
from app.core.settings import Settings
from app.identity.roles import Role
from app.identity.service.demo_accounts import DemoAccount, DemoClient, load_demo_accounts, load_demo_client
from app.interaction_points import service as points
from app.organizations import reference

if TYPE_CHECKING:
    from app.organizations.models import Unit

CLIENT_ID = "demo-platform"
FIXED_IDS = {"operator": UUID(example_ids.OPERATOR), "head": UUID(example_ids.HEAD)}
"""Ids of the accounts that the API's examples refer to."""
PASSWORD_ALPHABET = string.ascii_letters + string.digits


class Account(BaseModel):
    """An employee's account in the accounts file."""

    role: str
    unit: str | None
    username: str
    password: str


class Client(BaseModel):
    """An API client in the accounts file."""

    role: str
    client_id: str
    client_secret: str


class Accounts(BaseModel):
    """All accounts and API clients of the demo."""

    accounts: list[Account]
    clients: list[Client]


def _read_or_create(path: Path, text: str) -> str:
    """Return the content of a private file, created with `text` if missing; of concurrent processes one creates it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="utf-8")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return text


def add_secrets(settings: Settings) -> Settings:
    """Return the settings with a generated secret key if none is set; identity generates the signing key."""
    if settings.secret_key.get_secret_value():
        return settings
    key = _read_or_create(settings.var_dir / "secret-key", secrets.token_urlsafe(48))
    return settings.model_copy(update={"secret_key": SecretStr(key)})


def _generate_password() -> str:
    return "".join(secrets.choice(PASSWORD_ALPHABET) for _ in range(20))


def list_demo_accounts(
    first: "Unit", second: "Unit", centricity: "Unit", press: "Unit"
) -> list[tuple[Role, "Unit | None", str, str]]:
    """Return role, unit, user name and name of each demo account."""
    return [
        (Role.ADMIN, None, "admin", "Администратор Анна Андреевна"),
        (Role.OPERATOR, first, "operator", "Операторова Ольга Олеговна"),
        (Role.OPERATOR, second, "operator2", "Ответов Олег Орестович"),
        (Role.UNIT_HEAD, first, "head", "Начальникова Надежда Николаевна"),
        (Role.UNIT_HEAD, second, "head2", "Руководителев Роман Русланович"),
        (Role.CLIENT_CENTRICITY, centricity, "centricity", "Клиентова Ксения Кирилловна"),
        (Role.PRESS, press, "press", "Прессова Полина Павловна"),
    ]


async def create_accounts(session: AsyncSession, saved: Accounts | None) -> Accounts:
    """Create the demo accounts with the passwords of the accounts file, or with new passwords if there is no file."""
    units = await reference.demo_units(session)
    expected = list_demo_accounts(units.first, units.second, units.centricity, units.press)
    accounts = (
        saved.accounts
        if saved
        else [
            Account(role=role, unit=unit.name if unit else None, username=username, password=_generate_password())
            for role, unit, username, _ in expected
        ]
    )
    await load_demo_accounts(
        session,
        [
            DemoAccount(
                a.username,
                a.password,
                name,
                role,
                unit.id if unit else None,
                FIXED_IDS.get(a.username),
            )
            for a, (role, unit, _, name) in zip(accounts, expected, strict=True)
        ],
        renew=saved is None,
    )
    client = (
        saved.clients[0]
        if saved
        else Client(role=Role.INTEGRATION, client_id=CLIENT_ID, client_secret=secrets.token_urlsafe(32))
    )
    granted = [point.id for point in await points.list_approved_points(session)]
    await load_demo_client(
        session,
        DemoClient(
            client_id=client.client_id,
            client_secret=client.client_secret,
            name="Платформа обратной связи (демо)",
            point_ids=granted,
        ),
        renew=saved is None,
    )
    return Accounts(accounts=accounts, clients=[client])


def read_accounts(path: Path) -> Accounts | None:
    """Return the accounts of the file, or None if it is missing or invalid."""
    try:
        return Accounts.model_validate_json(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None


def write_accounts(path: Path, accounts: Accounts, base_url: str) -> None:
    """Write the accounts file atomically, readable by its owner only."""
    temporary = path.with_suffix(".draft")
    temporary.unlink(missing_ok=True)
    _read_or_create(
        temporary, json.dumps({"base_url": base_url, **accounts.model_dump()}, ensure_ascii=False, indent=1)
    )
    temporary.replace(path)


def print_accounts(accounts: Accounts, base_url: str, out: TextIO) -> None:
    """Print the accounts."""
    out.write(f"\nDemo accounts of {base_url} (printed once; saved in the accounts file):\n")
    for account in accounts.accounts:
        out.write(f"  {account.role:<18} {account.username:<12} {account.password}  {account.unit or ''}\n")
    for client in accounts.clients:
        out.write(f"  {client.role:<18} {client.client_id}  {client.client_secret}\n\n")
