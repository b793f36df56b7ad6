"""Filters shared by the list and the export of templates."""

from enum import StrEnum
from typing import Annotated, Any

from fastapi import Depends, Query
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.core.security import Principal
from app.core.types import Id, Key, Moment, Search
from app.reply_templates import queries
from app.reply_templates.models import ReplyTemplate
from app.reply_templates.rules.review import ReviewState
from app.reply_templates.rules.states import TemplateState
from app.reply_templates.search.service.search_conditions import has_words


class TemplateSort(StrEnum):
    """The order of a list of templates."""

    NEWEST = "newest"
    KEY = "key"
    UPDATED_AT = "updated_at"
    NEXT_REVIEW_ON = "next_review_on"


ORDERS: dict[TemplateSort, tuple[tuple[Any, ...], bool]] = {
    TemplateSort.NEWEST: ((col(ReplyTemplate.id),), True),
    TemplateSort.KEY: ((col(ReplyTemplate.key), col(ReplyTemplate.id)), False),
    TemplateSort.UPDATED_AT: ((col(ReplyTemplate.updated_at), col(ReplyTemplate.id)), True),
    TemplateSort.NEXT_REVIEW_ON: ((col(ReplyTemplate.next_review_on), col(ReplyTemplate.id)), False),
}
"""The columns of each order, and whether it is descending."""

SortQuery = Annotated[
    TemplateSort,
    Query(
        description="`newest`: last created first. `key`: alphabetical. `updated_at`: last changed first. "
        "`next_review_on`: earliest review first, only templates in use."
    ),
]


class TemplateFilters:
    """Filters of templates. By default all visible templates that are not archived are returned."""

    def __init__(
        self,
        state: Annotated[
            TemplateState | None,
            Query(description="Archived templates are returned only with `archived` here, or with `updated_after`."),
        ] = None,
        unit_id: Annotated[Id | None, Query(description="The unit that owns the templates.")] = None,
        key: Annotated[Key | None, Query()] = None,
        topic_id: Annotated[Id | None, Query()] = None,
        review: Annotated[ReviewState | None, Query(description="Review state of templates in use (O-6.2.6).")] = None,
        updated_after: Annotated[Moment | None, Query(description="Only templates changed after this moment.")] = None,
        q: Annotated[
            Search | None, Query(description="Words the template must contain, in any form or in part; ё equals е.")
        ] = None,
    ) -> None:
        self._state, self._unit_id, self._key, self._topic_id = state, unit_id, key, topic_id
        self._review, self._updated_after, self._q = review, updated_after, q

    async def query(
        self, session: AsyncSession, by: Principal, *, own_by_default: bool = False
    ) -> SelectOfScalar[ReplyTemplate]:
        """Return the select of the visible templates that match the filters."""
        query = select(ReplyTemplate).where(queries.visible_to(by))
        unit_id = by.unit_id if self._unit_id is None and own_by_default else self._unit_id
        for column, value in ((ReplyTemplate.unit_id, unit_id), (ReplyTemplate.key, self._key)):
            if value is not None:
                query = query.where(column == value)
        if self._state is not None:
            query = query.where(queries.has_state(self._state, by))
        elif self._updated_after is None:
            query = query.where(col(ReplyTemplate.state) != TemplateState.ARCHIVED)
        if self._topic_id is not None:
            query = query.where(queries.has_topic(self._topic_id, by))
        if self._review is not None:
            query = query.where(queries.has_review(self._review))
        if self._updated_after is not None:
            query = query.where(col(ReplyTemplate.updated_at) > self._updated_after)
        if self._q is not None:
            query = query.where(*await has_words(session, self._q, by))
        return query


FiltersDep = Annotated[TemplateFilters, Depends()]
