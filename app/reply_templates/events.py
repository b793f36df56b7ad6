"""Facts about reply templates."""

from datetime import date
from uuid import UUID

from app.core.outbox import Event


class TemplatePublished(Event):
    """A version of a template was published."""

    template_id: UUID
    version: int


class TemplateArchived(Event):
    """A template is no longer offered."""

    template_id: UUID


class TemplateChanged(Event):
    """Something of a template changed that finding or using it depends on."""

    template_id: UUID
    template_version: int
    """Of the row, as its ETag shows it."""


class TemplateReviewNear(Event):
    """A template's review is due soon."""

    template_id: UUID
    next_review_on: date


class TemplateReviewOverdue(Event):
    """A template was not confirmed as current in time."""

    template_id: UUID
    next_review_on: date
