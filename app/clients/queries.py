"""Selects of clients."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.clients.models import Client, ClientContact, ClientRepresentative, ContactOwner


def same_clients(client_id: UUID) -> sa.CompoundSelect[Any]:
    """Select the ids of the cards that are the same client: itself, and those with one of its contacts.

    The contacts are found by index, in the client's organization only. A representative's contacts do not count.
    Cards that share a contact with a third one, but not with each other, are not the same.
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
    """Select clients with their representatives and contacts: a row for each contact, in the order given."""
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
