"""Queries of attachments."""

from collections.abc import Iterable
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.attachments.models import MessageAttachment


def select_attachments(message_ids: Iterable[UUID]) -> SelectOfScalar[MessageAttachment]:
    """Return the query of the files of messages, in their order."""
    query = select(MessageAttachment).where(col(MessageAttachment.message_id).in_(message_ids))
    return query.order_by(col(MessageAttachment.position))


def select_attachment(message_id: UUID, attachment_id: UUID) -> SelectOfScalar[MessageAttachment]:
    """Return the query of one file of a message."""
    return select(MessageAttachment).where(
        MessageAttachment.id == attachment_id, MessageAttachment.message_id == message_id
    )


def select_content_keys() -> SelectOfScalar[str]:
    """Return the query of the SHA-256 of all attachments."""
    return select(MessageAttachment.sha256).distinct()
