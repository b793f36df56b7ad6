"""Problems of imports."""

from app.core.problems import NotFound


class ImportNotFound(NotFound):
    """There is no such import, or somebody else asked for it."""

    code = "import_not_found"
    title_ru, title_en = "Загрузка не найдена", "Import not found"
