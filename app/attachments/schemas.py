"""API schemas of attachments."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from app.attachments.rules import CONTENT_TYPES
from app.core.schemas import Input, Output
from app.core.types import Label

FileName = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^/\\\\\x00-\x1f\x7f-\x9f]+$")]
"""A file name without path separators and control characters."""


class Attachment(Input):
    """A file of a message. Its content must match its content type."""

    name: FileName
    content_type: Label = Field(description="One of the accepted types: " + ", ".join(CONTENT_TYPES))
    content: Annotated[str, StringConstraints(min_length=1, max_length=1_400_000)] = Field(
        description="The content in Base64."
    )


class AttachmentRead(Output):
    """A file of a message; `GET …/attachments/{id}` downloads it."""

    id: UUID
    name: str
    content_type: str
    size: int
