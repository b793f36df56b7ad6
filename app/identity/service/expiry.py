"""Removal of what has expired: sessions with their refresh tokens, and counts of failed sign-ins."""

from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.identity.models import RefreshToken, SignInAttempts, TokenFamily

DELETE_BATCH = 200
"""The number of sessions deleted in one transaction; a session has up to some hundreds of refresh tokens."""


async def delete_expired_token_families(session: AsyncSession, *, kept_days: int) -> int:
    """Delete a batch of the sessions that expired more than `kept_days` days ago. Returns their number.

    A session that has not expired keeps all its refresh tokens, so that the reuse of a used one ends it. For
    `kept_days` more days, a reuse is still written to the audit trail.
    """
    expired = select(TokenFamily.id).where(col(TokenFamily.expires_at) < clock.now() - timedelta(days=kept_days))
    ids = (await session.exec(expired.order_by(col(TokenFamily.expires_at)).limit(DELETE_BATCH))).all()
    if ids:
        await session.exec(sa.delete(RefreshToken).where(col(RefreshToken.family_id).in_(ids)))
        await session.exec(sa.delete(TokenFamily).where(col(TokenFamily.id).in_(ids)))
    return len(ids)


async def delete_expired_attempts(session: AsyncSession) -> int:
    """Delete the counts of failed sign-ins whose window is over. Returns their number."""
    deleted = await session.exec(sa.delete(SignInAttempts).where(col(SignInAttempts.window_ends_at) < clock.now()))
    return int(deleted.rowcount)
