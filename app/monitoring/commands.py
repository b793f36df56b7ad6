"""Commands of the use cases of monitoring."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.monitoring.models import TargetMeasure
from app.monitoring.rules import TargetPeriod


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTarget:
    """A new target of a unit; it is valid from today if `valid_from` is None."""

    unit_id: UUID
    measure: TargetMeasure
    threshold: float
    min_sample: int
    period: TargetPeriod
    valid_from: date | None
