"""Facts about reply templates."""

from uuid import UUID

from app.core.outbox import Event


class TemplatePublished(Event):
    """A version of a template was published."""

    template_id: UUID
    version: int


class TemplateArchived(Event):
    """A template is no longer offered."""

    template_id: UUID
