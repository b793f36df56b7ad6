"""Files of messages: checked, kept in the store, given out as downloads only."""

import asyncio
import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.problems import FieldError, ValidationFailed
from app.core.security import Principal
from app.messages.errors import AttachmentLost, AttachmentNotFound
from app.messages.models import MessageAttachment
from app.messages.ports import AttachmentStore
from app.messages.rules.attachments import CONTENT_TYPES, has_claimed_type
from app.messages.schemas.messages import Attachment
from app.messages.service.access import get_message


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file whose content was read and is what it says."""

    name: str
    content_type: str
    content: bytes

    @property
    def sha256(self) -> str:
        """What the content is known by."""
        return hashlib.sha256(self.content).hexdigest()


def read_files(told: Sequence[Attachment]) -> list[ReceivedFile]:
    """The files of a body. Raises 422 with a pointer for an unknown type and a content that is not of it."""
    files: list[ReceivedFile] = []
    faults: list[FieldError] = []
    for place, one in enumerate(told):
        at = f"/attachments/{place}"
        if one.content_type not in CONTENT_TYPES:
            ru, en = "Файлы этого типа не принимаются.", "Files of this type are not taken."
            faults.append(FieldError(f"{at}/content_type", "attachment_type", ru, en))
            continue
        try:
            content = base64.b64decode(one.content, validate=True)
        except (binascii.Error, ValueError):
            content = b""
        if not content or not has_claimed_type(one.content_type, content):
            ru, en = (
                "Содержимое не Base64, пустое или не того типа.",
                "The content is not Base64, empty or of another type.",
            )
            faults.append(FieldError(f"{at}/content", "attachment_content", ru, en))
            continue
        files.append(ReceivedFile(one.name, one.content_type, content))
    if faults:
        raise ValidationFailed(field_errors=faults)
    return files


async def store_files(
    session: AsyncSession, message_id: UUID, files: Sequence[ReceivedFile], store: AttachmentStore
) -> None:
    """Keep the contents, then the rows that refer to them."""
    for place, file in enumerate(files):
        key = await asyncio.to_thread(store.put, file.content)
        session.add(
            MessageAttachment(
                message_id=message_id,
                position=place,
                name=file.name,
                content_type=file.content_type,
                size=len(file.content),
                sha256=key,
            )
        )


async def get_file(
    session: AsyncSession, message_id: UUID, attachment_id: UUID, store: AttachmentStore, *, by: Principal
) -> tuple[MessageAttachment, bytes]:
    """A file of a message that the caller may see, with its content.

    Raises `AttachmentNotFound`, and `AttachmentLost` when the store has it no more.
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
