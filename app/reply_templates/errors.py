"""Problems of reply templates."""

from app.core.problems import Conflict, NotFound


class TemplateNotFound(NotFound):
    """The template does not exist or belongs to another unit."""

    code = "template_not_found"
    title_ru, title_en = "Шаблон не найден", "Reply template not found"


class TemplateExists(Conflict):
    """The unit already has a template with this key."""

    code = "template_exists"
    title_ru, title_en = "Шаблон с таким ключом уже существует", "A template with this key already exists"
    constraints = ("uq_reply_templates_key",)


class FourEyes(Conflict):
    """An author tried to approve their own text."""

    code = "four_eyes"
    title_ru, title_en = "Автор не может согласовать собственный текст", "The author cannot approve their own text"
    detail_ru, detail_en = "Текст должен согласовать другой сотрудник.", "Another employee must approve the text."


class TooManyExamples(Conflict):
    """The template has the maximum number of typical messages."""

    code = "too_many_examples"
    title_ru, title_en = "Слишком много типовых сообщений", "Too many typical messages"
    detail_ru, detail_en = "Сначала удалите лишние.", "Remove some of them first."


class GapNotFound(NotFound):
    """The gap does not exist, belongs to another unit, already has a draft, or is already dismissed."""

    code = "gap_not_found"
    title_ru, title_en = "Пробел в базе знаний не найден", "Knowledge base gap not found"
