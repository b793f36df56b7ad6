"""Files of messages: validation, storage, listing, download."""

import asyncio
import base64
import binascii
import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.attachments import queries
from app.attachments.commands import EncodedFile
from app.attachments.errors import AttachmentLost, AttachmentNotFound
from app.attachments.file_store import FileStore
from app.attachments.models import MessageAttachment
from app.attachments.rules import CONTENT_TYPES, has_claimed_type
from app.core.problems import FieldError, ValidationFailed


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


def decode_files(files: Sequence[EncodedFile]) -> list[ReceivedFile]:
    """Decode and validate the files of a request. Raises 422 for an unknown type or content of another type."""
    decoded: list[ReceivedFile] = []
    field_errors: list[FieldError] = []
    for index, file in enumerate(files):
        at = f"/attachments/{index}"
        if file.content_type not in CONTENT_TYPES:
            ru, en = "Файлы этого типа не принимаются.", "Files of this type are not accepted."
            field_errors.append(FieldError(f"{at}/content_type", "attachment_type", ru, en))
            continue
        try:
            content = base64.b64decode(file.content, validate=True)
        except (binascii.Error, ValueError):
            content = b""
        if not content or not has_claimed_type(file.content_type, content):
            ru, en = (
                "Файл пуст, повреждён или не соответствует указанному типу.",
                "The content is not valid Base64, is empty or does not match the content type.",
            )
            field_errors.append(FieldError(f"{at}/content", "attachment_content", ru, en))
            continue
        decoded.append(ReceivedFile(file.name, file.content_type, content))
    if field_errors:
        raise ValidationFailed(field_errors=field_errors)
    return decoded


async def store_files(session: AsyncSession, message_id: UUID, files: Sequence[ReceivedFile], store: FileStore) -> None:
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


async def load_attachments(session: AsyncSession, message_ids: Collection[UUID]) -> dict[UUID, list[MessageAttachment]]:
    """Return the files of each message in their order, with one query."""
    found: dict[UUID, list[MessageAttachment]] = {message_id: [] for message_id in message_ids}
    for row in (await session.exec(queries.select_attachments(message_ids))).all():
        found[row.message_id].append(row)
    return found


async def get_file(
    session: AsyncSession, message_id: UUID, attachment_id: UUID, store: FileStore
) -> tuple[MessageAttachment, bytes]:
    """Return a file of a message with its content.

    Raises `AttachmentNotFound`, or `AttachmentLost` if the content is missing from the store.
    """
    row = (await session.exec(queries.select_attachment(message_id, attachment_id))).first()
    if row is None:
        raise AttachmentNotFound
    content = await asyncio.to_thread(store.get, row.sha256)
    if content is None:
        raise AttachmentLost
    return row, content


async def load_content_keys(session: AsyncSession) -> set[str]:
    """Return the SHA-256 of all attachments."""
    return set((await session.exec(queries.select_content_keys())).all())
