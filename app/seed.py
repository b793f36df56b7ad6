"""Loads the reference data, and in the demo profile the demo data, in the order of the layers. Twice changes nothing."""

from sqlmodel.ext.asyncio.session import AsyncSession


async def load(session: AsyncSession, *, is_demo: bool) -> None:
    """Load what is missing; what an administrator changed stays as it is."""
