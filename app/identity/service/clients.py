"""Use cases of API clients: other systems and the interaction points granted to them."""

import secrets
from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.etags import IfMatch
from app.core.references import unknown_reference
from app.core.security import Principal
from app.identity.errors import ClientNotFound
from app.identity.models import ApiClient, ApiClientPoint
from app.identity.roles import Role
from app.identity.schemas import ApiClientCreate, ApiClientPatch, ApiClientRead
from app.identity.service.sessions import end_client_sessions, hash_secret
from app.organizations.models import Organization


async def get_client(session: AsyncSession, client_id: UUID) -> ApiClient:
    """Return the API client. Raises `ClientNotFound`."""
    row = await session.get(ApiClient, client_id)
    if row is None:
        raise ClientNotFound
    return row


async def create_client(session: AsyncSession, body: ApiClientCreate, *, by: Principal) -> tuple[ApiClient, str]:
    """Create an API client. Returns the row and its secret, of which only the hash is stored."""
    if body.organization_id is not None and await session.get(Organization, body.organization_id) is None:
        raise unknown_reference("/organization_id")
    secret = secrets.token_urlsafe(32)
    row = ApiClient(
        client_id=body.client_id,
        name=body.name,
        organization_id=body.organization_id,
        secret_hash=hash_secret(secret),
        created_at=clock.now(),
    )
    session.add(row)
    await session.flush()  # the grants refer to the row, and a duplicate client id raises here
    await set_granted_points(session, row, body.point_ids)
    audit.record(session, by, "client.created", "api_client", row.id)
    return row, secret


async def update_client(
    session: AsyncSession, client_id: UUID, body: ApiClientPatch, match: IfMatch, *, by: Principal
) -> ApiClient:
    """Change an API client and its granted points; disabling ends its sessions."""
    row = await get_client(session, client_id)
    match.require(row)
    changed = body.model_fields_set
    if "name" in changed:
        row.name = body.name
    if "is_disabled" in changed:
        row.is_disabled = body.is_disabled
    if "point_ids" in changed:
        await set_granted_points(session, row, body.point_ids)
    if row.is_disabled:
        await end_client_sessions(session, row.id)
    audit.record(session, by, "client.changed", "api_client", row.id, fields=sorted(changed))
    flag_modified(row, "name")  # a change of the grants alone must increase the version too
    await session.flush()  # the flush increases the version
    return row


async def rotate_secret(
    session: AsyncSession, client_id: UUID, match: IfMatch, *, by: Principal
) -> tuple[ApiClient, str]:
    """Replace the secret of an API client and end all its sessions. Returns the row and the new secret."""
    row = await get_client(session, client_id)
    match.require(row)
    secret = secrets.token_urlsafe(32)
    row.secret_hash = hash_secret(secret)
    await end_client_sessions(session, row.id)
    audit.record(session, by, "client.secret_rotated", "api_client", row.id, fields=["secret"])
    await session.flush()  # the flush increases the version
    return row, secret


async def set_granted_points(session: AsyncSession, client: ApiClient, point_ids: Iterable[UUID]) -> None:
    """Replace the interaction points granted to an API client."""
    await session.exec(sa.delete(ApiClientPoint).where(col(ApiClientPoint.api_client_id) == client.id))
    for point_id in dict.fromkeys(point_ids):
        session.add(ApiClientPoint(api_client_id=client.id, point_id=point_id))


async def load_client_reads(session: AsyncSession, rows: Sequence[ApiClient]) -> list[ApiClientRead]:
    """Return the read models of API clients; the grants are loaded in one query."""
    grants: dict[UUID, list[UUID]] = defaultdict(list)
    query = select(ApiClientPoint).where(col(ApiClientPoint.api_client_id).in_([row.id for row in rows]))
    for granted in (await session.exec(query.order_by(col(ApiClientPoint.point_id)))).all():
        grants[granted.api_client_id].append(granted.point_id)
    return [
        ApiClientRead.model_validate(
            {**row.model_dump(), "roles": [Role.INTEGRATION.value], "point_ids": grants[row.id]}
        )
        for row in rows
    ]
