"""Queries of messages: visibility and filters."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.clients.queries import same_clients
from app.core import clock
from app.core.periods import Period
from app.core.security import Principal
from app.language.normalization import like_pattern, split_words
from app.messages.models import Message, Reply
from app.messages.rules.deadlines import WHOLE_SECOND
from app.messages.rules.states import ReplyState
from app.messages.schemas.filters import MessageFilters, MessageSort


def visible_to(by: Principal) -> ColumnElement[bool]:
    """Return the condition of visibility: the unit of an employee, the points of an API client."""
    if by.kind == "client":
        return col(Message.point_id).in_(by.point_ids)
    return col(Message.unit_id) == by.unit_id if by.unit_id is not None else sa.false()


def of_same_client(client_id: UUID) -> ColumnElement[bool]:
    """Return the condition that matches the messages of a client; a common contact makes one client (O-2.5)."""
    return col(Message.client_id).in_(same_clients(client_id))


def select_messages(filters: MessageFilters, by: Principal, received: Period | None = None) -> SelectOfScalar[Message]:
    """Return the query of the caller's messages that pass the filters, received in the period (local days)."""
    query = select(Message).where(visible_to(by))
    for column, value in _list_equal(filters):
        if value is not None:
            query = query.where(column == value)
    if filters.state:
        query = query.where(col(Message.state).in_(filters.state))
    query = _filter_by_work(query, filters)
    if filters.updated_after is not None:
        query = query.where(col(Message.updated_at) > filters.updated_after)
    for word in split_words(filters.q) if filters.q is not None else ():
        query = query.where(col(Message.search_text).like(like_pattern(word), escape="\\"))
    if received is not None and received.since is not None:
        query = query.where(col(Message.received_at) >= clock.day_starts_at(received.since))
    if received is not None and received.until is not None:
        query = query.where(col(Message.received_at) < clock.day_ends_before(received.until))
    return query


def get_order(sort: MessageSort) -> tuple[Any, ...]:
    """Return the columns by which a list is sorted. Ids are in the order of registration."""
    name = sort.removeprefix("-")
    return (col(Message.id),) if name == "registered_at" else (col(getattr(Message, name)), col(Message.id))


def _list_equal(filters: MessageFilters) -> list[tuple[Any, Any]]:
    """Return the columns that a filter compares, with the value of the filter."""
    return [
        (col(Message.unit_id), filters.unit_id),
        (col(Message.point_id), filters.interaction_point_id),
        (col(Message.assignee_id), filters.assignee_id),
        (col(Message.topic_id), filters.topic_id),
        (col(Message.competence), filters.competence),
        (col(Message.priority), filters.priority),
        (col(Message.kind), filters.kind),
        (col(Message.message_class), filters.message_class),
        (col(Message.duplicate_of_id), filters.duplicate_of),
        (col(Message.has_personal_data), filters.has_personal_data),
    ]


def _filter_by_work(query: SelectOfScalar[Message], filters: MessageFilters) -> SelectOfScalar[Message]:
    if filters.due_before is not None:
        query = query.where(col(Message.due_at) < filters.due_before)
    if filters.overdue is not None:
        late = col(Message.due_at) <= clock.now() - WHOLE_SECOND
        query = query.where(late if filters.overdue else sa.or_(sa.not_(late), col(Message.due_at).is_(None)))
    if filters.without_assignee is not None:
        assignee = col(Message.assignee_id)
        query = query.where(assignee.is_(None) if filters.without_assignee else assignee.is_not(None))
    if filters.is_returned is not None:
        returned = sa.exists().where(col(Reply.message_id) == Message.id, col(Reply.state) == ReplyState.RETURNED)
        query = query.where(returned if filters.is_returned else sa.not_(returned))
    return query
