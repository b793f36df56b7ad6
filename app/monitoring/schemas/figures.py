"""Survey figures: each has its n, its 95 % interval and a comparison with the preceding period (O-11)."""

from datetime import date
from enum import StrEnum

from pydantic import Field

from app.core.schemas import Output
from app.monitoring.rules import MIN_SAMPLE, Verdict
from app.surveys.rules.submissions import SubmissionSource


class GroupBy(StrEnum):
    """Grouping of the figures."""

    DAY = "day"
    MONTH = "month"
    MUNICIPALITY = "municipality"
    ORGANIZATION = "organization"
    SOURCE = "source"
    FORM_VERSION = "form_version"


SOURCES_RU = {
    SubmissionSource.WEB: "На сайте",
    SubmissionSource.PAPER: "На бумаге",
    SubmissionSource.FEEDBACK_PLATFORM: "Платформа обратной связи",
    SubmissionSource.IMPORT: "Загрузка из файла",
}

TOO_FEW = f"Whether the sample is too small for conclusions: fewer than {MIN_SAMPLE} answers."


class PeriodRead(Output):
    """A period of days, both ends included."""

    since: date = Field(alias="from")
    until: date = Field(alias="to")


class ComparisonRead(Output):
    """The figure compared with, and the difference: this figure minus the other."""

    n: int
    value: float | None = Field(description="The share or the mean; null without answers.")
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    verdict: Verdict = Field(
        description="`higher` or `lower` if the 95 % interval of the difference excludes 0, otherwise `within_chance`;"
        f" `too_few` with fewer than {MIN_SAMPLE} answers on either side."
    )


class ShareRead(Output):
    """The share of satisfied clients with its n and 95 % Wilson interval; null without answers."""

    n: int
    satisfied: int
    share: float | None
    low: float | None
    high: float | None
    is_too_few: bool = Field(description=TOO_FEW)


class ComparedShareRead(ShareRead):
    """A share compared with that of the preceding period."""

    previous: ComparisonRead | None = Field(description="Null unless both ends of the period are given.")


class GroupRead(ShareRead):
    """The figures of one group."""

    key: str
    name: str
    previous: ComparisonRead | None = Field(description="Also null when the groups are days or months.")


class Figures(Output):
    """Common fields of the responses with figures."""

    since: date | None = Field(alias="from")
    until: date | None = Field(alias="to")
    group_by: GroupBy | None
    previous_period: PeriodRead | None = Field(
        description="The preceding period of the same length; null unless both ends are given."
    )


class SatisfactionRead(Figures):
    """Satisfaction over a period (O-11, A-1 question 21)."""

    total: ComparedShareRead
    items: list[GroupRead]


class UsageRead(Output):
    """The use of a source: `n` answers, their counts by value, and the share of users."""

    n: int
    counts: dict[str, int] = Field(description="Counts by answer: 1 constantly, 2 from time to time, 3 never.")
    used: int = Field(description="The number of answers 1 and 2.")
    share: float | None
    low: float | None
    high: float | None
    is_too_few: bool = Field(description=TOO_FEW)
    previous: ComparisonRead | None


class UsageGroupRead(UsageRead):
    """The use of a source in one group."""

    key: str
    name: str


class SourceUsageRead(UsageRead):
    """The use of one source of information (A-1 question 22)."""

    key: str
    code: str
    name: str
    groups: list[UsageGroupRead]


class SourcesRead(Figures):
    """The use of each source over a period (O-11)."""

    items: list[SourceUsageRead]


class EaseRead(Output):
    """The ease of finding information in a source: `n` scores, their counts, and the mean with its interval."""

    n: int
    counts: dict[str, int] = Field(description="Counts by score, from 1 (very hard) to 5 (very easy).")
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
    """The ease of finding information in one source (A-1 question 23)."""

    key: str
    code: str
    name: str
    groups: list[EaseGroupRead]


class FindabilityRead(Figures):
    """The ease of finding information in each source over a period (O-11)."""

    items: list[SourceEaseRead]
