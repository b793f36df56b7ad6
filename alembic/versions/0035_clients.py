"""Clients with their contacts and representatives in tables of their own instead of JSON in messages."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
import sqlmodel
from alembic import op
from app.clients.rules import (
    ClientCard,
    ClientKind,
    Contact,
    Representative,
    compute_content_hash,
    normalize_contact,
)
from app.core.ids import new_id
from sqlalchemy.dialects import postgresql

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

BATCH = 1000
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")

messages = sa.table(
    "messages",
    sa.column("id", sa.Uuid()),
    sa.column("organization_id", sa.Uuid()),
    sa.column("client_id", sa.Uuid()),
    sa.column("client", JSON),
)
clients = sa.table(
    "clients",
    sa.column("id", sa.Uuid()),
    sa.column("organization_id", sa.Uuid()),
    sa.column("kind", sa.String()),
    sa.column("name", sa.String()),
    sa.column("content_hash", sa.String()),
)
contacts = sa.table(
    "client_contacts",
    sa.column("id", sa.Uuid()),
    sa.column("client_id", sa.Uuid()),
    sa.column("owner", sa.String()),
    sa.column("position", sa.Integer()),
    sa.column("kind", sa.String()),
    sa.column("value", sa.String()),
    sa.column("normalized_value", sa.String()),
)
representatives = sa.table(
    "client_representatives",
    sa.column("id", sa.Uuid()),
    sa.column("client_id", sa.Uuid()),
    sa.column("name", sa.String()),
    sa.column("authority", sa.String()),
)


def upgrade() -> None:
    """Create the tables, move the clients of messages into them, and refer to them."""
    _create_tables()
    op.add_column("messages", sa.Column("client_id", sa.Uuid(), nullable=True))
    _move_to_tables()
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.alter_column("client_id", existing_type=sa.Uuid(), nullable=False)
        batch_op.create_foreign_key(batch_op.f("fk_messages_client_id_clients"), "clients", ["client_id"], ["id"])
        batch_op.create_index("ix_messages_client", ["client_id", "thread_id"], unique=False)
        batch_op.drop_column("client")


def _create_tables() -> None:
    op.create_table(
        "clients",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "individual",
                "legal_entity",
                "sole_proprietor",
                name="clientkind_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column("content_hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 500", name=op.f("ck_clients_name_length")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_clients_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clients")),
        sa.UniqueConstraint("organization_id", "content_hash", name="uq_clients_content"),
    )
    op.create_table(
        "client_contacts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column(
            "owner",
            sa.Enum(
                "client",
                "representative",
                name="contactowner_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("value", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column("normalized_value", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.CheckConstraint("length(kind) BETWEEN 1 AND 64", name=op.f("ck_client_contacts_kind_length")),
        sa.CheckConstraint("length(value) BETWEEN 1 AND 500", name=op.f("ck_client_contacts_value_length")),
        sa.CheckConstraint(
            "length(normalized_value) BETWEEN 1 AND 500", name=op.f("ck_client_contacts_normalized_value_length")
        ),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_client_contacts_client_id_clients")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_contacts")),
        sa.UniqueConstraint("client_id", "owner", "position", name="uq_client_contacts_position"),
    )
    op.create_index("ix_client_contacts_value", "client_contacts", ["kind", "normalized_value"], unique=False)
    op.create_table(
        "client_representatives",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column("authority", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 500", name=op.f("ck_client_representatives_name_length")),
        sa.CheckConstraint(
            "length(authority) BETWEEN 1 AND 500", name=op.f("ck_client_representatives_authority_length")
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_client_representatives_client_id_clients")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_representatives")),
        sa.UniqueConstraint("client_id", name="uq_client_representatives_client"),
    )


def _move_to_tables() -> None:
    connection = op.get_bind()
    query = sa.select(messages.c.id, messages.c.organization_id, messages.c.client)
    change = sa.update(messages).where(messages.c.id == sa.bindparam("row_id"))
    for rows in _batches(connection, query):
        cards = {row.id: _to_card(row.client) for row in rows}
        hashes = {row.id: compute_content_hash(cards[row.id]) for row in rows}
        stored = sa.select(clients.c.id, clients.c.organization_id, clients.c.content_hash)
        stored = stored.where(clients.c.content_hash.in_({value for value in hashes.values() if value is not None}))
        known = {(one.organization_id, one.content_hash): one.id for one in connection.execute(stored)}
        created: list[tuple[UUID, UUID, str | None, ClientCard]] = []
        references: list[dict[str, UUID]] = []
        for row in rows:
            key = row.organization_id, hashes[row.id]
            client_id = known.get(key) if key[1] is not None else None
            if client_id is None:
                client_id = known[key] = new_id()
                created.append((client_id, *key, cards[row.id]))
            references.append({"row_id": row.id, "new_client_id": client_id})
        _insert_cards(connection, created)
        connection.execute(change.values(client_id=sa.bindparam("new_client_id")), references)


def _insert_cards(connection: sa.Connection, created: list[tuple[UUID, UUID, str | None, ClientCard]]) -> None:
    new_clients: list[dict[str, Any]] = []
    new_contacts: list[dict[str, Any]] = []
    new_representatives: list[dict[str, Any]] = []
    for client_id, organization_id, content_hash, card in created:
        new_clients.append(
            {
                "id": client_id,
                "organization_id": organization_id,
                "kind": card.kind.value,
                "name": card.name,
                "content_hash": content_hash,
            }
        )
        owned = [("client", card.contacts)]
        if acting := card.representative:
            owned.append(("representative", acting.contacts))
            new_representatives.append(
                {"id": new_id(), "client_id": client_id, "name": acting.name, "authority": acting.authority}
            )
        new_contacts += [
            {
                "id": new_id(),
                "client_id": client_id,
                "owner": owner,
                "position": position,
                "kind": contact.kind,
                "value": contact.value,
                "normalized_value": normalize_contact(contact.kind, contact.value),
            }
            for owner, given in owned
            for position, contact in enumerate(given, 1)
        ]
    for table, rows in ((clients, new_clients), (contacts, new_contacts), (representatives, new_representatives)):
        if rows:
            connection.execute(sa.insert(table), rows)


def _to_card(client: dict[str, Any]) -> ClientCard:
    acting = client.get("representative")
    return ClientCard(
        ClientKind(client["kind"]),
        client["name"],
        _to_contacts(client),
        Representative(acting["name"], acting["authority"], _to_contacts(acting)) if acting else None,
    )


def _to_contacts(person: dict[str, Any]) -> tuple[Contact, ...]:
    return tuple(Contact(contact["kind"], contact["value"]) for contact in person.get("contacts", ()))


def _batches(connection: sa.Connection, query: sa.Select[Any]) -> Any:
    """Yield the rows of messages in the order of their ids, a batch at a time."""
    query = query.order_by(messages.c.id).limit(BATCH)
    batch = query
    while rows := connection.execute(batch).all():
        yield rows
        batch = query.where(messages.c.id > rows[-1].id)


def downgrade() -> None:
    """Put the clients back into messages, and drop the tables."""
    op.add_column("messages", sa.Column("client", JSON, nullable=True))
    _move_to_messages()
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.alter_column("client", existing_type=JSON, nullable=False)
        batch_op.drop_index("ix_messages_client")
        batch_op.drop_constraint(batch_op.f("fk_messages_client_id_clients"), type_="foreignkey")
        batch_op.drop_column("client_id")
    op.drop_table("client_representatives")
    op.drop_index("ix_client_contacts_value", table_name="client_contacts")
    op.drop_table("client_contacts")
    op.drop_table("clients")


def _move_to_messages() -> None:
    connection = op.get_bind()
    change = sa.update(messages).where(messages.c.id == sa.bindparam("row_id"))
    for rows in _batches(connection, sa.select(messages.c.id, messages.c.client_id)):
        ids = {row.client_id for row in rows}
        found: dict[UUID, dict[str, Any]] = {
            row.id: {"kind": row.kind, "name": row.name, "contacts": [], "representative": None}
            for row in connection.execute(sa.select(clients).where(clients.c.id.in_(ids)))
        }
        for row in connection.execute(sa.select(representatives).where(representatives.c.client_id.in_(ids))):
            acting = {"name": row.name, "authority": row.authority, "contacts": []}
            found[row.client_id]["representative"] = acting
        given = sa.select(contacts).where(contacts.c.client_id.in_(ids)).order_by(contacts.c.position)
        for row in connection.execute(given):
            client = found[row.client_id]
            owner = client if row.owner == "client" else client["representative"]
            owner["contacts"].append({"kind": row.kind, "value": row.value})
        connection.execute(
            change.values(client=sa.bindparam("put_back")),
            [{"row_id": row.id, "put_back": found[row.client_id]} for row in rows],
        )
