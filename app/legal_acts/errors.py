"""Problems of legal acts."""

from app.core.problems import Conflict, NotFound


class LegalActNotFound(NotFound):
    """The legal act does not exist."""

    code = "legal_act_not_found"
    title_ru, title_en = "Правовой акт не найден", "Legal act not found"


class LegalActExists(Conflict):
    """A legal act of this kind, number and date already exists."""

    code = "legal_act_exists"
    title_ru, title_en = "Такой правовой акт уже существует", "The legal act already exists"
    detail_ru = "Акт этого вида с таким номером и датой уже внесён."
    detail_en = "An act of this kind with this number and date already exists."
    constraints = ("uq_legal_acts_number",)
