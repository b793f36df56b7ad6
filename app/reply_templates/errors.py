"""Problems of reply templates."""

from app.core.problems import Conflict, NotFound


class TemplateNotFound(NotFound):
    """There is no such template, or it is another unit's."""

    code = "template_not_found"
    title_ru, title_en = "Шаблон не найден", "Reply template not found"


class TemplateExists(Conflict):
    """The unit has a template with this key."""

    code = "template_exists"
    title_ru, title_en = "Шаблон с таким ключом уже есть", "A template with this key exists"
    constraints = ("uq_reply_templates_key",)


class FourEyes(Conflict):
    """Who wrote a text does not approve it."""

    code = "four_eyes"
    title_ru, title_en = "Автор не может утвердить свой текст", "The author does not approve their own text"
    detail_ru, detail_en = "Утвердить должен другой сотрудник.", "Another employee has to approve it."


class TooManyExamples(Conflict):
    """The template has as many typical messages as it may have."""

    code = "too_many_examples"
    title_ru, title_en = "Слишком много типовых сообщений", "Too many typical messages"
    detail_ru, detail_en = "Сначала уберите лишние.", "Take some away first."


class GapNotFound(NotFound):
    """There is no such gap, it is another unit's, a template was drafted of it, or it is dismissed already."""

    code = "gap_not_found"
    title_ru, title_en = "Пробел базы знаний не найден", "Gap of the knowledge base not found"
