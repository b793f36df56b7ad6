"""Ports of messages: the store of attachments. Replies are sent by `app.deliveries`."""

from typing import Protocol


class AttachmentStore(Protocol):
    """A store of contents by their SHA-256, such as a folder or an object store. Both calls may block."""

    def put(self, content: bytes) -> str:
        """Store a content permanently and return its SHA-256 in hexadecimal."""

    def get(self, key: str) -> bytes | None:
        """Return the content, None if it is missing."""
