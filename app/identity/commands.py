"""What the use cases of employees and substitutions take."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.identity.roles import Role
from app.organizations.rules import PositionKind


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEmployee:
    """A new employee with an account."""

    username: str
    name: str
    organization_id: UUID
    unit_id: UUID | None
    position: str | None
    position_kind: PositionKind
    roles: list[Role]
    external_subject: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubstitution:
    """A new substitution of a unit's head, by default of the caller; both days are included."""

    deputy_id: UUID
    starts_on: date
    ends_on: date
    reason: str
    head_id: UUID | None
