"""Filters shared by the list and the export of messages."""

from typing import Annotated

import sqlalchemy as sa
from fastapi import Depends, Query
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.core import clock
from app.core.periods import Period
from app.core.security import Principal
from app.core.types import Id, Moment, Search
from app.language.normalization import like_pattern, split_words
from app.messages import queries
from app.messages.models import Competence, Message, MessageClass, MessageKind, Priority, Reply
from app.messages.rules.deadlines import WHOLE_SECOND
from app.messages.rules.states import MessageState, ReplyState


class MessageFilters:
    """Filters of messages. Without a filter, all messages that the caller may see pass."""

    def __init__(
        self,
        state: Annotated[list[MessageState] | None, Query(max_length=11, description="Can be repeated.")] = None,
        unit_id: Annotated[Id | None, Query()] = None,
        interaction_point_id: Annotated[Id | None, Query()] = None,
        assignee_id: Annotated[Id | None, Query()] = None,
        topic_id: Annotated[Id | None, Query()] = None,
        competence: Annotated[Competence | None, Query()] = None,
        priority: Annotated[Priority | None, Query()] = None,
        kind: Annotated[MessageKind | None, Query()] = None,
        message_class: Annotated[MessageClass | None, Query(alias="class")] = None,
        duplicate_of: Annotated[Id | None, Query()] = None,
        has_personal_data: Annotated[bool | None, Query(description="The text may contain personal data.")] = None,
        due_before: Annotated[
            Moment | None, Query(description="Its earliest running deadline is before this time.")
        ] = None,
        overdue: Annotated[bool | None, Query(description="Whether one of its deadlines has passed.")] = None,
        without_assignee: Annotated[bool | None, Query(description="Whether it has no assignee.")] = None,
        is_returned: Annotated[
            bool | None, Query(description="Whether it has a reply that was returned and not edited since.")
        ] = None,
        updated_after: Annotated[Moment | None, Query(description="Changed after this time.")] = None,
        q: Annotated[Search | None, Query(description="Words that the text must contain; `ё` equals `е`.")] = None,
    ) -> None:
        self._equal = {
            "unit_id": unit_id,
            "point_id": interaction_point_id,
            "assignee_id": assignee_id,
            "topic_id": topic_id,
            "competence": competence,
            "priority": priority,
            "kind": kind,
            "message_class": message_class,
            "duplicate_of_id": duplicate_of,
            "has_personal_data": has_personal_data,
        }
        self._states = state
        self._due_before, self._overdue = due_before, overdue
        self._without_assignee, self._is_returned = without_assignee, is_returned
        self._updated_after, self._q = updated_after, q

    def query(self, by: Principal, received: Period | None = None) -> SelectOfScalar[Message]:
        """Return the query of the caller's messages that pass the filters, received in the period (local days)."""
        query = select(Message).where(queries.visible_to(by))
        for name, value in self._equal.items():
            if value is not None:
                query = query.where(getattr(Message, name) == value)
        if self._states:
            query = query.where(col(Message.state).in_(self._states))
        query = self._filter_by_work(query)
        if self._updated_after is not None:
            query = query.where(col(Message.updated_at) > self._updated_after)
        for word in split_words(self._q) if self._q is not None else ():
            query = query.where(col(Message.search_text).like(like_pattern(word), escape="\\"))
        if received is not None and received.since is not None:
            query = query.where(col(Message.received_at) >= clock.day_starts_at(received.since))
        if received is not None and received.until is not None:
            query = query.where(col(Message.received_at) < clock.day_ends_before(received.until))
        return query

    def _filter_by_work(self, query: SelectOfScalar[Message]) -> SelectOfScalar[Message]:
        if self._due_before is not None:
            query = query.where(col(Message.due_at) < self._due_before)
        if self._overdue is not None:
            late = col(Message.due_at) <= clock.now() - WHOLE_SECOND
            query = query.where(late if self._overdue else sa.or_(sa.not_(late), col(Message.due_at).is_(None)))
        if self._without_assignee is not None:
            assignee = col(Message.assignee_id)
            query = query.where(assignee.is_(None) if self._without_assignee else assignee.is_not(None))
        if self._is_returned is not None:
            returned = sa.exists().where(col(Reply.message_id) == Message.id, col(Reply.state) == ReplyState.RETURNED)
            query = query.where(returned if self._is_returned else sa.not_(returned))
        return query


FiltersDep = Annotated[MessageFilters, Depends()]
