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


class UnmetNeedNotFound(NotFound):
    """There is no such group of texts, or it is another unit's."""

    code = "not_found_group_not_found"
    title_ru, title_en = "Группа ответов о ненайденном не найдена", "The group of what was not found is not there"


class TargetNotFound(NotFound):
    """There is no such target, or it is another unit's."""

    code = "target_not_found"
    title_ru, title_en = "Целевой показатель не найден", "Target not found"


class TargetExists(Conflict):
    """The unit has a target for this measure and period already."""

    code = "target_exists"
    title_ru, title_en = "Такой целевой показатель уже действует", "There is such a target already"
    detail_ru, detail_en = "Измените его или закройте датой.", "Change it, or close it by a date."
    constraints = ("uq_unit_targets_open",)
