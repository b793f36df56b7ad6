"""Tables of clients, their contacts and representatives."""

from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.clients.rules import MAX_LENGTH, ClientKind
from app.core.db import Table, enum_column, length_check


class ContactOwner(StrEnum):
    """Owners of contacts. Only the contacts of the client identify the client."""

    CLIENT = "client"
    REPRESENTATIVE = "representative"


class Client(Table, table=True):
    """The card of a client of an organization, exactly as given with one or more messages. Append-only.

    A card with contacts is stored once and reused for equal cards. Different cards are stored separately, so that the
    details given with one message are never shown with another. Two cards with a common contact are one client.
    """

    __tablename__ = "clients"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "content_hash", name="uq_clients_content"),
        length_check("name", 500),
    )

    organization_id: UUID = Field(foreign_key="organizations.id")
    kind: ClientKind = Field(sa_column=enum_column(ClientKind))
    name: str = Field(max_length=500)
    content_hash: str | None = Field(default=None, max_length=64)
    """None for a card without contacts, which belongs to a single message."""


class ClientContact(Table, table=True):
    """A contact of a client or a representative, as given and normalized for comparison."""

    __tablename__ = "client_contacts"
    __table_args__ = (
        sa.UniqueConstraint("client_id", "owner", "position", name="uq_client_contacts_position"),
        sa.Index("ix_client_contacts_value", "kind", "normalized_value"),
        length_check("kind", 64),
        length_check("value", MAX_LENGTH),
        length_check("normalized_value", MAX_LENGTH),
    )

    client_id: UUID = Field(foreign_key="clients.id")
    owner: ContactOwner = Field(sa_column=enum_column(ContactOwner))
    position: int
    kind: str = Field(max_length=64)
    value: str = Field(max_length=MAX_LENGTH)
    normalized_value: str = Field(max_length=MAX_LENGTH)


class ClientRepresentative(Table, table=True):
    """The representative of a client and the authority to act (O-2.2)."""

    __tablename__ = "client_representatives"
    __table_args__ = (
        sa.UniqueConstraint("client_id", name="uq_client_representatives_client"),
        length_check("name", 500),
        length_check("authority", 500),
    )

    client_id: UUID = Field(foreign_key="clients.id")
    name: str = Field(max_length=500)
    authority: str = Field(max_length=500)
