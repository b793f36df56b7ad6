"""What the services of reply templates are asked to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTemplate:
    """A template to create; it is a draft until it is published."""

    unit_id: UUID
    key: str
    title: str
    text: str
    keywords: Sequence[str] = ()
    examples: Sequence[str] = ()
    topic_ids: Sequence[UUID] = ()
    defaults: Mapping[str, str] = field(default_factory=dict)
    shared_unit_ids: Sequence[UUID] = ()
    review_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateDraft:
    """The fields of a draft made from messages; None is filled from them."""

    key: str
    title: str | None = None
    text: str | None = None
    keywords: Sequence[str] | None = None
