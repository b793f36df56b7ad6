"""How questionnaires arrive."""

from enum import StrEnum


class SubmissionSource(StrEnum):
    """How a questionnaire was filled in."""

    WEB = "web"
    PAPER = "paper"
    FEEDBACK_PLATFORM = "feedback_platform"
    IMPORT = "import"
