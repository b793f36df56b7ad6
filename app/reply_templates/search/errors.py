"""Problems of finding."""

from app.core.problems import Conflict, NotFound


class SynonymGroupNotFound(NotFound):
    """There is no such group of synonyms."""

    code = "synonym_group_not_found"
    title_ru, title_en = "Группа синонимов не найдена", "Group of synonyms not found"


class SynonymGroupExists(Conflict):
    """A group of this kind has this name."""

    code = "synonym_group_exists"
    title_ru, title_en = "Группа синонимов с таким названием уже есть", "A group of synonyms with this name exists"
    constraints = ("uq_synonym_groups_name",)
