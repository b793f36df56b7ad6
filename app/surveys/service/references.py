"""Organizations and interaction points that a request names."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.references import unknown_reference
from app.interaction_points import service as points
from app.interaction_points.errors import PointNotFound, PointNotInForce
from app.organizations import service as organizations
from app.organizations.errors import OrganizationNotFound

if TYPE_CHECKING:
    from app.organizations.models import Organization


async def get_organization(session: AsyncSession, organization_id: UUID | None) -> Organization:
    """Return an organization, the ministry by default. Raises `OrganizationNotFound`."""
    if organization_id is None:
        return await organizations.get_ministry(session)
    return await organizations.get_organization(session, organization_id)


async def require_organization(session: AsyncSession, organization_id: UUID | None) -> Organization:
    """Return the organization named in a body, the ministry by default. Raises 422 with the pointer."""
    try:
        return await get_organization(session, organization_id)
    except OrganizationNotFound:
        raise unknown_reference("/organization_id") from None


async def require_point_in_force(session: AsyncSession, point_id: UUID, day: date, pointer: str) -> None:
    """Raise 422 with the pointer unless the point exists and is approved on the day (O-3)."""
    try:
        await points.require_in_force(session, await points.get_point(session, point_id, None), day)
    except (PointNotFound, PointNotInForce):
        raise unknown_reference(pointer) from None
