"""API schemas of bulk actions."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.core import example_ids
from app.core.schemas import Input, Output, example
from app.core.types import Id, Note
from app.messages.rules.enums import (
    BulkAction,
)
from app.messages.rules.states import MessageState


class MessageBulk(Input):
    """One action on up to 500 messages.

    `close` requires `reason` and `spam` accepts it; `assign` requires an assignee or a unit.
    """

    action: BulkAction
    ids: Annotated[list[Id], Field(min_length=1, max_length=500)]
    reason: Note | None = None
    assignee_id: Id | None = None
    unit_id: Id | None = None
    model_config = example({"action": "close", "ids": [example_ids.MESSAGE], "reason": "Вопрос решён"})


class BulkItemRead(Output):
    """The result for one message: 200, or the status and code of the problem."""

    id: UUID
    status: int
    code: str | None
    title: str | None
    state: MessageState | None


class BulkRead(Output):
    """The results for the messages, in the order of the request."""

    done: int
    items: list[BulkItemRead]
