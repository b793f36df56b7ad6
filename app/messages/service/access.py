"""Load a message that the caller may see."""

from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.security import Principal
from app.messages.errors import MessageNotFound
from app.messages.models import Message
from app.messages.queries import visible_to


async def get_message(session: AsyncSession, message_id: UUID, by: Principal, *, lock: bool = False) -> Message:
    """The message if it is the caller's to see, or `MessageNotFound`.

    With `lock` it is held until the transaction ends: who changes it waits for whoever else does, and sees what they
    did. `key_share`: what merely refers to it, such as its history, is written meanwhile.
    """
    query = select(Message).where(Message.id == message_id, visible_to(by))
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    row = (await session.exec(query)).first()
    if row is None:
        raise MessageNotFound
    return row
