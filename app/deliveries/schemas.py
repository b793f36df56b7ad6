"""Answers of the API about deliveries. They show no payload: administrators do not read message texts."""

from uuid import UUID

from pydantic import Field

from app.core.schemas import LocalDateTime, Output
from app.deliveries.rules import DeliveryState


class DeliverySummary(Output):
    """A delivery in a list."""

    id: UUID
    etag: str = Field(description="For `If-Match`.")
    target: str = Field(description="The partner, such as `feedback_platform`.")
    kind: str = Field(description="What is delivered, such as `reply`.")
    object_id: UUID = Field(description="The id of the object, such as the reply's.")
    state: DeliveryState
    attempts: int
    next_attempt_at: LocalDateTime = Field(description="For a queued delivery: not before this moment.")
    last_error: str | None = Field(description="A stable word for the last failure; no text of a message.")
    created_at: LocalDateTime
    finished_at: LocalDateTime | None


class DeliveryRead(DeliverySummary):
    """A delivery."""

    first_attempt_at: LocalDateTime | None
    may_have_arrived: bool = Field(description="Whether an attempt was cut off and may have reached the partner.")
    external_id: str | None = Field(description="The partner's own id of what was sent.")
