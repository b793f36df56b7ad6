"""Events of the survey."""

from typing import ClassVar
from uuid import UUID

from app.core.outbox import Event


class SubmissionCorrected(Event):
    """A submission that was entered from paper or imported has been corrected."""

    type: ClassVar = "survey_submission.corrected"
    submission_id: UUID


class SubmissionsImported(Event):
    """Submissions of a table have become visible; one event covers many submissions."""

    type: ClassVar = "survey_submission.imported"
    import_id: UUID
    count: int


class SubmissionReceived(Event):
    """A submission has been stored; the event has no data about the respondent."""

    type: ClassVar = "survey_submission.received"
    submission_id: UUID


class CommentsIndexed(Event):
    """Comments of respondents have become searchable."""

    type: ClassVar = "survey_comments.indexed"
    comment_ids: list[UUID]
