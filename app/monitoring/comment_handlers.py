"""Event handlers of monitoring, called by the worker."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.outbox import Event, Handler
from app.monitoring.service import comment_grouping
from app.surveys.events import CommentsIndexed


async def group_comments(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """Group newly indexed comments by the unmet need they describe (O-11)."""
    await comment_grouping.group_comments(session, [UUID(comment_id) for comment_id in payload["comment_ids"]])


HANDLERS: Mapping[type[Event], Sequence[Handler]] = {CommentsIndexed: [group_comments]}
