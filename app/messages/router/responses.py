"""Responses shared by the routers of messages."""

from functools import partial

from fastapi import Response
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.etags import versioned
from app.core.security import Principal
from app.messages.models import Message
from app.messages.queries.message_reads import read_message


async def message_response(session: AsyncSession, row: Message, by: Principal, status: int = 200) -> Response:
    """Write the changes and return the message as the caller may see it, with its ETag."""
    return await versioned(session, row, partial(read_message, by=by), status)
