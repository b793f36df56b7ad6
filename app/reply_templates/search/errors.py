"""Problems of synonym groups."""

from app.core.problems import Conflict, NotFound


class SynonymGroupNotFound(NotFound):
    """The synonym group does not exist."""

    code = "synonym_group_not_found"
    title_ru, title_en = "Группа синонимов не найдена", "Synonym group not found"


class SynonymGroupExists(Conflict):
    """A synonym group of this kind already has this name."""

    code = "synonym_group_exists"
    title_ru, title_en = "Группа синонимов с таким названием уже есть", "A synonym group with this name already exists"
    constraints = ("uq_synonym_groups_name",)
