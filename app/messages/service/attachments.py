"""Files of messages: validation, storage, download."""

import asyncio
import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.attachments.rules import CONTENT_TYPES, has_claimed_type
from app.core.problems import FieldError, ValidationFailed
from app.core.security import Principal
from app.messages.errors import AttachmentLost, AttachmentNotFound
from app.messages.models import MessageAttachment
from app.messages.ports import AttachmentStore
from app.messages.schemas.messages import Attachment
from app.messages.service.access import get_message


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A decoded and validated file."""

    name: str
    content_type: str
    content: bytes

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of the content in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


def read_files(items: Sequence[Attachment]) -> list[ReceivedFile]:
    """Decode and validate the files of a request. Raises 422 for an unknown type or content of another type."""
    files: list[ReceivedFile] = []
    field_errors: list[FieldError] = []
    for index, item in enumerate(items):
        at = f"/attachments/{index}"
        if item.content_type not in CONTENT_TYPES:
            ru, en = "Файлы этого типа не принимаются.", "Files of this type are not accepted."
            field_errors.append(FieldError(f"{at}/content_type", "attachment_type", ru, en))
            continue
        try:
            content = base64.b64decode(item.content, validate=True)
        except (binascii.Error, ValueError):
            content = b""
        if not content or not has_claimed_type(item.content_type, content):
            ru, en = (
                "Файл пуст, повреждён или не соответствует указанному типу.",
                "The content is not valid Base64, is empty or does not match the content type.",
            )
            field_errors.append(FieldError(f"{at}/content", "attachment_content", ru, en))
            continue
        files.append(ReceivedFile(item.name, item.content_type, content))
    if field_errors:
        raise ValidationFailed(field_errors=field_errors)
    return files


async def store_files(
    session: AsyncSession, message_id: UUID, files: Sequence[ReceivedFile], store: AttachmentStore
) -> None:
    """Store the contents, then add the rows that refer to them."""
    for position, file in enumerate(files):
        key = await asyncio.to_thread(store.put, file.content)
        session.add(
            MessageAttachment(
                message_id=message_id,
                position=position,
                name=file.name,
                content_type=file.content_type,
                size=len(file.content),
                sha256=key,
            )
        )


async def get_file(
    session: AsyncSession, message_id: UUID, attachment_id: UUID, store: AttachmentStore, *, by: Principal
) -> tuple[MessageAttachment, bytes]:
    """Return a file of a message that the caller may see, with its content.

    Raises `AttachmentNotFound`, or `AttachmentLost` if the content is missing from the store.
    """
    message = await get_message(session, message_id, by)
    query = select(MessageAttachment).where(
        MessageAttachment.id == attachment_id, MessageAttachment.message_id == message.id
    )
    row = (await session.exec(query)).first()
    if row is None:
        raise AttachmentNotFound
    content = await asyncio.to_thread(store.get, row.sha256)
    if content is None:
        raise AttachmentLost
    return row, content
