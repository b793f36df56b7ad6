"""Queries of template search."""

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.core import clock
from app.core.validity import Validity
from app.reply_templates.search.models import SynonymGroup
from app.reply_templates.search.rules.synonyms import SynonymKind


def select_groups(kind: SynonymKind | None, *, with_closed: bool) -> SelectOfScalar[SynonymGroup]:
    """Return the select of the synonym groups, of one kind or all, without the closed ones unless requested."""
    query = select(SynonymGroup)
    if kind is not None:
        query = query.where(SynonymGroup.kind == kind)
    return query if with_closed else query.where(Validity.condition(clock.today(), last=col(SynonymGroup.closed_on)))
