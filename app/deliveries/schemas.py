"""API schemas of deliveries. They contain no payload: administrators do not read message texts."""

from uuid import UUID

from pydantic import Field

from app.core.schemas import LocalDateTime, Output
from app.deliveries.rules import DeliveryState


class DeliverySummary(Output):
    """A delivery in a list."""

    id: UUID
    etag: str = Field(description="The value for `If-Match`.")
    target: str = Field(description="The receiving system, such as `feedback_platform`.")
    kind: str = Field(description="The kind of object, such as `reply`.")
    object_id: UUID = Field(description="The id of the object, such as the reply's.")
    state: DeliveryState
    attempts: int
    next_attempt_at: LocalDateTime = Field(description="The earliest time of the next attempt of a queued delivery.")
    last_error: str | None = Field(description="A stable code of the last failure, without message texts.")
    created_at: LocalDateTime
    finished_at: LocalDateTime | None


class DeliveryRead(DeliverySummary):
    """A delivery."""

    first_attempt_at: LocalDateTime | None
    may_have_arrived: bool = Field(description="Whether an interrupted attempt may have reached the receiving system.")
    external_id: str | None = Field(description="The id assigned by the receiving system.")
