"""Events of reply templates."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from app.core.outbox import Event


class TemplatePublished(Event):
    """A version of a template was published."""

    type: ClassVar = "reply_template.published"
    template_id: UUID
    version: int


class TemplateArchived(Event):
    """A template was archived."""

    type: ClassVar = "reply_template.archived"
    template_id: UUID


class TemplateChanged(Event):
    """A template changed in a way that affects search or use."""

    type: ClassVar = "reply_template.changed"
    template_id: UUID
    template_version: int
    """The row version, as in the ETag."""


class TemplateReviewNear(Event):
    """A template's review is due soon."""

    type: ClassVar = "reply_template.review_near"
    template_id: UUID
    next_review_on: date


class TemplateReviewOverdue(Event):
    """A template was not confirmed as current in time."""

    type: ClassVar = "reply_template.review_overdue"
    template_id: UUID
    next_review_on: date
