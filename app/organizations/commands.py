"""What the use cases of organizations, units and municipalities take."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.organizations.rules import ApprovalRule, MunicipalityKind, OrganizationKind


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrganization:
    """A new organization."""

    key: str
    kind: OrganizationKind
    name: str
    zone: str
    double_entry_percent: int
    opened_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUnit:
    """A new structural unit."""

    organization_id: UUID
    name: str
    is_client_centricity: bool
    approval_rule: ApprovalRule
    template_review_days: int
    opened_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMunicipality:
    """A new municipality."""

    oktmo: str
    kind: MunicipalityKind
    name: str
    short_name: str
    valid_from: date | None
    valid_to: date | None
    successor: str | None
