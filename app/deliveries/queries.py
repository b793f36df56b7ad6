"""Queries of deliveries."""

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.core.schemas import format_etag
from app.deliveries.models import Delivery
from app.deliveries.rules import DeliveryState
from app.deliveries.schemas import DeliveryRead, DeliverySummary


def select_deliveries(state: DeliveryState | None, target: str | None) -> SelectOfScalar[Delivery]:
    """Select the deliveries with these filters."""
    query = select(Delivery)
    if state is not None:
        query = query.where(col(Delivery.state) == state)
    if target is not None:
        query = query.where(col(Delivery.target) == target)
    return query


def to_summary(row: Delivery) -> DeliverySummary:
    """Map a delivery to its API summary."""
    return DeliverySummary.model_validate(row.model_dump() | {"etag": format_etag(row.version)})


async def read_delivery(session: AsyncSession, row: Delivery) -> DeliveryRead:
    """Return a delivery as an API object; it needs no statement."""
    del session
    return DeliveryRead.model_validate(row.model_dump() | {"etag": format_etag(row.version)})
