"""Facts about the survey."""

from uuid import UUID

from app.core.outbox import Event


class SubmissionReceived(Event):
    """A filled-in form was stored; nothing here points at the respondent."""

    submission_id: UUID
