"""Problems of messages and replies."""

from collections.abc import Sequence

from app.core.problems import Conflict, FieldError, Forbidden, NotFound
from app.text_check.rules.findings import NAMES_RU, POINT_NOT_IN_FORCE, Finding

_FINDINGS_RU: dict[str, str] = {code.value: name for code, name in NAMES_RU.items()} | {
    POINT_NOT_IN_FORCE: "Недействующая точка взаимодействия"
}


class MessageNotFound(NotFound):
    """The message does not exist or belongs to another unit."""

    code = "message_not_found"
    title_ru, title_en = "Сообщение не найдено", "Message not found"


class ReplyNotFound(NotFound):
    """The message does not have this reply."""

    code = "reply_not_found"
    title_ru, title_en = "Ответ не найден", "Reply not found"


class MessageConflict(Conflict):
    """The point has a message with the same external id and different content."""

    code = "message_conflict"
    title_ru, title_en = "Сообщение с таким внешним номером уже есть", "A message with this external id already exists"
    detail_ru = "В этой точке взаимодействия уже есть сообщение с тем же внешним номером, но с другим содержанием."
    detail_en = "The point already has a message with the same external id but different content."


class MoveToOtherUnit(Forbidden):
    """Only a head may move a message to another unit."""

    code = "move_to_other_unit"
    title_ru = "Передать сообщение в другое подразделение может только руководитель"
    title_en = "Only a head may move a message to another unit"


class AppealKeepsItsClass(Conflict):
    """The class of an appeal cannot be changed."""

    code = "appeal_keeps_its_class"
    title_ru, title_en = "Вид обращения изменить нельзя", "The class of an appeal cannot be changed"
    detail_ru = "Сообщение уже зарегистрировано как обращение."
    detail_en = "The message is already registered as an appeal."


class NoAppeal(Conflict):
    """The message is not registered as an appeal."""

    code = "no_appeal"
    title_ru, title_en = "Сообщение не зарегистрировано как обращение", "The message is not registered as an appeal"
    detail_ru = "Регистрационный номер есть только у обращения."
    detail_en = "Only an appeal has a registration number."


class NoAnswerReasonMissing(Conflict):
    """An unanswered appeal needs a reason of 59-FZ, article 11, to be closed."""

    code = "no_answer_reason_missing"
    title_ru = "Не указано основание для оставления обращения без ответа"
    title_en = "The legal reason for leaving the appeal unanswered is missing"
    detail_ru = "Закрыть обращение без ответа можно только по основанию статьи 11 Федерального закона № 59-ФЗ."
    detail_en = "An unanswered appeal can be closed only for a reason given in article 11 of Federal Law 59-FZ."


class ExtensionNotPossible(Conflict):
    """No deadline of the message can be extended: none is running, or its policy or an earlier extension forbids it."""

    code = "extension_not_possible"
    title_ru, title_en = "Срок нельзя продлить", "The deadline cannot be extended"
    detail_ru = "Срок уже продлён, истёк, не начался, приостановлен или не подлежит продлению."
    detail_en = "It was already extended, has passed, is not running or cannot be extended by its policy."


class SameThread(Conflict):
    """The messages are already in one thread."""

    code = "same_thread"
    title_ru, title_en = "Сообщения уже относятся к одной переписке", "The messages are already in the same thread"


class DifferentClients(Conflict):
    """The messages are from different clients."""

    code = "different_clients"
    title_ru, title_en = "Сообщения поступили от разных клиентов", "The messages are from different clients"
    detail_ru = "Объединить можно только переписку одного клиента, а у этих сообщений нет общего контакта."
    detail_en = "Only threads of the same client can be merged; these messages have no contact in common."


class AttachmentNotFound(NotFound):
    """The message does not have this attachment."""

    code = "attachment_not_found"
    title_ru, title_en = "Вложение не найдено", "Attachment not found"


class AttachmentLost(NotFound):
    """The content of the attachment is missing or damaged."""

    code = "attachment_lost"
    title_ru, title_en = "Файл вложения утрачен", "The attachment file is missing"
    detail_ru = "Файл отсутствует в хранилище или повреждён. Сообщите администратору."
    detail_en = "The file is missing from storage or damaged. Contact the administrator."


class CompetentBodyNotFound(NotFound):
    """The competent body does not exist."""

    code = "competent_body_not_found"
    title_ru, title_en = "Компетентный орган не найден", "Competent body not found"


class CompetentBodyExists(Conflict):
    """A competent body with this name already exists."""

    code = "competent_body_exists"
    title_ru = "Компетентный орган с таким названием уже есть"
    title_en = "A competent body with this name already exists"
    constraints = ("uq_competent_bodies_name",)


class ReplyNotReady(Conflict):
    """The check of the reply found errors; they are listed in its `findings`."""

    code = "reply_not_ready"
    title_ru, title_en = "В тексте ответа есть ошибки", "The reply has errors"
    detail_ru = "Устраните замечания к тексту ответа."
    detail_en = "Fix the errors found in the text of the reply."

    def __init__(self, findings: Sequence[Finding] = ()) -> None:
        codes = list(dict.fromkeys(finding.code for finding in findings))
        names = "; ".join(f"«{_FINDINGS_RU[code]}»" for code in codes)
        super().__init__(
            f"Устраните замечания к тексту ответа: {names}.",
            f"Fix the errors found in the text of the reply: {', '.join(codes)}.",
            field_errors=[
                FieldError(
                    "/text",
                    finding.code,
                    f"Символы {finding.start}–{finding.end}: {finding.message}",
                    f"Characters {finding.start} to {finding.end}: {finding.code}.",
                )
                for finding in findings
            ],
        )


class OfferedPointNotInForce(Conflict):
    """An interaction point that the reply offers is no longer in force (O-3)."""

    code = "offered_point_not_in_force"
    title_ru = "Предложенная точка взаимодействия больше не действует"
    title_en = "An offered interaction point is no longer in force"
    detail_ru = "Верните ответ на доработку и предложите другую точку взаимодействия."
    detail_en = "Return the reply and offer another interaction point."

    def __init__(self, closed: Sequence[tuple[int, str]] = ()) -> None:
        super().__init__(
            field_errors=[
                FieldError(
                    f"/offered_point_ids/{index}",
                    self.code,
                    f"Точка взаимодействия больше не действует: {name}.",
                    "The interaction point is no longer in force.",
                )
                for index, name in closed
            ]
        )


class DeadlinePolicyNotFound(NotFound):
    """The deadline policy does not exist."""

    code = "deadline_policy_not_found"
    title_ru, title_en = "Правило исчисления срока не найдено", "Deadline policy not found"


class DeadlinePolicyExists(Conflict):
    """A deadline policy with this key already exists."""

    code = "deadline_policy_exists"
    title_ru = "Правило исчисления срока с таким ключом уже есть"
    title_en = "A deadline policy with this key already exists"
    constraints = ("uq_deadline_policies_key",)


class NotAnsweredYet(Conflict):
    """The message has no sent answer yet."""

    code = "not_answered_yet"
    title_ru, title_en = "Ответ ещё не отправлен", "The answer has not been sent yet"
    detail_ru = "Оценить можно только отправленный ответ."
    detail_en = "Only a sent answer can be rated."


class NotAnsweredByTemplate(Conflict):
    """The reply was not sent or does not use a template."""

    code = "not_answered_by_template"
    title_ru = "Ответ не отправлен или составлен без шаблона"
    title_en = "The reply was not sent or does not use a template"
    detail_ru = "Примером для шаблона может стать только сообщение, на которое ответили по этому шаблону."
    detail_en = "Only a message answered with a template can become one of its examples."
