"""Facts about the survey."""

from uuid import UUID

from app.core.outbox import Event


class SubmissionReceived(Event):
    """A filled-in form was stored; nothing here points at the respondent."""

    submission_id: UUID


class CommentsReadIn(Event):
    """Comments of respondents can be searched now."""

    comment_ids: list[UUID]
