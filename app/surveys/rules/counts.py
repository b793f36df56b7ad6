"""What is counted of submissions, and over which periods."""

from enum import StrEnum


class Span(StrEnum):
    """The period that a counter sums up: a day, or the month that begins on it."""

    DAY = "day"
    MONTH = "month"


class Counted(StrEnum):
    """A counted question by its key; `came_from` is question 21 by the point a respondent came from.

    Comments are counted by their score when they are indexed, and not with the submission.
    """

    SATISFACTION = "satisfaction"
    SOURCE_USAGE = "source_usage"
    EASE_OF_FINDING = "ease_of_finding"
    CAME_FROM = "came_from"
    COMMENTS = "comments"
