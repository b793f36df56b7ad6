"""Request and response schemas of sign-in, employees, API clients and substitutions."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from app.core import example_ids
from app.core.schemas import NOT_GIVEN, Input, LocalDateTime, Output, example
from app.core.types import Day, ExternalId, Id, Name, Note
from app.identity.roles import Role
from app.organizations.rules import PositionKind

Username = Annotated[str, StringConstraints(min_length=3, max_length=64, pattern=r"^[a-z0-9][a-z0-9._-]{2,63}$")]
PasswordText = Annotated[str, StringConstraints(min_length=1, max_length=1024, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
ClientId = Annotated[str, StringConstraints(min_length=3, max_length=64, pattern=r"^[A-Za-z0-9._~-]+$")]


def _validate_employee_roles(roles: list[Role]) -> list[Role]:
    if Role.INTEGRATION in roles:
        raise ValueError("the role integration is for API clients only")
    return sorted(set(roles))


Roles = Annotated[list[Role], Field(max_length=5), AfterValidator(_validate_employee_roles)]
PointIds = Annotated[list[Id], Field(max_length=500)]


class TokenRead(Output):
    """Tokens (RFC 6749, 5.1)."""

    access_token: str
    token_type: str
    expires_in: int = Field(description="Lifetime of the access token in seconds.")
    refresh_token: str | None = Field(description="Null for API clients: they request a new access token instead.")
    scope: str


class MeRead(Output):
    """The caller that the access token belongs to."""

    id: UUID
    username: str
    name: str
    roles: list[str]
    scopes: list[str]
    unit_id: UUID | None
    organization_id: UUID | None
    substitutes_for: UUID | None = Field(description="The head the caller substitutes for as a deputy, else null.")


class JwkRead(Output):
    """A public key (RFC 7517)."""

    kty: str
    kid: str
    alg: str
    use: str
    n: str
    e: str


class JwksRead(Output):
    """The public keys that verify access tokens (RFC 7517)."""

    keys: list[JwkRead]


class PasswordChange(Input):
    """The caller's current and new password."""

    old_password: PasswordText
    new_password: PasswordText
    model_config = example({"old_password": "старый длинный пароль", "new_password": "новый длинный пароль"})


class PasswordReset(Input):
    """A new password set by an administrator."""

    password: PasswordText
    model_config = example({"password": "новый длинный пароль"})


class EmployeeCreate(Input):
    """A new employee with an account."""

    username: Username
    name: Name
    organization_id: Id
    unit_id: Id | None = None
    position: Name | None = None
    position_kind: PositionKind
    roles: Roles
    password: PasswordText
    external_subject: ExternalId | None = None
    model_config = example(
        {
            "username": "i.petrova",
            "name": "Петрова Ирина Сергеевна",
            "organization_id": example_ids.MINISTRY,
            "unit_id": example_ids.UNIT,
            "position": "Консультант",
            "position_kind": "civil_servant",
            "roles": ["operator"],
            "password": "длинный пароль из слов",
        }
    )


class EmployeePatch(Input):
    """Changes to an employee; disabling ends all sessions of the employee."""

    name: Name = NOT_GIVEN
    unit_id: Id | None = NOT_GIVEN
    position: Name | None = NOT_GIVEN
    position_kind: PositionKind = NOT_GIVEN
    roles: Roles = NOT_GIVEN
    is_disabled: Annotated[bool, Field(strict=True)] = NOT_GIVEN
    external_subject: ExternalId | None = NOT_GIVEN
    model_config = example({"roles": ["operator"], "is_disabled": False})


class EmployeeRead(Output):
    """An employee (O-2.3)."""

    id: UUID
    username: str
    name: str
    organization_id: UUID
    unit_id: UUID | None
    position: str | None
    position_kind: PositionKind
    roles: list[str]
    is_disabled: bool
    external_subject: str | None


class ApiClientCreate(Input):
    """A new API client; its secret is returned once, in the response."""

    client_id: ClientId
    name: Name
    organization_id: Id | None = None
    point_ids: PointIds = []
    model_config = example({"client_id": "feedback-platform", "name": "Платформа обратной связи", "point_ids": []})


class ApiClientPatch(Input):
    """Changes to an API client; disabling ends all its sessions."""

    name: Name = NOT_GIVEN
    point_ids: PointIds = NOT_GIVEN
    is_disabled: Annotated[bool, Field(strict=True)] = NOT_GIVEN
    model_config = example({"point_ids": []})


class ApiClientRead(Output):
    """An API client with the interaction points granted to it."""

    id: UUID
    client_id: str
    name: str
    organization_id: UUID | None
    roles: list[str]
    point_ids: list[UUID]
    is_disabled: bool
    created_at: LocalDateTime


class ApiClientSecretRead(ApiClientRead):
    """An API client with its new secret."""

    client_secret: str | None = Field(description="Returned only once; null when an idempotent request is replayed.")


class SubstitutionCreate(Input):
    """A deputy for a unit's head during a period; both days are included."""

    deputy_id: Id = Field(description="An enabled employee of the same unit who is not its head.")
    starts_on: Day
    ends_on: Day
    reason: Note
    head_id: Id | None = Field(
        default=None, description="The head to substitute for; the caller by default. Only an admin may name another."
    )
    model_config = example(
        {
            "deputy_id": example_ids.OPERATOR,
            "starts_on": "2035-07-01",
            "ends_on": "2035-07-14",
            "reason": "Ежегодный отпуск",
            "head_id": example_ids.HEAD,
        }
    )


class SubstitutionRead(Output):
    """A substitution: the deputy has the head's rights in the unit on these days, unless it is cancelled."""

    id: UUID
    unit_id: UUID
    head_id: UUID
    deputy_id: UUID
    starts_on: date
    ends_on: date
    reason: str
    created_at: LocalDateTime
    created_by: UUID
    cancelled_at: LocalDateTime | None
