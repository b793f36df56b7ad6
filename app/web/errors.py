"""Problems of the pages."""

from app.core.problems import Conflict


class SubmittedAlready(Conflict):
    """The form of that page was submitted before, with other answers."""

    code = "submitted_already"
    title_ru, title_en = "Эта анкета уже отправлена", "The form was submitted already"
    detail_ru = "Ответы приняты, когда вы отправили её в первый раз. Изменить их нельзя: анкета анонимна."
    detail_en = "The answers of the first time stand; they are anonymous, so nobody can change them."
