"""For which days a head may name a deputy."""

from datetime import date

from app.core.problems import FieldError

LONGEST_SUBSTITUTION_DAYS = 366


def find_period_error(starts_on: date, ends_on: date, today: date) -> FieldError | None:
    """What is wrong with a period whose days are both included; None if nothing is."""
    if ends_on < starts_on:
        return FieldError(
            "/ends_on", "dates_reversed", "Дата окончания раньше даты начала.", "The end is before the start."
        )
    if ends_on < today:
        return FieldError("/ends_on", "period_over", "Этот период уже закончился.", "The period is over already.")
    if (ends_on - starts_on).days + 1 > LONGEST_SUBSTITUTION_DAYS:
        return FieldError(
            "/ends_on",
            "period_too_long",
            f"Замещение не длится дольше {LONGEST_SUBSTITUTION_DAYS} дней.",
            f"A substitution lasts {LONGEST_SUBSTITUTION_DAYS} days at most.",
        )
    return None
