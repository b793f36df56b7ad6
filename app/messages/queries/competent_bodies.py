"""Queries of competent bodies."""

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.core import clock
from app.core.validity import Validity
from app.messages.models import CompetentBody


def select_competent_bodies(*, with_closed: bool) -> SelectOfScalar[CompetentBody]:
    """Return the query of the competent bodies; the last day of a body still counts."""
    query = select(CompetentBody)
    if with_closed:
        return query
    return query.where(Validity.condition(clock.today(), last=col(CompetentBody.closed_on)))
