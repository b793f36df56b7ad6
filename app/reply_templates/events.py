"""Events of reply templates."""

from datetime import date
from uuid import UUID

from app.core.outbox import Event


class TemplatePublished(Event):
    """A version of a template was published."""

    template_id: UUID
    version: int


class TemplateArchived(Event):
    """A template was archived."""

    template_id: UUID


class TemplateChanged(Event):
    """A template changed in a way that affects search or use."""

    template_id: UUID
    template_version: int
    """The row version, as in the ETag."""


class TemplateReviewNear(Event):
    """A template's review is due soon."""

    template_id: UUID
    next_review_on: date


class TemplateReviewOverdue(Event):
    """A template was not confirmed as current in time."""

    template_id: UUID
    next_review_on: date
