"""What monitoring does about events. The worker calls these."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.outbox import Event, Handler
from app.monitoring.service import comment_grouping
from app.surveys.events import CommentsIndexed


async def group_comments(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """Comments were read in: they join what others could not find either (O-11)."""
    await comment_grouping.group_comments(session, [UUID(told) for told in payload["comment_ids"]])


HANDLERS: Mapping[type[Event], Sequence[Handler]] = {CommentsIndexed: [group_comments]}
