"""Use cases of API clients: other systems and the interaction points granted to them."""

import secrets
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.etags import IfMatch
from app.core.schemas import apply_changes
from app.core.security import Principal
from app.identity.errors import ClientNotFound
from app.identity.models import ApiClient, ApiClientPoint
from app.identity.service.sessions import end_client_sessions, hash_secret
from app.organizations import service as organizations


async def get_client(session: AsyncSession, client_id: UUID) -> ApiClient:
    """Return the API client. Raises `ClientNotFound`."""
    row = await session.get(ApiClient, client_id)
    if row is None:
        raise ClientNotFound
    return row


async def create_client(
    session: AsyncSession,
    *,
    client_id: str,
    name: str,
    organization_id: UUID | None,
    point_ids: Iterable[UUID],
    by: Principal,
) -> tuple[ApiClient, str]:
    """Create an API client. Returns the row and its secret, of which only the hash is stored."""
    if organization_id is not None:
        await organizations.get_referenced_organization(session, organization_id)
    secret = secrets.token_urlsafe(32)
    row = ApiClient(
        client_id=client_id,
        name=name,
        organization_id=organization_id,
        secret_hash=hash_secret(secret),
        created_at=clock.now(),
    )
    session.add(row)
    await session.flush()  # the grants refer to the row, and a duplicate client id raises here
    await set_granted_points(session, row, point_ids)
    audit.record(session, by, "client.created", "api_client", row.id)
    return row, secret


async def update_client(
    session: AsyncSession, client_id: UUID, changes: Mapping[str, Any], match: IfMatch, *, by: Principal
) -> ApiClient:
    """Change an API client and its granted points; disabling ends its sessions."""
    row = await get_client(session, client_id)
    match.require(row)
    apply_changes(row, {name: value for name, value in changes.items() if name != "point_ids"})
    if "point_ids" in changes:
        await set_granted_points(session, row, changes["point_ids"])
    if row.is_disabled:
        await end_client_sessions(session, row.id)
    audit.record(session, by, "client.changed", "api_client", row.id, fields=sorted(changes))
    flag_modified(row, "name")  # a change of the grants alone must increase the version too
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
    return row, secret


async def set_granted_points(session: AsyncSession, client: ApiClient, point_ids: Iterable[UUID]) -> None:
    """Replace the interaction points granted to an API client."""
    await session.exec(sa.delete(ApiClientPoint).where(col(ApiClientPoint.api_client_id) == client.id))
    for point_id in dict.fromkeys(point_ids):
        session.add(ApiClientPoint(api_client_id=client.id, point_id=point_id))
