"""Extensions of the deadline of the final reply."""

from datetime import date
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.calendar.service import load_calendar
from app.core import audit, clock
from app.core.etags import IfMatch
from app.core.outbox import emit
from app.core.problems import FieldError, ValidationFailed
from app.core.security import Principal
from app.messages.errors import ExtensionNotPossible
from app.messages.events import DeadlineExtended
from app.messages.models import Message
from app.messages.rules.deadlines import Stage
from app.messages.schemas.messages import MessageExtend
from app.messages.service import deadlines, outgoing
from app.messages.service.access import get_message
from app.messages.service.transitions import mark_changed


async def extend_message(
    session: AsyncSession, message_id: UUID, body: MessageExtend, match: IfMatch, *, by: Principal
) -> Message:
    """Extend the deadline of the final reply once and send the client a notice (O-6.2.2; 59-FZ, article 12)."""
    message = await get_message(session, message_id, by, lock=True)
    match.require(message)
    rows = await deadlines.load_deadlines(session, message)
    extendable = [row for row in rows if deadlines.can_extend(row)]
    is_too_late = any(row.stage is Stage.DELAY_NOTICE and deadlines.is_past_due(row) for row in rows)
    if not extendable or is_too_late:
        raise ExtensionNotPossible
    max_days = min(row.term["extension_days"] for row in extendable)
    if body.days > max_days:
        ru, en = f"Срок можно продлить не более чем на {max_days} дн.", f"The maximum is {max_days} days."
        raise ValidationFailed(field_errors=[FieldError("/days", "too_long", ru, en)])
    await deadlines.mark_done(session, message, {Stage.DELAY_NOTICE}, clock.now())
    extended = await deadlines.extend(session, message, body.days)
    mark_changed(message)
    zone = (await load_calendar(session, message.organization_id)).zone
    until = max(clock.local_date(row.due_at, zone) for row in extended)
    await outgoing.send_notice(session, message, _build_notice(message, until, body.reason), by)
    audit.record(session, by, "message.extended", "message", message.id, fields=["deadlines"])
    emit(session, DeadlineExtended(message_id=message.id, days=body.days))
    await session.flush()  # raises the version
    return message


def _build_notice(message: Message, until: date, reason: str) -> str:
    return (
        f"Здравствуйте! Срок ответа на ваше сообщение № {message.number} продлён до {until:%d.%m.%Y}. "
        f"Причина: {reason.rstrip('.')}. Мы продолжаем работу и обязательно вам ответим."
    )
