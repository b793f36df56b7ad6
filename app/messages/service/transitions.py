"""What every use case does: find a message that is the caller's, move it by the table, write the history."""

from datetime import datetime, timedelta

from sqlalchemy.orm.attributes import flag_modified
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.problems import FieldError, ValidationFailed
from app.core.security import Principal
from app.messages.errors import MessageMoveNotAllowed
from app.messages.models import Message, MessageEvent
from app.messages.rules.states import MESSAGE_TRANSITIONS, MessageMove, MessageState

MAY_BE_AHEAD = timedelta(minutes=5)
"""How much the clocks of other systems may differ from ours."""


def require_not_future(moment: datetime, pointer: str) -> None:
    """Raise 422 for a moment of the past that lies ahead."""
    if moment > clock.now() + MAY_BE_AHEAD:
        raise ValidationFailed(
            field_errors=[FieldError(pointer, "in_the_future", "Время в будущем.", "The time is in the future.")]
        )


def require_transition(message: Message, move: MessageMove) -> MessageState:
    """The state that the move leads to, or `MessageMoveNotAllowed`."""
    state = MESSAGE_TRANSITIONS[message.state].get(move)
    if state is None:
        raise MessageMoveNotAllowed(message.state, move)
    return state


def apply_transition(
    session: AsyncSession, message: Message, move: MessageMove, by: Principal | None, note: str | None = None
) -> None:
    """Move the message by the table and write the step into its history and the audit trail."""
    before, message.state = message.state, require_transition(message, move)
    record_event(session, message, move.value, by, note, before)
    audit.record(
        session, by, f"message.{move.value}", "message", message.id, fields=["state"], fallback_actor="service"
    )


def record_event(
    session: AsyncSession,
    message: Message,
    what: str,
    by: Principal | None,
    note: str | None,
    before: MessageState | None = None,
) -> None:
    """Write a step into the message's history; `before`: the state that it left, the present one unless given."""
    mark_changed(message)
    session.add(
        MessageEvent(
            message_id=message.id,
            occurred_at=message.updated_at,
            what=what,
            by_id=by.id if by else None,
            from_state=before or message.state,
            to_state=message.state,
            note=note,
        )
    )


def mark_changed(message: Message) -> None:
    """Count a change of what hangs on a message as a change of the message: its ETag grows."""
    message.updated_at = clock.now()
    flag_modified(message, "updated_at")
