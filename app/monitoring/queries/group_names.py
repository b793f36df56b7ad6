"""Names of the groups of figures: channels, units, organizations and municipalities."""

from collections.abc import Collection
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.interaction_points.models import ChannelKind
from app.organizations.models import Municipality, Organization, Unit


async def load_channel_names(session: AsyncSession) -> dict[str, str]:
    """Load the names of all kinds of channels by key."""
    return dict((await session.exec(select(ChannelKind.key, ChannelKind.name))).all())


async def load_unit_names(session: AsyncSession) -> dict[UUID, str]:
    """Load the names of all units by id."""
    return dict((await session.exec(select(Unit.id, Unit.name))).all())


async def load_organization_names(session: AsyncSession) -> dict[UUID, str]:
    """Load the names of all organizations by id."""
    return dict((await session.exec(select(Organization.id, Organization.name))).all())


async def load_municipality_names(session: AsyncSession, codes: Collection[str]) -> dict[str, str]:
    """Load the names of municipalities by OKTMO code."""
    query = select(Municipality.oktmo, Municipality.name).where(col(Municipality.oktmo).in_(list(codes)))
    return dict((await session.exec(query)).all())
