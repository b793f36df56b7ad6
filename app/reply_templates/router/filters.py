"""Filters shared by the list and the export of templates."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.core.security import Principal
from app.core.types import Id, Key, Moment, Search
from app.reply_templates.models import ReplyTemplate
from app.reply_templates.queries import TemplateSort, select_templates
from app.reply_templates.rules.review import ReviewState
from app.reply_templates.rules.states import TemplateState
from app.reply_templates.search.service.search_conditions import has_words

SortQuery = Annotated[
    TemplateSort,
    Query(
        description="`newest`: last created first. `key`: alphabetical. `updated_at`: last changed first. "
        "`next_review_on`: earliest review first, only templates in use."
    ),
]


@dataclass(frozen=True, slots=True)
class TemplateFilters:
    """Filters of templates. By default all visible templates that are not archived are returned."""

    state: Annotated[
        TemplateState | None,
        Query(description="Archived templates are returned only with `archived` here, or with `updated_after`."),
    ] = None
    unit_id: Annotated[Id | None, Query(description="The unit that owns the templates.")] = None
    key: Annotated[Key | None, Query()] = None
    topic_id: Annotated[Id | None, Query()] = None
    review: Annotated[ReviewState | None, Query(description="Review state of templates in use (O-6.2.6).")] = None
    updated_after: Annotated[Moment | None, Query(description="Only templates changed after this moment.")] = None
    q: Annotated[
        Search | None, Query(description="Words the template must contain, in any form or in part; ё equals е.")
    ] = None

    async def query(
        self, session: AsyncSession, by: Principal, *, own_by_default: bool = False, sort: TemplateSort | None = None
    ) -> SelectOfScalar[ReplyTemplate]:
        """Return the select of the visible templates that match the filters."""
        return select_templates(
            by,
            await has_words(session, self.q, by) if self.q is not None else (),
            state=self.state,
            unit_id=by.unit_id if self.unit_id is None and own_by_default else self.unit_id,
            key=self.key,
            topic_id=self.topic_id,
            review=self.review,
            updated_after=self.updated_after,
            in_use_only=sort is TemplateSort.NEXT_REVIEW_ON,
        )


FiltersDep = Annotated[TemplateFilters, Depends()]
