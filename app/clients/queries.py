"""Queries of clients."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.clients.models import Client, ClientContact, ClientRepresentative, ContactOwner


def same_clients(client_id: UUID) -> sa.CompoundSelect[Any]:
    """Return the query of the ids of the cards of one client: the card and those with a common contact.

    The query uses an index and is limited to the organization of the client. Contacts of representatives do not count.
    Two cards without a common contact are different clients, even if each shares a contact with a third one.
    """
    own, other = aliased(ClientContact), aliased(ClientContact)
    card, other_card = aliased(Client), aliased(Client)
    is_same_contact = sa.and_(
        col(other.kind) == own.kind,
        col(other.normalized_value) == own.normalized_value,
        col(other.owner) == ContactOwner.CLIENT,
    )
    is_same_organization = sa.and_(
        col(card.id) == own.client_id, col(card.organization_id) == other_card.organization_id
    )
    shared = (
        sa.select(col(other.client_id))
        .select_from(own)
        .join(other, is_same_contact)
        .join(other_card, col(other_card.id) == other.client_id)
        .join(card, is_same_organization)
        .where(col(own.client_id) == client_id, col(own.owner) == ContactOwner.CLIENT)
    )
    return sa.select(col(Client.id)).where(col(Client.id) == client_id).union(shared)


def cards(client_ids: Iterable[UUID]) -> Any:
    """Return the query of clients with their representatives and contacts, one row per contact, in order."""
    return (
        sa.select(
            col(Client.id),
            col(Client.kind),
            col(Client.name),
            col(ClientRepresentative.name).label("representative"),
            col(ClientRepresentative.authority),
            col(ClientContact.owner),
            col(ClientContact.kind).label("contact_kind"),
            col(ClientContact.value),
        )
        .outerjoin(ClientRepresentative, col(ClientRepresentative.client_id) == Client.id)
        .outerjoin(ClientContact, col(ClientContact.client_id) == Client.id)
        .where(col(Client.id).in_(set(client_ids)))
        .order_by(col(Client.id), col(ClientContact.position))
    )
