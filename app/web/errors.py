"""Problems of the pages."""

from app.core.problems import Conflict


class SubmittedAlready(Conflict):
    """The questionnaire of this page was already submitted with other answers."""

    code = "submitted_already"
    title_ru, title_en = "Эта анкета уже отправлена", "The questionnaire was already submitted"
    detail_ru = "Ответы приняты при первой отправке. Изменить их нельзя: анкета анонимна."
    detail_en = "The answers were accepted with the first submission. They are anonymous and cannot be changed."
