"""Targets of units and their figures (O-10, O-11)."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.core import example_ids
from app.core.schemas import NOT_GIVEN, Input, LocalDateTime, Output, example
from app.core.types import Day, Id
from app.monitoring.models import TargetMeasure
from app.monitoring.rules import TargetPeriod

Threshold = Annotated[float, Field(strict=True, gt=0, le=1, description="The share to reach, at most 1.")]
MinSample = Annotated[
    int,
    Field(
        alias="least_n",
        strict=True,
        ge=1,
        le=1_000_000,
        description="The smallest sample that a period is judged by.",
    ),
]


class TargetCreate(Input):
    """A new target of a unit."""

    unit_id: Id
    measure: TargetMeasure
    threshold: Threshold
    min_sample: MinSample = 30
    period: TargetPeriod = TargetPeriod.MONTH
    valid_from: Day | None = Field(None, description="Today by default; its whole period is judged.")
    model_config = example(
        {
            "unit_id": example_ids.UNIT,
            "measure": "limits_in_time",
            "threshold": 0.95,
            "least_n": 30,
            "period": "month",
            "valid_from": None,
        }
    )


class TargetPatch(Input):
    """The fields to change; a closed target is in force until that day and judged until the end of its period."""

    threshold: Threshold = NOT_GIVEN
    min_sample: MinSample = NOT_GIVEN
    closed_on: Day | None = NOT_GIVEN
    model_config = example({"threshold": 0.9})


class TargetStanding(StrEnum):
    """Status of a target in a period."""

    REACHED = "reached"
    NOT_REACHED = "not_reached"
    TOO_FEW = "too_few"


class TargetFigureRead(Output):
    """The share in the current period so far, with its 95 % Wilson interval."""

    since: date = Field(alias="from")
    until: date = Field(alias="to")
    n: int
    count: int
    share: float | None
    low: float | None
    high: float | None
    standing: TargetStanding


class DeviationRead(Output):
    """A period in which the target was not reached, and the control note about it."""

    period_start: date
    n: int
    count: int
    share: float
    threshold: float
    found_at: LocalDateTime
    note_id: UUID


class TargetRead(Output):
    """A target with its current period and the latest 12 periods in which it was not reached."""

    id: UUID
    unit_id: UUID
    measure: TargetMeasure
    name: str
    threshold: float
    min_sample: int = Field(serialization_alias="least_n")
    period: TargetPeriod
    valid_from: date
    closed_on: date | None
    created_at: LocalDateTime
    created_by: UUID
    current: TargetFigureRead
    deviations: list[DeviationRead]
