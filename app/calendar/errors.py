"""Problems of the working calendar."""

from app.core.problems import Conflict, NotFound


class CalendarDayNotFound(NotFound):
    """The calendar correction does not exist."""

    code = "calendar_day_not_found"
    title_ru, title_en = "Поправка к календарю не найдена", "Calendar correction not found"


class CalendarDayExists(Conflict):
    """The day already has a correction."""

    code = "calendar_day_exists"
    title_ru, title_en = "Для этого дня поправка уже внесена", "This day already has a correction"
    constraints = ("uq_calendar_days_all", "uq_calendar_days_day")
