"""Tables of passwords, sign-in attempts, sessions with refresh tokens, API clients and substitutions."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.core.db import Table, VersionedTable, length_check


class Password(Table, table=True):
    """The Argon2id hash of an employee's password."""

    __tablename__ = "passwords"
    __table_args__ = (sa.UniqueConstraint("employee_id", name="uq_passwords_employee_id"),)

    employee_id: UUID = Field(foreign_key="employees.id")
    hash: str = Field(max_length=255)
    changed_at: datetime


class SignInAttempts(Table, table=True):
    """Failed sign-ins of one user name (known or not) in the current window; shared by workers, kept over restarts."""

    __tablename__ = "sign_in_attempts"
    __table_args__ = (sa.UniqueConstraint("account", name="uq_sign_in_attempts_account"),)

    account: str = Field(max_length=64)
    """SHA-256 of the user name: a user may type the password there by mistake."""
    failures: int
    window_ends_at: datetime


class ApiClient(VersionedTable, table=True):
    """Another system that calls the API, such as the feedback platform."""

    __tablename__ = "api_clients"
    __table_args__ = (
        sa.UniqueConstraint("client_id", name="uq_api_clients_client_id"),
        length_check("client_id", 64),
        length_check("name", 500),
    )

    client_id: str = Field(max_length=64)
    name: str = Field(max_length=500)
    secret_hash: str = Field(max_length=64)
    """SHA-256: the secret itself is 256 random bits."""
    organization_id: UUID | None = Field(default=None, foreign_key="organizations.id")
    is_disabled: bool = Field(default=False)
    created_at: datetime


class ApiClientPoint(Table, table=True):
    """An interaction point granted to an API client.

    There is no foreign key, because interaction points are a higher layer; a grant of an unknown point has no effect.
    """

    __tablename__ = "api_client_points"
    __table_args__ = (sa.UniqueConstraint("api_client_id", "point_id", name="uq_api_client_points_point"),)

    api_client_id: UUID = Field(foreign_key="api_clients.id")
    point_id: UUID


class TokenFamily(Table, table=True):
    """A session: a chain of rotated refresh tokens and the access tokens issued with them."""

    __tablename__ = "token_families"
    __table_args__ = (sa.CheckConstraint("(employee_id IS NULL) <> (api_client_id IS NULL)", name="one_owner"),)

    employee_id: UUID | None = Field(default=None, foreign_key="employees.id", index=True)
    api_client_id: UUID | None = Field(default=None, foreign_key="api_clients.id", index=True)
    scope: str | None = Field(default=None, sa_type=sa.Text)
    """The scopes that the session is narrowed to; None means all scopes of its owner."""
    created_at: datetime
    expires_at: datetime = Field(index=True)
    revoked_at: datetime | None = None


class RefreshToken(Table, table=True):
    """A single-use refresh token, stored as a hash."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (sa.UniqueConstraint("token_hash", name="uq_refresh_tokens_hash"),)

    family_id: UUID = Field(foreign_key="token_families.id", index=True)
    token_hash: str = Field(max_length=64)
    issued_at: datetime
    used_at: datetime | None = None


class Substitution(VersionedTable, table=True):
    """A period when a deputy substitutes for a unit's head, both days included. It is cancelled, never deleted."""

    __tablename__ = "substitutions"
    __table_args__ = (
        sa.CheckConstraint("ends_on >= starts_on", name="period_order"),
        sa.CheckConstraint("deputy_id <> head_id", name="two_people"),
        length_check("reason", 2000),
    )

    unit_id: UUID = Field(foreign_key="units.id", index=True)
    head_id: UUID = Field(foreign_key="employees.id")
    deputy_id: UUID = Field(foreign_key="employees.id")
    starts_on: date
    ends_on: date
    reason: str = Field(max_length=2000)
    created_at: datetime
    created_by: UUID = Field(foreign_key="employees.id")
    cancelled_at: datetime | None = None
