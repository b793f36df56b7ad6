"""Problems of attachments."""

from app.core.problems import NotFound


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
