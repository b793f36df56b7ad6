"""Problems of imports."""

from app.core.problems import NotFound


class ImportNotFound(NotFound):
    """The import does not exist or was requested by another caller."""

    code = "import_not_found"
    title_ru, title_en = "Импорт не найден", "Import not found"
