"""Transitions of a message and its history."""

from datetime import datetime, timedelta

from sqlalchemy.orm.attributes import flag_modified
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.problems import FieldError, ValidationFailed
from app.core.security import Principal
from app.messages.models import Message, MessageEvent
from app.messages.rules.states import MESSAGE_TRANSITIONS, MessageMove, MessageState

MAY_BE_AHEAD = timedelta(minutes=5)
"""The tolerated difference between the clocks of other systems and ours."""


def require_not_future(moment: datetime, pointer: str) -> None:
    """Raise 422 for a past event whose time is in the future."""
    if moment > clock.now() + MAY_BE_AHEAD:
        raise ValidationFailed(
            field_errors=[
                FieldError(pointer, "in_the_future", "Указано время в будущем.", "The time is in the future.")
            ]
        )


def require_transition(message: Message, move: MessageMove) -> MessageState:
    """Return the state after a move. Raises `TransitionNotAllowed`."""
    return MESSAGE_TRANSITIONS.require(message.state, move)


def apply_transition(
    session: AsyncSession, message: Message, move: MessageMove, by: Principal | None, note: str | None = None
) -> None:
    """Apply a move to the message and record it in the history and the audit trail."""
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
    """Add a step to the history of the message. `before` is the previous state; default: the current one."""
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
    """Mark the message as changed, so that its version and ETag change with a related object."""
    message.updated_at = clock.now()
    flag_modified(message, "updated_at")
