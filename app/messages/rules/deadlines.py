"""Stages and states of deadlines (O-6.2.2). Terms are counted by `app.calendar`."""

from datetime import datetime, timedelta
from enum import StrEnum

WHOLE_SECOND = timedelta(seconds=1)
"""A due time has a precision of one second; the whole second is in time."""


class Stage(StrEnum):
    """Stages with a deadline."""

    REGISTRATION = "registration"
    FIRST_REPLY = "first_reply"
    FINAL_REPLY = "final_reply"
    REDIRECT = "redirect"
    DELAY_NOTICE = "delay_notice"


STAGES_RU: dict[str, str] = {
    "registration": "регистрация",
    "first_reply": "первый ответ",
    "final_reply": "окончательный ответ",
    "redirect": "перенаправление",
    "delay_notice": "уведомление об отсрочке",
}


class DeadlineState(StrEnum):
    """States of a deadline; a cancelled one no longer applies."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"
    CANCELLED = "cancelled"


def is_late(due: datetime, at: datetime) -> bool:
    """Return whether a time is after the due second."""
    return at >= due + WHOLE_SECOND
