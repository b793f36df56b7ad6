"""What the use cases of interaction points take."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.interaction_points.rules import Audience, PointFormat, RegulationKind


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPoint:
    """A new point; without an organization, it is the caller's, else the ministry's."""

    name: str
    format: PointFormat
    channel: str
    audience: Audience
    unit_id: UUID
    organization_id: UUID | None
    address: str | None
    is_official_page: bool
    service: str | None
    working_hours: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """The approval of a point by a legal act; both days are included."""

    legal_act_id: UUID
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Regulation:
    """The regulation of a point: a legal act with its clause, or its own text (O-10c)."""

    kind: RegulationKind
    legal_act_id: UUID | None
    clause: str | None
    text: str | None
