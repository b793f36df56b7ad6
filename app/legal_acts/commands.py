"""What the use cases of legal acts take."""

from dataclasses import dataclass
from datetime import date

from app.legal_acts.rules import LegalActKind


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAct:
    """A new legal act."""

    kind: LegalActKind
    number: str
    signed_on: date
    title: str
    issuer: str | None
