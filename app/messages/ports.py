"""What messages ask of the outside: that files are kept. Replies leave by `app.deliveries`."""

from typing import Protocol


class AttachmentStore(Protocol):
    """Keeps contents by their SHA-256: a folder, or an object store. Both calls may block."""

    def put(self, content: bytes) -> str:
        """Keep a content for good; its SHA-256 in hexadecimal."""

    def get(self, key: str) -> bytes | None:
        """The content, None when it is lost."""
