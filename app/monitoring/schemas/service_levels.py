"""Service levels: the shares of deadlines met, and the times (O-4, O-6.2.2)."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from app.calendar.rules.terms import TermUnit
from app.core.schemas import Output
from app.messages.rules.deadlines import Stage
from app.monitoring.schemas.figures import TOO_FEW, ComparisonRead, PeriodRead


class LevelGroupBy(StrEnum):
    """Grouping of service levels."""

    DAY = "day"
    MONTH = "month"
    CHANNEL = "channel"
    UNIT = "unit"
    ORGANIZATION = "organization"


class DeadlineKind(StrEnum):
    """A limit set by a legal act, or a service target within it."""

    LIMIT = "limit"
    TARGET = "target"


class TimeKind(StrEnum):
    """Unit of the times: clock hours or working hours of the organization."""

    ELAPSED = "elapsed"
    WORKING = "working"


class InTimeRead(Output):
    """Of `n` ended deadlines, the number met; running deadlines that are not missed are `open`."""

    n: int
    in_time: int
    share: float | None
    low: float | None
    high: float | None
    is_too_few: bool = Field(description=TOO_FEW)
    open: int


class PolicyLevelRead(InTimeRead):
    """Deadlines of one policy, and the times of everything done, late or not."""

    policy_id: UUID
    name: str
    legal_act: str | None
    unit: TermUnit
    time: TimeKind
    timed: int = Field(description="The number of deadlines with a known time.")
    median_hours: float | None
    p90_hours: float | None = Field(description="The 90th percentile.")


class StageLevelRead(InTimeRead):
    """The limits or the targets of one stage, over all policies and by policy."""

    stage: Stage
    kind: DeadlineKind
    name: str
    previous: ComparisonRead | None = Field(
        description="Null unless both ends of the period are given; also null when the groups are days or months."
    )
    policies: list[PolicyLevelRead]


class LevelGroupRead(Output):
    """The service levels of one day, month, channel, unit or organization."""

    key: str
    name: str
    stages: list[StageLevelRead]


class ServiceLevelsRead(Output):
    """Service levels over a period; a deadline counts on the day on which its clock started."""

    since: date | None = Field(alias="from")
    until: date | None = Field(alias="to")
    group_by: LevelGroupBy | None
    previous_period: PeriodRead | None
    stages: list[StageLevelRead]
    items: list[LevelGroupRead]
