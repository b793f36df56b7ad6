"""Problems of messages and replies."""

from collections.abc import Sequence

from app.core.problems import Conflict, FieldError, Forbidden, NotFound, TransitionNotAllowed
from app.messages.rules.states import MOVES_RU, STATES_RU, MessageMove, MessageState, ReplyMove, ReplyState
from app.text_check.rules.findings import Finding


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


class MessageMoveNotAllowed(TransitionNotAllowed):
    """The message or reply cannot make this move in its present state."""

    def __init__(self, state: MessageState | ReplyState, move: MessageMove | ReplyMove) -> None:
        super().__init__(state.value, move.value)
        self.ru = f"Действие «{MOVES_RU[move.value]}» невозможно: состояние «{STATES_RU[state.value]}»."


class MoveToOtherUnit(Forbidden):
    """Only a head moves a message to another unit."""

    code = "move_to_other_unit"
    title_ru, title_en = "Передать в другое подразделение может руководитель", "Only a head moves to another unit"


class AppealKeepsItsClass(Conflict):
    """An appeal stays an appeal."""

    code = "appeal_keeps_its_class"
    title_ru, title_en = "Обращение остаётся обращением", "An appeal stays an appeal"
    detail_ru = "Сообщение зарегистрировано как обращение: его вид больше не меняется."
    detail_en = "The message is registered as an appeal: its class does not change any more."


class NoAppeal(Conflict):
    """The message was never registered as an appeal."""

    code = "no_appeal"
    title_ru, title_en = "Сообщение не зарегистрировано как обращение", "The message is not registered as an appeal"
    detail_ru = "Регистрационный номер есть только у обращения."
    detail_en = "Only an appeal has a registration number."


class NoAnswerReasonMissing(Conflict):
    """An appeal without an answer is closed only for a reason of article 11 of 59-FZ."""

    code = "no_answer_reason_missing"
    title_ru, title_en = "Укажите основание, по которому ответ не даётся", "The legal reason for no answer is missing"
    detail_ru = "Обращение без ответа закрывается только по основанию статьи 11 Федерального закона № 59-ФЗ."
    detail_en = "An appeal without an answer is closed only for a reason of article 11 of 59-FZ."


class ExtensionNotPossible(Conflict):
    """No deadline of the message may be extended: none runs, its policy allows none, or it was done already."""

    code = "extension_not_possible"
    title_ru, title_en = "Срок нельзя продлить", "The deadline cannot be extended"
    detail_ru = "Срок уже продлён, истёк, не предусматривает продления или не идёт."
    detail_en = "It was extended already, has passed, allows no extension or does not run."


class SameThread(Conflict):
    """The messages stand in one thread already."""

    code = "same_thread"
    title_ru, title_en = "Сообщения уже в одной переписке", "The messages stand in one thread already"


class DifferentClients(Conflict):
    """Only the threads of one client are merged."""

    code = "different_clients"
    title_ru, title_en = "Сообщения разных клиентов", "The messages are of different clients"
    detail_ru = "Объединяется только переписка одного клиента: у сообщений нет общего контакта."
    detail_en = "Only one client's threads are merged: the messages share no contact."


class AttachmentNotFound(NotFound):
    """The message has no such attachment."""

    code = "attachment_not_found"
    title_ru, title_en = "Вложение не найдено", "Attachment not found"


class AttachmentLost(NotFound):
    """The attachment's content is missing from the store or damaged."""

    code = "attachment_lost"
    title_ru, title_en = "Содержимое вложения утрачено", "The attachment's content is lost"
    detail_ru = "Файла нет в хранилище, или он повреждён. Сообщите администратору."
    detail_en = "The file is missing from the store or damaged. Tell the administrator."


class CompetentBodyNotFound(NotFound):
    """There is no such competent body."""

    code = "competent_body_not_found"
    title_ru, title_en = "Компетентный орган не найден", "Competent body not found"


class CompetentBodyExists(Conflict):
    """There is a competent body of this name."""

    code = "competent_body_exists"
    title_ru, title_en = "Такой компетентный орган уже есть", "A competent body of this name exists"
    constraints = ("uq_competent_bodies_name",)


class ReplyNotReady(Conflict):
    """The reply has findings that block it; they stand in `findings` of the reply."""

    code = "reply_not_ready"
    title_ru, title_en = "Ответ не готов", "The reply is not ready"
    detail_ru = "Исправьте замечания к тексту ответа."
    detail_en = "Mend the findings of the reply."

    def __init__(self, findings: Sequence[Finding] = ()) -> None:
        codes = ", ".join(dict.fromkeys(finding.code for finding in findings))
        super().__init__(
            f"Исправьте замечания к тексту ответа: {codes}.",
            f"Mend the findings of the reply: {codes}.",
            field_errors=[
                FieldError(
                    "/text",
                    finding.code,
                    f"Знаки {finding.start}–{finding.end}: {finding.message}",
                    f"Characters {finding.start} to {finding.end}: {finding.code}.",
                )
                for finding in findings
            ],
        )


class OfferedPointNotInForce(Conflict):
    """A point that the reply offers was switched off since it was drafted (O-3)."""

    code = "offered_point_not_in_force"
    title_ru, title_en = "Предложенная точка больше не действует", "An offered point is in force no more"
    detail_ru = "Верните ответ на доработку и предложите другую точку взаимодействия."
    detail_en = "Return the reply and offer another interaction point."

    def __init__(self, closed: Sequence[tuple[int, str]] = ()) -> None:
        super().__init__(
            field_errors=[
                FieldError(
                    f"/offered_point_ids/{place}",
                    self.code,
                    f"Точка больше не действует: {name}.",
                    "The point is not in force.",
                )
                for place, name in closed
            ]
        )


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


class NotAnsweredYet(Conflict):
    """Satisfaction is told of an answer, and there is none yet."""

    code = "not_answered_yet"
    title_ru, title_en = "Ответ ещё не отправлен", "No answer was sent yet"
    detail_ru = "Оценить можно только отправленный ответ."
    detail_en = "Only an answer that was sent can be rated."


class NotAnsweredByTemplate(Conflict):
    """The reply was not sent, or was written without a template."""

    code = "not_answered_by_template"
    title_ru, title_en = "Ответ не отправлен или составлен без шаблона", "Not sent, or written without a template"
    detail_ru = "Типовым становится сообщение, на которое ответили по шаблону."
    detail_en = "A message that was answered with a template can become a typical one."
