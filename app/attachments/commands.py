"""Commands of attachments."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedFile:
    """A file as it came in: its content in Base64 is not validated yet."""

    name: str
    content_type: str
    content: str
