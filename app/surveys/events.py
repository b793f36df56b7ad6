"""Events of the survey."""

from uuid import UUID

from app.core.outbox import Event


class SubmissionCorrected(Event):
    """A submission that was entered from paper or imported has been corrected."""

    submission_id: UUID


class SubmissionsImported(Event):
    """Submissions of a table have become visible; one event covers many submissions."""

    import_id: UUID
    count: int


class SubmissionReceived(Event):
    """A submission has been stored; the event has no data about the respondent."""

    submission_id: UUID


class CommentsIndexed(Event):
    """Comments of respondents have become searchable."""

    comment_ids: list[UUID]
