"""The filters that the list and the export of templates share."""

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
    """In what order a list comes."""

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
        description="`newest` first, by `key`, the last changed first, or those whose review is next first "
        "(only templates in use have one)."
    ),
]


class TemplateFilters:
    """Which templates are wanted; without any filter all that the caller may see and that are not archived."""

    def __init__(
        self,
        state: Annotated[
            TemplateState | None,
            Query(
                description="Archived ones come only when asked for here, and with `updated_after`, for who follows."
            ),
        ] = None,
        unit_id: Annotated[Id | None, Query(description="The unit that owns them.")] = None,
        key: Annotated[Key | None, Query()] = None,
        topic_id: Annotated[Id | None, Query()] = None,
        review: Annotated[ReviewState | None, Query(description="How current templates in use are (O-6.2.6).")] = None,
        updated_after: Annotated[Moment | None, Query(description="Changed after this moment.")] = None,
        q: Annotated[
            Search | None, Query(description="Words that all stand in the template, in any form or in part; ё = е.")
        ] = None,
    ) -> None:
        self._state, self._unit_id, self._key, self._topic_id = state, unit_id, key, topic_id
        self._review, self._updated_after, self._q = review, updated_after, q

    async def query(
        self, session: AsyncSession, by: Principal, *, own_by_default: bool = False
    ) -> SelectOfScalar[ReplyTemplate]:
        """The templates that the caller may see and that pass."""
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
