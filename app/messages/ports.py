"""What messages ask of the outside: that a reply reaches its client, and that files are kept."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class OutgoingReply:
    """A reply on its way to a client."""

    reply_id: UUID
    point_id: UUID
    message_external_id: str | None
    thread_external_id: str | None
    text: str


class ReplyDelivery(Protocol):
    """Delivers a reply at its point."""

    async def deliver(self, reply: OutgoingReply) -> str | None:
        """Deliver the reply; the channel's own id of it, None where the platform fetches replies itself."""


class AttachmentStore(Protocol):
    """Keeps contents by their SHA-256: a folder, or an object store. Both calls may block."""

    def put(self, content: bytes) -> str:
        """Keep a content for good; its SHA-256 in hexadecimal."""

    def get(self, key: str) -> bytes | None:
        """The content, None when it is lost."""
