"""Problems of monitoring and control."""

from app.core.problems import Conflict, NotFound


class ControlNoteNotFound(NotFound):
    """The control note does not exist or belongs to another unit."""

    code = "control_note_not_found"
    title_ru, title_en = "Отметка о контроле не найдена", "The control note was not found"


class ControlNoteResolved(Conflict):
    """The control note is already resolved."""

    code = "control_note_resolved"
    title_ru, title_en = "Отметка о контроле уже снята", "The control note is already resolved"


class MonthSignedOff(Conflict):
    """The figures of the month are already signed off."""

    code = "month_signed_off"
    title_ru, title_en = "Показатели за этот месяц уже подтверждены", "The month is already signed off"
    constraints = ("uq_sign_offs_month",)


class UnmetNeedNotFound(NotFound):
    """The unmet need does not exist or belongs to another unit."""

    code = "unmet_need_not_found"
    title_ru, title_en = "Неудовлетворённая потребность не найдена", "The unmet need was not found"


class TargetNotFound(NotFound):
    """The target does not exist or belongs to another unit."""

    code = "target_not_found"
    title_ru, title_en = "Целевой показатель не найден", "The target was not found"


class TargetExists(Conflict):
    """The unit already has an open target for this measure and period."""

    code = "target_exists"
    title_ru, title_en = "Такой целевой показатель уже действует", "The target already exists"
    detail_ru, detail_en = "Измените его или укажите дату окончания.", "Change the existing target or set its last day."
    constraints = ("uq_unit_targets_open",)
