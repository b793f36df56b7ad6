"""Query of the names that exports and printed cases show instead of ids."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.interaction_points.models import Point
from app.messages.models import Message
from app.organizations.models import Topic, Unit


@dataclass(frozen=True, slots=True)
class MessageNames:
    """The names of what a message refers to; None where it refers to nothing."""

    point: str
    unit: str
    topic: str | None


async def load_names(session: AsyncSession, message_ids: Collection[UUID]) -> dict[UUID, MessageNames]:
    """Return the names of what messages refer to, with one query."""
    query = (
        select(Message.id, Point.name, Unit.name, Topic.name)
        .join(Point, col(Point.id) == col(Message.point_id))
        .join(Unit, col(Unit.id) == col(Message.unit_id))
        .outerjoin(Topic, col(Topic.id) == col(Message.topic_id))
        .where(col(Message.id).in_(message_ids))
    )
    return {message_id: MessageNames(*names) for message_id, *names in (await session.exec(query)).all()}
