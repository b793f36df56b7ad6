"""The check of what goes out to a client: by the channel of the message's point and what is known of the client."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.clients.service import ClientCard, ClientKind, load_client
from app.interaction_points.models import Point
from app.messages.errors import ReplyNotReady
from app.messages.models import Message, MessageKind, Reply
from app.messages.queries import of_same_client
from app.messages.rules.states import ReplyState
from app.messages.service import offered_points
from app.reply_templates.service.rendering import find_overdue_review
from app.text_check import service as reply_check
from app.text_check.rules.check import blocking
from app.text_check.rules.check_context import KnownClient
from app.text_check.rules.findings import Finding
from app.text_check.rules.personal_data import contacts_in

LOOKED_THROUGH = 100
"""How many of the client's newest messages of the thread are looked through for what they wrote of themselves."""
FROZEN = frozenset({ReplyState.SENDING, ReplyState.SENT, ReplyState.UNCERTAIN})
"""In these a reply keeps the findings that it went out with."""


async def keep_findings(session: AsyncSession, message: Message, reply: Reply) -> list[Finding]:
    """Check a reply's text as it stands, and keep what is found with the reply."""
    found = [
        *await find(session, message, reply.text),
        *await offered_points.find_named_closed_points(session, reply.text),
    ]
    late = find_overdue_review(reply.text, reply.template_past_review_since)
    told = [*(asdict(finding) for finding in found), *(finding.model_dump() for finding in late)]
    if told != reply.findings:
        reply.findings = told
    return found


async def require_ready(session: AsyncSession, message: Message, reply: Reply) -> None:
    """Raise `ReplyNotReady` with the errors of a reply's text, warnings never stop it; or `OfferedPointNotInForce`."""
    await offered_points.require_still_offered(session, reply)
    _refuse(await keep_findings(session, message, reply))


async def require_sound(session: AsyncSession, message: Message, text: str) -> list[dict[str, Any]]:
    """The findings of a text that goes out at once; raises `ReplyNotReady` for errors."""
    found = [*await find(session, message, text), *await offered_points.find_named_closed_points(session, text)]
    _refuse(found)
    return [asdict(finding) for finding in found]


async def find(session: AsyncSession, message: Message, text: str) -> list[Finding]:
    """The findings of a text in answer to a message. A comment is answered for everybody to read."""
    point = await session.get_one(Point, message.point_id)
    is_public = message.kind is MessageKind.COMMENT
    client = await _client(session, message) if is_public else reply_check.NOBODY
    return await reply_check.find(session, text, channel=point.channel, is_public=is_public, client=client)


def _refuse(found: Sequence[Finding]) -> None:
    if errors := blocking(found):
        raise ReplyNotReady(errors)


async def _client(session: AsyncSession, message: Message) -> KnownClient:
    """What is the client's own: told with the message, or written by the client in the thread."""
    query = select(Message.text).where(Message.thread_id == message.thread_id, of_same_client(message.client_id))
    newest = query.order_by(col(Message.received_at).desc(), col(Message.id).desc()).limit(LOOKED_THROUGH)
    written = [contact for text in (await session.exec(newest)).all() for contact in contacts_in(text)]
    card = await load_client(session, message.client_id)
    return KnownClient(names=tuple(_names(card)), contacts=tuple(dict.fromkeys([*_contacts(card), *written])))


def _names(card: ClientCard) -> Iterator[str]:
    """The names of persons: the name of a legal entity is no personal data."""
    if card.kind is not ClientKind.LEGAL_ENTITY:
        yield card.name
    if card.representative is not None:
        yield card.representative.name


def _contacts(card: ClientCard) -> Iterator[str]:
    if card.kind is not ClientKind.LEGAL_ENTITY:
        yield from (contact.value for contact in card.contacts)
    if card.representative is not None:
        yield from (contact.value for contact in card.representative.contacts)
