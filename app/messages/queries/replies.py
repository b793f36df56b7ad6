"""Queries of replies."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.core.security import Principal
from app.messages.models import Reply
from app.messages.rules.enums import ReplyKind
from app.messages.rules.states import ReplyState
from app.messages.schemas.replies import ReplyRead
from app.text_check.service import to_readability_read


def to_reply_read(row: Reply) -> ReplyRead:
    """Map a reply to its API schema."""
    return ReplyRead.model_validate(row.model_dump() | {"readability": to_readability_read(row.text)})


async def read_reply(_: AsyncSession, row: Reply) -> ReplyRead:
    """Return the response with a reply."""
    return to_reply_read(row)


def select_replies(message_id: UUID, by: Principal) -> SelectOfScalar[Reply]:
    """Return the query of the replies that the caller may see: an API client sees sent replies only."""
    query = select(Reply).where(Reply.message_id == message_id)
    return query if by.kind == "employee" else query.where(Reply.state == ReplyState.SENT)


async def load_replies(session: AsyncSession, message_ids: Iterable[UUID]) -> dict[UUID, list[Reply]]:
    """Return the replies of messages, oldest first."""
    query = select(Reply).where(col(Reply.message_id).in_(message_ids)).order_by(col(Reply.id))
    found: dict[UUID, list[Reply]] = defaultdict(list)
    for reply in (await session.exec(query)).all():
        found[reply.message_id].append(reply)
    return found


async def load_sent_replies(session: AsyncSession, message_ids: Sequence[UUID]) -> dict[UUID, Reply]:
    """Return the last sent reply of each message, without notices."""
    query = select(Reply).where(col(Reply.message_id).in_(message_ids), Reply.state == ReplyState.SENT)
    query = query.where(Reply.kind != ReplyKind.NOTICE).order_by(col(Reply.id))
    return {reply.message_id: reply for reply in (await session.exec(query)).all()}
