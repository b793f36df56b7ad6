"""Registration, loading and matching of clients, on both databases."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.clients import service as clients
from app.clients.models import Client, ClientContact
from app.clients.rules import ClientCard, ClientKind, Contact, Representative
from app.core.db import Database
from app.core.ids import new_id
from app.organizations.models import Organization
from tests.conftest import settings_for


def card(name: str, *values: str, kind: str = "vk") -> ClientCard:
    return ClientCard(ClientKind.INDIVIDUAL, name, tuple(Contact(kind, value) for value in values))


async def organizations(session: AsyncSession) -> list[UUID]:
    """Return the ministry and another organization."""
    ministry = (await session.exec(select(Organization).limit(1))).one()
    other = Organization.model_validate(
        ministry.model_dump() | {"id": new_id(), "key": new_id().hex, "name": new_id().hex}
    )
    session.add(other)
    await session.flush()
    return [ministry.id, other.id]


@pytest.mark.order("O-2.2")
async def test_a_client_is_loaded_as_given_and_an_equal_card_is_stored_once(session: AsyncSession) -> None:
    here, there, *_ = await organizations(session)
    acting = Representative("Анна", "Доверенность", (Contact("email", "A@x.example"),))
    client_card = ClientCard(
        ClientKind.LEGAL_ENTITY,
        "ООО «Ромашка»",
        (Contact("phone", "8 913 123-45-67"), Contact("phone", "+79131234567"), Contact("phone", "8 913 123-45-67")),
        acting,
    )
    first = await clients.register_client(session, client_card, organization_id=here)
    assert await clients.register_client(session, client_card, organization_id=here) == first
    assert await clients.register_client(session, client_card, organization_id=there) != first
    assert await clients.load_client(session, first) == client_card


@pytest.mark.order("O-2.2", "O-2.5")
async def test_a_contact_in_common_makes_one_client_and_nothing_is_merged(session: AsyncSession) -> None:
    here, there, *_ = await organizations(session)
    vk, mail = f"id{new_id().hex}", f"{new_id().hex}@x.example"

    async def registered(client_card: ClientCard, organization_id: UUID = here) -> UUID:
        return await clients.register_client(session, client_card, organization_id=organization_id)

    one, other = await registered(card("Иван", vk)), await registered(card("Пётр", mail))
    both = await registered(card("Иван П.", vk.upper(), mail))
    elsewhere = await registered(card("Иван", vk), there)
    of_other_kind = await registered(card("Иван", vk, kind="ok"))
    acting = Representative("Иван", "Доверенность", (Contact("vk", vk),))
    represented = await registered(ClientCard(ClientKind.INDIVIDUAL, "Анна", (Contact("vk", new_id().hex),), acting))
    assert await clients.find_same_clients(session, one) == {one, both}
    assert await clients.find_same_clients(session, other) == {other, both}
    assert await clients.find_same_clients(session, both) == {one, other, both}
    for alone in (elsewhere, of_other_kind, represented):
        assert await clients.find_same_clients(session, alone) == {alone}
    loaded = await clients.load_clients(session, [one, other, both])
    assert [loaded[client_id].name for client_id in (one, other, both)] == ["Иван", "Пётр", "Иван П."]


async def test_a_client_without_contacts_matches_no_other(session: AsyncSession) -> None:
    here, *_ = await organizations(session)
    first, second = [await clients.register_client(session, card("Иван"), organization_id=here) for _ in range(2)]
    assert first != second
    assert await clients.find_same_clients(session, first) == {first}
    await clients.discard_client(session, first)
    assert await clients.load_clients(session, [first, second]) == {second: card("Иван")}
    shared = await clients.register_client(session, card("Иван", new_id().hex), organization_id=here)
    await clients.discard_client(session, shared)
    assert await clients.load_clients(session, [shared]), "another message may use it"


async def test_many_clients_are_loaded_in_one_statement(
    session: AsyncSession, count_queries: Callable[[], int]
) -> None:
    here, *_ = await organizations(session)
    ids = [
        await clients.register_client(session, card("Иван", new_id().hex, new_id().hex), organization_id=here)
        for _ in range(20)
    ]
    count_queries()
    assert len(await clients.load_clients(session, ids)) == 20
    assert count_queries() == 1


async def test_equal_cards_registered_concurrently_are_one_client(fresh_database: str, tmp_path: Path) -> None:
    database = Database(settings_for(fresh_database, tmp_path))
    client_card = card("Иван", new_id().hex)

    async def register() -> UUID:
        async with database.transaction() as session:
            here = (await session.exec(select(Organization.id).limit(1))).one()
            client_id = await clients.register_client(session, client_card, organization_id=here)
            await asyncio.sleep(0.05)
            return client_id

    assert len(set(await asyncio.gather(*[register() for _ in range(5)]))) == 1
    async with database.transaction() as session:
        assert (await session.exec(select(func.count()).select_from(Client))).one() == 1
        assert (await session.exec(select(func.count()).select_from(ClientContact))).one() == 1
    await database.close()
