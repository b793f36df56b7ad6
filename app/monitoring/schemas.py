"""What monitoring answers."""

from datetime import date
from enum import StrEnum

from pydantic import Field

from app.core.schemas import Output


class GroupBy(StrEnum):
    """By what the figures are grouped."""

    DAY = "day"
    MONTH = "month"
    MUNICIPALITY = "municipality"
    ORGANIZATION = "organization"
    SOURCE = "source"
    FORM_VERSION = "form_version"


class ShareRead(Output):
    """The share of satisfied clients with its n and 95 % Wilson interval; nulls without answers."""

    n: int
    satisfied: int
    share: float | None
    low: float | None
    high: float | None


class GroupRead(ShareRead):
    """The figures of one group."""

    key: str
    name: str


class SatisfactionRead(Output):
    """Satisfaction over a period (O-11, A-1 question 21)."""

    since: date | None = Field(alias="from")
    until: date | None = Field(alias="to")
    group_by: GroupBy | None
    total: ShareRead
    items: list[GroupRead]
