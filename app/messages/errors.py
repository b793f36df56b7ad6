"""Problems of messages and replies."""

from app.core.problems import Conflict, Forbidden, MoveNotAllowed, NotFound
from app.messages.rules.lives import MOVES_RU, STATES_RU, MessageMove, MessageState, ReplyMove, ReplyState


class MessageNotFound(NotFound):
    """There is no such message, or it is another unit's."""

    code = "message_not_found"
    title_ru, title_en = "Сообщение не найдено", "Message not found"


class ReplyNotFound(NotFound):
    """The message has no such reply."""

    code = "reply_not_found"
    title_ru, title_en = "Ответ не найден", "Reply not found"


class MessageConflict(Conflict):
    """The point has another message with this external id."""

    code = "message_conflict"
    title_ru, title_en = "Сообщение с таким внешним номером уже есть", "A message with this external id exists"
    detail_ru = "В этой точке уже получено сообщение с тем же внешним номером, но с другим содержанием."
    detail_en = "The point already has a message with the same external id and another content."


class MessageMoveNotAllowed(MoveNotAllowed):
    """The message or reply cannot make this move in its present state."""

    def __init__(self, state: MessageState | ReplyState, move: MessageMove | ReplyMove) -> None:
        super().__init__(state.value, move.value)
        self.ru = f"Действие «{MOVES_RU[move.value]}» невозможно: состояние «{STATES_RU[state.value]}»."


class MoveToOtherUnit(Forbidden):
    """Only a head moves a message to another unit."""

    code = "move_to_other_unit"
    title_ru, title_en = "Передать в другое подразделение может руководитель", "Only a head moves to another unit"


class ReplyNotReady(Conflict):
    """The reply has findings that block it; they stand in `findings` of the reply."""

    code = "reply_not_ready"
    title_ru, title_en = "Ответ не готов", "The reply is not ready"
    detail_ru = "Исправьте замечания к тексту ответа (поле findings)."
    detail_en = "Mend the findings of the reply."


class DeadlinePolicyNotFound(NotFound):
    """There is no such deadline policy."""

    code = "deadline_policy_not_found"
    title_ru, title_en = "Правило срока не найдено", "Deadline policy not found"


class DeadlinePolicyExists(Conflict):
    """There is a deadline policy with this key."""

    code = "deadline_policy_exists"
    title_ru, title_en = "Правило срока с таким ключом уже есть", "A deadline policy with this key exists"
    constraints = ("uq_deadline_policies_key",)


class CalendarDayNotFound(NotFound):
    """The day was not corrected."""

    code = "calendar_day_not_found"
    title_ru, title_en = "Исправление дня не найдено", "Corrected day not found"


class CalendarDayExists(Conflict):
    """The day is corrected already."""

    code = "calendar_day_exists"
    title_ru, title_en = "Этот день уже исправлен", "This day is corrected already"
    constraints = ("uq_calendar_days_all", "uq_calendar_days_day")
