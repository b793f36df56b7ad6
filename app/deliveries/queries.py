"""Queries of deliveries."""

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.core.schemas import format_etag
from app.deliveries.models import Delivery
from app.deliveries.rules import DeliveryState
from app.deliveries.schemas import DeliveryRead, DeliverySummary


def list_deliveries(state: DeliveryState | None, target: str | None) -> SelectOfScalar[Delivery]:
    """Return the query of deliveries with these filters."""
    query = select(Delivery)
    if state is not None:
        query = query.where(col(Delivery.state) == state)
    if target is not None:
        query = query.where(col(Delivery.target) == target)
    return query


def to_summary(row: Delivery) -> DeliverySummary:
    """Map a delivery to its API summary."""
    return DeliverySummary.model_validate(row.model_dump() | {"etag": format_etag(row.version)})


def to_read(row: Delivery) -> DeliveryRead:
    """Map a delivery to its API schema."""
    return DeliveryRead.model_validate(row.model_dump() | {"etag": format_etag(row.version)})
