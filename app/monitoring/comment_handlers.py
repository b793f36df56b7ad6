"""Event handlers of monitoring, called by the worker."""

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.outbox import Handlers
from app.monitoring.service import comment_grouping
from app.surveys.events import CommentsIndexed


async def group_comments(session: AsyncSession, event: CommentsIndexed) -> None:
    """Group newly indexed comments by the unmet need they describe (O-11)."""
    await comment_grouping.group_comments(session, event.comment_ids)


HANDLERS: Handlers = {CommentsIndexed: [group_comments]}
