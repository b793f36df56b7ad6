"""Problems of legal acts."""

from app.core.problems import Conflict, NotFound


class LegalActNotFound(NotFound):
    """There is no such legal act."""

    code = "legal_act_not_found"
    title_ru, title_en = "Правовой акт не найден", "Legal act not found"


class LegalActExists(Conflict):
    """The act of this kind, number and date is there already."""

    code = "legal_act_exists"
    title_ru, title_en = "Такой правовой акт уже есть", "This legal act exists"
    constraints = ("uq_legal_acts_number",)
