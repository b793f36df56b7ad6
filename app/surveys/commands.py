"""Commands of the survey's services."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.surveys.rules.submissions import SubmissionSource


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledForm:
    """A completed questionnaire with answers by key or by code, and what is given beside them."""

    form: str
    answers: Mapping[str, Any]
    organization_id: UUID | None = None
    """The ministry by default."""
    municipality: str | None = None
    filled_at: datetime | None = None
    source: SubmissionSource | None = None
    came_from_point_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledSheet:
    """A paper questionnaire by codes, with its batch and its number there, or without both."""

    form: str
    organization_id: UUID | None
    batch: str | None
    sheet_number: int | None
    answers: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledBatch:
    """Sheets of one batch of paper questionnaires: the number and the answers of each."""

    form: str
    organization_id: UUID | None
    batch: str
    sheets: Sequence[tuple[int, Mapping[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSource:
    """A source of a form version; without a suffix its code is that of the known key, or the next free one."""

    key: str
    text: str
    suffix: int | None
    interaction_point_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewForm:
    """A new draft version; without sources it copies those in force."""

    key: str
    organization_id: UUID | None
    valid_from: date | None
    valid_to: date | None
    sources: Sequence[FormSource] | None
    title: str | None
    blocks: Sequence[Mapping[str, Any]] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLinks:
    """One-time links to a form of an organization (the ministry by default)."""

    form: str
    organization_id: UUID | None
    count: int
    expires_on: date | None
    came_from_point_id: UUID | None
