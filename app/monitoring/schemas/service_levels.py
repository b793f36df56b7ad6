"""Service levels: what was done in time, and how long it took (O-4, O-6.2.2)."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from app.core.schemas import Output
from app.messages.rules.deadlines import Stage, TermUnit
from app.monitoring.schemas.figures import TOO_FEW, ComparisonRead, PeriodRead


class LevelGroupBy(StrEnum):
    """By what service levels are grouped."""

    DAY = "day"
    MONTH = "month"
    CHANNEL = "channel"
    UNIT = "unit"
    ORGANIZATION = "organization"


class DeadlineKind(StrEnum):
    """A limit of a legal act, or a service target inside it."""

    LIMIT = "limit"
    TARGET = "target"


class TimeKind(StrEnum):
    """What times are told in: hours by the clock, or working hours of the organization."""

    ELAPSED = "elapsed"
    WORKING = "working"


class InTimeRead(Output):
    """Of `n` deadlines that are over, how many were met; those that run and are not late yet are `open`."""

    n: int
    in_time: int
    share: float | None
    low: float | None
    high: float | None
    is_too_few: bool = Field(description=TOO_FEW)
    open: int


class PolicyLevelRead(InTimeRead):
    """One policy: in time, and the times of what was done, late or not."""

    policy_id: UUID
    name: str
    legal_act: str | None
    unit: TermUnit
    time: TimeKind
    timed: int = Field(description="How many of them were done and their time is known.")
    median_hours: float | None
    p90_hours: float | None = Field(description="The 90th percentile: nine of ten took no longer.")


class StageLevelRead(InTimeRead):
    """One stage, its limits and its targets apart, over all policies and by policy."""

    stage: Stage
    kind: DeadlineKind
    name: str
    previous: ComparisonRead | None = Field(
        description="Null unless both ends of the period are given, and in groups that are days or months."
    )
    policies: list[PolicyLevelRead]


class LevelGroupRead(Output):
    """The service levels of one day, month, channel, unit or organization."""

    key: str
    name: str
    stages: list[StageLevelRead]


class ServiceLevelsRead(Output):
    """Service levels over a period: deadlines count for the day on which their clock began."""

    since: date | None = Field(alias="from")
    until: date | None = Field(alias="to")
    group_by: LevelGroupBy | None
    previous_period: PeriodRead | None
    stages: list[StageLevelRead]
    items: list[LevelGroupRead]
