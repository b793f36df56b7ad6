"""How the knowledge bases are used, as monitoring tells it (O-6.2.6)."""

from datetime import date
from enum import StrEnum

from pydantic import Field

from app.core.schemas import LocalDateTime, Output
from app.monitoring.schemas.figures import ShareRead


class TemplateGroupBy(StrEnum):
    """By what uses of templates are grouped."""

    TEMPLATE = "template"
    UNIT = "unit"
    CHANNEL = "channel"


class UseRead(Output):
    """How templates were used: `n` insertions into replies, and what became of them."""

    n: int
    sent: int
    sent_unchanged: int = Field(description="Sent in the words of the template, its values put in.")
    edited: int
    mean_changed_share: float | None = Field(
        description="How much of the texts sent is not the templates' words, 0 to 1; null when none was sent."
    )
    last_used_at: LocalDateTime | None
    satisfaction: ShareRead


class TemplateUseRead(UseRead):
    """The uses of one group."""

    key: str
    name: str


class TemplateUsesRead(Output):
    """Uses of reply templates over a period (O-6.2.6)."""

    since: date | None = Field(alias="from")
    until: date | None = Field(alias="to")
    group_by: TemplateGroupBy | None
    total: UseRead
    items: list[TemplateUseRead]
