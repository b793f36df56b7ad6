"""Facts about the survey."""

from uuid import UUID

from app.core.outbox import Event


class SubmissionCorrected(Event):
    """A submission that was keyed in or imported says something else now."""

    submission_id: UUID


class SubmissionsImported(Event):
    """Submissions of a table became visible; told once for many, and not one by one."""

    import_id: UUID
    count: int


class SubmissionReceived(Event):
    """A filled-in form was stored; nothing here points at the respondent."""

    submission_id: UUID


class CommentsIndexed(Event):
    """Comments of respondents can be searched now."""

    comment_ids: list[UUID]
