"""The kinds of legal acts."""

from enum import StrEnum


class LegalActKind(StrEnum):
    """Kinds of legal acts."""

    ORDER = "order"
    FEDERAL_LAW = "federal_law"
    OTHER = "other"
