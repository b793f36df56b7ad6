"""Checks of texts sent to clients, by the channel and the known data of the client."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.clients.service import ClientCard, ClientKind, load_client
from app.interaction_points import service as points
from app.messages.errors import ReplyNotReady
from app.messages.models import Message, Reply
from app.messages.queries.messages import of_same_client
from app.messages.rules.enums import MessageKind
from app.messages.rules.states import ReplyState
from app.messages.service import offered_points
from app.reply_templates.service.rendering import find_overdue_review
from app.text_check import service as reply_check
from app.text_check.rules.check import blocking
from app.text_check.rules.check_context import KnownClient
from app.text_check.rules.findings import Finding
from app.text_check.rules.personal_data import contacts_in

MAX_SEARCHED_MESSAGES = 100
"""How many of the client's newest messages of the thread are searched for contacts."""
FINAL_STATES = frozenset({ReplyState.SENDING, ReplyState.SENT, ReplyState.UNCERTAIN})
"""States in which a reply keeps the findings with which it was sent."""


async def store_findings(session: AsyncSession, message: Message, reply: Reply) -> list[Finding]:
    """Check the text of a reply and store the findings in it."""
    found = [
        *await find(session, message, reply.text),
        *await offered_points.find_named_closed_points(session, reply.text),
    ]
    overdue = find_overdue_review(reply.text, reply.template_past_review_since)
    findings = [*(asdict(finding) for finding in found), *(finding.model_dump() for finding in overdue)]
    if findings != reply.findings:
        reply.findings = findings
    return found


async def require_ready(session: AsyncSession, message: Message, reply: Reply) -> None:
    """Raise `ReplyNotReady` for errors in the text of a reply, `OfferedPointNotInForce` for an inactive point."""
    await offered_points.require_points_in_force(session, reply)
    _require_no_blocking(await store_findings(session, message, reply))


async def require_no_errors(session: AsyncSession, message: Message, text: str) -> list[dict[str, Any]]:
    """Return the findings of a notice. Raises `ReplyNotReady` for errors."""
    found = [*await find(session, message, text), *await offered_points.find_named_closed_points(session, text)]
    _require_no_blocking(found)
    return [asdict(finding) for finding in found]


async def find(session: AsyncSession, message: Message, text: str) -> list[Finding]:
    """Return the findings of a text in reply to a message. A reply to a comment is public."""
    point = await points.get_point(session, message.point_id, None)
    is_public = message.kind is MessageKind.COMMENT
    client = await _load_known_client(session, message) if is_public else reply_check.NOBODY
    return await reply_check.find(session, text, channel=point.channel, is_public=is_public, client=client)


def _require_no_blocking(found: Sequence[Finding]) -> None:
    if errors := blocking(found):
        raise ReplyNotReady(errors)


async def _load_known_client(session: AsyncSession, message: Message) -> KnownClient:
    """Return the names and contacts of the client from the card and from the thread."""
    query = select(Message.text).where(Message.thread_id == message.thread_id, of_same_client(message.client_id))
    newest = query.order_by(col(Message.received_at).desc(), col(Message.id).desc()).limit(MAX_SEARCHED_MESSAGES)
    written = [contact for text in (await session.exec(newest)).all() for contact in contacts_in(text)]
    card = await load_client(session, message.client_id)
    return KnownClient(names=tuple(_list_names(card)), contacts=tuple(dict.fromkeys([*_list_contacts(card), *written])))


def _list_names(card: ClientCard) -> Iterator[str]:
    """Yield the names of persons; the name of a legal entity is not personal data."""
    if card.kind is not ClientKind.LEGAL_ENTITY:
        yield card.name
    if card.representative is not None:
        yield card.representative.name


def _list_contacts(card: ClientCard) -> Iterator[str]:
    if card.kind is not ClientKind.LEGAL_ENTITY:
        yield from (contact.value for contact in card.contacts)
    if card.representative is not None:
        yield from (contact.value for contact in card.representative.contacts)
