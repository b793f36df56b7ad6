"""Load a message that the caller may see."""

from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.security import Principal
from app.messages.errors import MessageNotFound
from app.messages.models import Message
from app.messages.queries.messages import visible_to


async def get_message(session: AsyncSession, message_id: UUID, by: Principal, *, lock: bool = False) -> Message:
    """Return a message that the caller may see. Raises `MessageNotFound`.

    With `lock` the row is locked until the transaction ends, so that concurrent changes are made one after another.
    `key_share` lets other transactions insert rows that refer to it, such as its history.
    """
    query = select(Message).where(Message.id == message_id, visible_to(by))
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    row = (await session.exec(query)).first()
    if row is None:
        raise MessageNotFound
    return row
