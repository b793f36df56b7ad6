"""Problems of monitoring and control."""

from app.core.problems import Conflict, NotFound


class ControlNoteNotFound(NotFound):
    """There is no such control note, or it is another unit's."""

    code = "control_note_not_found"
    title_ru, title_en = "Отметка о контроле не найдена", "Control note not found"


class ControlNoteResolved(Conflict):
    """The note is resolved already."""

    code = "control_note_resolved"
    title_ru, title_en = "Отметка о контроле уже снята", "The control note is resolved already"


class MonthSignedOff(Conflict):
    """The month's figures are confirmed already."""

    code = "month_signed_off"
    title_ru, title_en = "Показатели за этот месяц уже подтверждены", "The month is signed off already"
    constraints = ("uq_sign_offs_month",)
