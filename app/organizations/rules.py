"""Pure rules of organizations and municipalities."""

from datetime import date


def is_valid_on(valid_from: date | None, valid_to: date | None, on: date) -> bool:
    """Whether something with a validity exists on a day; both ends count, None is open (A-1.11–13)."""
    return (valid_from is None or valid_from <= on) and (valid_to is None or on <= valid_to)
