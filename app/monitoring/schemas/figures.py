"""Figures of the survey: each with its n, its 95 % interval, and how it differs from the period before (O-11)."""

from datetime import date
from enum import StrEnum

from pydantic import Field

from app.core.schemas import Output
from app.monitoring.rules import MIN_SAMPLE, Verdict


class GroupBy(StrEnum):
    """By what the figures are grouped."""

    DAY = "day"
    MONTH = "month"
    MUNICIPALITY = "municipality"
    ORGANIZATION = "organization"
    SOURCE = "source"
    FORM_VERSION = "form_version"


TOO_FEW = f"Below {MIN_SAMPLE} answers a figure says next to nothing."


class PeriodRead(Output):
    """Two days, both included."""

    since: date = Field(alias="from")
    until: date = Field(alias="to")


class ComparisonRead(Output):
    """The same figure of something else, and how ours differs from it: the difference is ours minus the other."""

    n: int
    value: float | None = Field(description="The share or the mean; null without answers.")
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    verdict: Verdict = Field(
        description="`higher` or `lower` when the 95 % interval of the difference leaves out 0, else `within_chance`;"
        f" `too_few` with less than {MIN_SAMPLE} answers on either side."
    )


class ShareRead(Output):
    """The share of satisfied clients with its n and 95 % Wilson interval; nulls without answers."""

    n: int
    satisfied: int
    share: float | None
    low: float | None
    high: float | None
    is_too_few: bool = Field(description=TOO_FEW)


class ComparedShareRead(ShareRead):
    """A share beside that of the period before."""

    previous: ComparisonRead | None = Field(description="Null unless both ends of the period are given.")


class GroupRead(ShareRead):
    """The figures of one group."""

    key: str
    name: str
    previous: ComparisonRead | None = Field(description="Null too when the groups are days or months.")


class Figures(Output):
    """What every answer about figures begins with."""

    since: date | None = Field(alias="from")
    until: date | None = Field(alias="to")
    group_by: GroupBy | None
    previous_period: PeriodRead | None = Field(description="As many days just before; null unless both ends are given.")


class SatisfactionRead(Figures):
    """Satisfaction over a period (O-11, A-1 question 21)."""

    total: ComparedShareRead
    items: list[GroupRead]


class UsageRead(Output):
    """How often a source is used: `n` answers, how many of each value, and the share of those who use it at all."""

    n: int
    counts: dict[str, int] = Field(description="1: constantly, 2: from time to time, 3: never.")
    used: int = Field(description="Answers 1 and 2.")
    share: float | None
    low: float | None
    high: float | None
    is_too_few: bool = Field(description=TOO_FEW)
    previous: ComparisonRead | None


class UsageGroupRead(UsageRead):
    """The usage of a source in one group."""

    key: str
    name: str


class SourceUsageRead(UsageRead):
    """The usage of one source of information (A-1 question 22)."""

    key: str
    code: str
    name: str
    groups: list[UsageGroupRead]


class SourcesRead(Figures):
    """The usage of sources over a period, source by source (O-11)."""

    items: list[SourceUsageRead]


class EaseRead(Output):
    """How easy it is to find things in a source: `n` scores, how many of each, and their mean with its interval."""

    n: int
    counts: dict[str, int] = Field(description="From 1, very hard, to 5, very easy.")
    mean: float | None
    low: float | None = Field(description=f"Null below {MIN_SAMPLE} scores.")
    high: float | None
    is_too_few: bool = Field(description=TOO_FEW)
    previous: ComparisonRead | None


class EaseGroupRead(EaseRead):
    """The scores of a source in one group."""

    key: str
    name: str


class SourceEaseRead(EaseRead):
    """How easy it is to find things in one source of information (A-1 question 23)."""

    key: str
    code: str
    name: str
    groups: list[EaseGroupRead]


class FindabilityRead(Figures):
    """Ease of finding over a period, source by source (O-11)."""

    items: list[SourceEaseRead]
