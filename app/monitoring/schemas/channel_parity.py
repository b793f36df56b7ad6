"""Channel parity (O-4)."""

from datetime import date
from enum import StrEnum

from pydantic import Field

from app.core.schemas import Output
from app.messages.rules.deadlines import Stage
from app.monitoring.schemas.figures import TOO_FEW, ComparisonRead
from app.monitoring.schemas.service_levels import DeadlineKind, StageLevelRead


class ParityMeasure(StrEnum):
    """Measure taken in the same way in every channel."""

    SATISFACTION = "satisfaction"
    ANSWER_SATISFACTION = "answer_satisfaction"
    FINDABILITY = "findability"
    IN_TIME = "in_time"


class ParityRead(Output):
    """One measure of one channel, compared with all the other channels together."""

    measure: ParityMeasure
    stage: Stage | None = Field(description="The stage, for `in_time` only.")
    kind: DeadlineKind | None
    name: str
    n: int
    value: float | None = Field(description="A share from 0 to 1; for `findability` the mean score from 1 to 5.")
    low: float | None
    high: float | None
    is_too_few: bool = Field(description=TOO_FEW)
    others: ComparisonRead


class ChannelRead(Output):
    """A channel with its measures and its service levels."""

    key: str
    name: str
    measures: list[ParityRead]
    stages: list[StageLevelRead]


class ChannelParityRead(Output):
    """Comparison of channels over a period (O-4)."""

    since: date | None = Field(alias="from")
    until: date | None = Field(alias="to")
    items: list[ChannelRead]
