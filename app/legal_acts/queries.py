"""Queries of legal acts."""

from sqlmodel import select
from sqlmodel.sql.expression import SelectOfScalar

from app.legal_acts.models import LegalAct
from app.legal_acts.rules import LegalActKind


def select_acts(kind: LegalActKind | None = None) -> SelectOfScalar[LegalAct]:
    """Select the legal acts, optionally of one kind."""
    query = select(LegalAct)
    return query if kind is None else query.where(LegalAct.kind == kind)
