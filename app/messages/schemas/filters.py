"""Query parameters of the list and the export of messages."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from fastapi import Query

from app.core.types import Id, Moment, Search
from app.messages.rules.enums import Competence, MessageClass, MessageKind, Priority
from app.messages.rules.states import MessageState


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFilters:
    """Filters of messages. Without a filter, all messages that the caller may see pass."""

    state: Annotated[list[MessageState] | None, Query(max_length=11, description="Can be repeated.")] = None
    unit_id: Annotated[Id | None, Query()] = None
    interaction_point_id: Annotated[Id | None, Query()] = None
    assignee_id: Annotated[Id | None, Query()] = None
    topic_id: Annotated[Id | None, Query()] = None
    competence: Annotated[Competence | None, Query()] = None
    priority: Annotated[Priority | None, Query()] = None
    kind: Annotated[MessageKind | None, Query()] = None
    message_class: Annotated[MessageClass | None, Query(alias="class")] = None
    duplicate_of: Annotated[Id | None, Query()] = None
    has_personal_data: Annotated[bool | None, Query(description="The text may contain personal data.")] = None
    due_before: Annotated[Moment | None, Query(description="Its earliest running deadline is before this time.")] = None
    overdue: Annotated[bool | None, Query(description="Whether one of its deadlines has passed.")] = None
    without_assignee: Annotated[bool | None, Query(description="Whether it has no assignee.")] = None
    is_returned: Annotated[
        bool | None, Query(description="Whether it has a reply that was returned and not edited since.")
    ] = None
    updated_after: Annotated[Moment | None, Query(description="Changed after this time.")] = None
    q: Annotated[Search | None, Query(description="Words that the text must contain; `ё` equals `е`.")] = None


class MessageSort(StrEnum):
    """Sort orders of the list of messages."""

    NEWEST = "-registered_at"
    OLDEST = "registered_at"
    LATEST_RECEIVED = "-received_at"
    FIRST_RECEIVED = "received_at"
    FIRST_DUE = "due_at"
    LAST_DUE = "-due_at"
    LATEST_CHANGED = "-updated_at"
    FIRST_CHANGED = "updated_at"
