"""The table of legal acts."""

from datetime import date

import sqlalchemy as sa
from sqlmodel import Field

from app.core.db import VersionedTable, enum_column, length_check
from app.legal_acts.rules import LegalActKind


class LegalAct(VersionedTable, table=True):
    """An order or law that approves or regulates interaction points or sets deadlines."""

    __tablename__ = "legal_acts"
    __table_args__ = (
        sa.UniqueConstraint("kind", "number", "signed_on", name="uq_legal_acts_number"),
        length_check("number", 100),
        length_check("title", 1000),
    )

    kind: LegalActKind = Field(sa_column=enum_column(LegalActKind))
    number: str = Field(max_length=100)
    signed_on: date
    title: str = Field(max_length=1000)
    issuer: str | None = Field(default=None, max_length=500)
    closed_on: date | None = None
    """The last day on which the act is in force."""

    @property
    def short_title(self) -> str:
        """Return the kind, date and number, such as «Приказ от 15.02.2024 № 27»."""
        word = {LegalActKind.ORDER: "Приказ", LegalActKind.FEDERAL_LAW: "Федеральный закон"}.get(self.kind, "Акт")
        return f"{word} от {self.signed_on:%d.%m.%Y} № {self.number}"
