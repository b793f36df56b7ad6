"""Bodies competent for questions outside the ministry's competence (O-6.2.1)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit
from app.core.etags import IfMatch
from app.core.schemas import apply_changes
from app.core.security import Principal
from app.messages.commands import NewCompetentBody
from app.messages.errors import CompetentBodyNotFound
from app.messages.models import CompetentBody


async def get_body(session: AsyncSession, body_id: UUID) -> CompetentBody:
    """Return a competent body. Raises `CompetentBodyNotFound`."""
    row = await session.get(CompetentBody, body_id)
    if row is None:
        raise CompetentBodyNotFound
    return row


async def create_body(session: AsyncSession, new: NewCompetentBody, *, by: Principal) -> CompetentBody:
    """Add a competent body."""
    row = CompetentBody.model_validate(new)
    session.add(row)
    audit.record(session, by, "competent_body.created", "competent_body", row.id)
    return row


async def update_body(
    session: AsyncSession, body_id: UUID, changes: Mapping[str, Any], match: IfMatch, *, by: Principal
) -> CompetentBody:
    """Update or close a competent body."""
    row = await get_body(session, body_id)
    match.require(row)
    changed = apply_changes(row, changes)
    audit.record(session, by, "competent_body.changed", "competent_body", row.id, fields=changed)
    return row
