"""Use cases of clients: registration, loading, matching, masking."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.clients import queries
from app.clients.models import Client, ClientContact, ClientRepresentative, ContactOwner
from app.clients.rules import (
    ClientCard,
    ClientKind,
    Contact,
    Representative,
    compute_content_hash,
    mask_client,
    normalize_contact,
)
from app.core.db import build_insert
from app.core.ids import new_id

__all__ = [
    "ClientCard",
    "ClientKind",
    "Contact",
    "Representative",
    "discard_client",
    "find_same_clients",
    "load_client",
    "load_clients",
    "mask_texts",
    "register_client",
]


async def register_client(session: AsyncSession, card: ClientCard, *, organization_id: UUID) -> UUID:
    """Return the id of the client with this card in the organization; create the client if needed.

    Existing clients are neither changed nor merged, even if the contacts of the card match several of them. Of two
    concurrent transactions with equal cards the second waits for the first and uses its client. A transaction that
    registers several cards must therefore do so in the order of their content hashes.
    """
    client_id, content_hash = new_id(), compute_content_hash(card)
    table = sa.inspect(Client).local_table
    row = {
        "id": client_id,
        "organization_id": organization_id,
        "kind": card.kind,
        "name": card.name,
        "content_hash": content_hash,
    }
    insert = build_insert(session, table).values(row)
    insert = insert.on_conflict_do_nothing(index_elements=["organization_id", "content_hash"])
    if (await session.exec(insert.returning(table.c.id))).first() is None:
        known = select(Client.id).where(
            Client.organization_id == organization_id, col(Client.content_hash) == content_hash
        )
        return (await session.exec(known)).one()
    if contacts := _to_contact_rows(client_id, card):
        await session.exec(build_insert(session, sa.inspect(ClientContact).local_table).values(contacts))
    if card.representative is not None:
        representative = ClientRepresentative(
            client_id=client_id, name=card.representative.name, authority=card.representative.authority
        )
        statement = build_insert(session, sa.inspect(ClientRepresentative).local_table)
        await session.exec(statement.values(representative.model_dump()))
    return client_id


def _to_contact_rows(client_id: UUID, card: ClientCard) -> list[dict[str, Any]]:
    owners = [(ContactOwner.CLIENT, card.contacts)]
    if card.representative is not None:
        owners.append((ContactOwner.REPRESENTATIVE, card.representative.contacts))
    return [
        {
            "id": new_id(),
            "client_id": client_id,
            "owner": owner,
            "position": position,
            "kind": contact.kind,
            "value": contact.value,
            "normalized_value": normalize_contact(contact.kind, contact.value),
        }
        for owner, contacts in owners
        for position, contact in enumerate(contacts, 1)
    ]


async def discard_client(session: AsyncSession, client_id: UUID) -> None:
    """Delete a client whose message was not stored, unless it has contacts and may be in use."""
    client = select(Client.id).where(Client.id == client_id, col(Client.content_hash).is_(None))
    if (await session.exec(client)).first() is None:
        return
    for table in (ClientContact, ClientRepresentative):
        await session.exec(sa.delete(table).where(col(table.client_id) == client_id))
    await session.exec(sa.delete(Client).where(col(Client.id) == client_id))


async def load_clients(session: AsyncSession, client_ids: Iterable[UUID]) -> dict[UUID, ClientCard]:
    """Return the cards of clients by id, in one statement."""
    connection = await session.connection()
    rows = (await connection.execute(queries.cards(client_ids))).all()
    return {client_id: _to_card(list(group)) for client_id, group in groupby(rows, key=lambda row: row.id)}


async def load_client(session: AsyncSession, client_id: UUID) -> ClientCard:
    """Return the card of a client."""
    return (await load_clients(session, [client_id]))[client_id]


def _to_card(rows: Sequence[Any]) -> ClientCard:
    """Build a card from its rows, one for each contact."""
    contacts = {
        owner: tuple(Contact(row.contact_kind, row.value) for row in rows if row.owner is owner)
        for owner in ContactOwner
    }
    first = rows[0]
    representative = None
    if first.representative is not None:
        representative = Representative(first.representative, first.authority, contacts[ContactOwner.REPRESENTATIVE])
    return ClientCard(first.kind, first.name, contacts[ContactOwner.CLIENT], representative)


async def find_same_clients(session: AsyncSession, client_id: UUID) -> set[UUID]:
    """Return the ids of the cards of one client: the card and those with a common contact."""
    connection = await session.connection()
    return set((await connection.execute(queries.same_clients(client_id))).scalars())


async def mask_texts(session: AsyncSession, client_id: UUID, texts: Iterable[str]) -> list[str]:
    """Mask the names and contacts of a client and the representative and other personal data in texts."""
    card = await load_client(session, client_id)
    return [mask_client(text, card) for text in texts]
