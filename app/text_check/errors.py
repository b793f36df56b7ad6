"""Problems of the reply check."""

from app.core.problems import Conflict, NotFound


class CheckEntryNotFound(NotFound):
    """The dictionary of the reply check has no such entry."""

    code = "check_entry_not_found"
    title_ru, title_en = "Запись словаря проверки не найдена", "Dictionary entry not found"


class CheckEntryExists(Conflict):
    """The dictionary already has this phrase, abbreviation or emoji, open or closed."""

    code = "check_entry_exists"
    title_ru, title_en = "Такая запись в словаре проверки уже существует", "Dictionary entry already exists"
    constraints = ("uq_check_entries_matched",)


class CheckRuleNotFound(NotFound):
    """The reply check has no such rule."""

    code = "check_rule_not_found"
    title_ru, title_en = "Правило проверки не найдено", "Reply check rule not found"
