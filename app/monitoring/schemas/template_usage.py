"""Use of reply templates (O-6.2.6)."""

from datetime import date
from enum import StrEnum

from pydantic import Field

from app.core.schemas import LocalDateTime, Output
from app.monitoring.schemas.figures import ShareRead


class TemplateGroupBy(StrEnum):
    """Grouping of the uses of templates."""

    TEMPLATE = "template"
    UNIT = "unit"
    CHANNEL = "channel"


class UseRead(Output):
    """The use of templates: `n` insertions into replies and their outcomes."""

    n: int
    sent: int
    sent_unchanged: int = Field(description="Sent with the template's text unchanged, apart from placeholder values.")
    edited: int
    mean_changed_share: float | None = Field(
        description="Mean share of changed words in the sent replies, 0 to 1; null when none was sent."
    )
    last_used_at: LocalDateTime | None
    satisfaction: ShareRead


class TemplateUseRead(UseRead):
    """The use of templates in one group."""

    key: str
    name: str


class TemplateUsesRead(Output):
    """The use of reply templates over a period (O-6.2.6)."""

    since: date | None = Field(alias="from")
    until: date | None = Field(alias="to")
    group_by: TemplateGroupBy | None
    total: UseRead
    items: list[TemplateUseRead]
