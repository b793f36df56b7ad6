"""Problems of the reply check."""

from app.core.problems import Conflict, NotFound


class CheckEntryNotFound(NotFound):
    """There is no such entry in the tables of the check."""

    code = "check_entry_not_found"
    title_ru, title_en = "Запись словаря не найдена", "Entry of the reply check not found"


class CheckEntryExists(Conflict):
    """The table holds this phrase, abbreviation or emoji already, open or closed."""

    code = "check_entry_exists"
    title_ru, title_en = "Такая запись в словаре уже есть", "The reply check has this entry already"
    constraints = ("uq_check_entries_matched",)


class CheckRuleNotFound(NotFound):
    """There is no such rule of the check."""

    code = "check_rule_not_found"
    title_ru, title_en = "Правило проверки не найдено", "Rule of the reply check not found"
