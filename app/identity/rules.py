"""Rules for the period of a substitution."""

from datetime import date

from app.core.problems import FieldError

LONGEST_SUBSTITUTION_DAYS = 366


def find_period_error(starts_on: date, ends_on: date, today: date) -> FieldError | None:
    """Return what is wrong with a substitution's period (both days included), or None."""
    if ends_on < starts_on:
        return FieldError(
            "/ends_on", "dates_reversed", "Дата окончания раньше даты начала.", "The end date is before the start date."
        )
    if ends_on < today:
        return FieldError("/ends_on", "period_over", "Этот период уже закончился.", "The period has already ended.")
    if (ends_on - starts_on).days + 1 > LONGEST_SUBSTITUTION_DAYS:
        return FieldError(
            "/ends_on",
            "period_too_long",
            f"Замещение не может длиться больше {LONGEST_SUBSTITUTION_DAYS} дней.",
            f"A substitution must not exceed {LONGEST_SUBSTITUTION_DAYS} days.",
        )
    return None
