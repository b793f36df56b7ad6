"""Authentication and authorization: `Principal`, `requires(scope)` and the port that resolves tokens."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Protocol
from uuid import UUID

from fastapi import Depends, Request, Security
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlowPassword, OAuthFlows
from fastapi.security import OAuth2, SecurityScopes
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.app_state import get_state
from app.core.deps import DatabaseDep, SessionDep
from app.core.problems import Forbidden, Unauthenticated

TOKEN_URL = "/api/v1/auth/token"  # noqa: S105  a URL, not a secret


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller: an employee or an API client, with the rights currently in the database."""

    kind: Literal["employee", "client"]
    id: UUID
    username: str
    name: str
    roles: frozenset[str]
    scopes: frozenset[str]
    unit_id: UUID | None
    organization_id: UUID | None
    session_id: UUID | None = None
    point_ids: frozenset[UUID] = field(default=frozenset())
    """For an API client: the interaction points granted to it."""
    acts_for: UUID | None = None
    """For a deputy: the head whose rights they have during the substitution."""

    def may(self, scope: str) -> bool:
        """Return whether the caller has a scope."""
        return scope in self.scopes

    @property
    def caller_key(self) -> str:
        """Return the key of the caller for idempotency keys and rate limits."""
        return f"{self.kind}:{self.id}"


def system_principal(unit_id: UUID, organization_id: UUID) -> Principal:
    """Return a principal of a unit without scopes, for the worker's queries of what the unit may see or use."""
    return Principal(
        kind="employee",
        id=unit_id,
        username="",
        name="",
        roles=frozenset(),
        scopes=frozenset(),
        unit_id=unit_id,
        organization_id=organization_id,
    )


class Credentials(Protocol):
    """A verified token, before any database query."""


class PrincipalResolver(Protocol):
    """Resolves tokens to principals; implemented by `identity`."""

    async def verify(self, token: str) -> Credentials:
        """Verify signature and claims. Raises `Unauthenticated`."""

    async def resolve(self, session: AsyncSession, credentials: Any) -> Principal:
        """Read the current roles, unit and disabled state. Raises `Unauthenticated`."""


_oauth2 = OAuth2(
    flows=OAuthFlows(
        password=OAuthFlowPassword(tokenUrl=TOKEN_URL, refreshUrl=TOKEN_URL, scopes={}),
        clientCredentials=OAuthFlowClientCredentials(tokenUrl=TOKEN_URL, scopes={}),
    ),
    scheme_name="OAuth2",
    description="Employees sign in with `password`, other systems with `client_credentials` (HTTP Basic).",
    auto_error=False,
)


def bearer_token(authorization: str | None) -> str | None:
    """Return the bearer token of an `Authorization` header, or None."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


async def verify_credentials(request: Request, authorization: Annotated[str | None, Security(_oauth2)]) -> Credentials:
    """Return the verified token of the request. An invalid token causes no database query."""
    token = bearer_token(authorization)
    if token is None:
        raise Unauthenticated
    return await get_state(request).resolver.verify(token)


async def current_principal(
    scopes: SecurityScopes,
    request: Request,
    credentials: Annotated[Credentials, Depends(verify_credentials)],
    session: SessionDep,
) -> Principal:
    """Return the caller. Raises `Forbidden` unless they have every scope of the operation."""
    principal = await get_state(request).resolver.resolve(session, credentials)
    request.state.principal = principal
    if not principal.scopes.issuperset(scopes.scopes):
        raise Forbidden
    return principal


async def detached_principal(
    scopes: SecurityScopes,
    request: Request,
    credentials: Annotated[Credentials, Depends(verify_credentials)],
    database: DatabaseDep,
) -> Principal:
    """Return the caller, read in a short transaction: the operation is long and must not hold a connection."""
    async with database.transaction(write=False) as session:
        return await current_principal(scopes, request, credentials, session)


async def optional_principal(
    request: Request,
    session: SessionDep,
    authorization: Annotated[str | None, Security(_oauth2)],
) -> Principal | None:
    """Return the caller of a public operation, or None without a token. Raises `Unauthenticated` for an invalid one."""
    if authorization is None:
        return None
    credentials = await verify_credentials(request, authorization)
    principal = await get_state(request).resolver.resolve(session, credentials)
    request.state.principal = principal
    return principal


def requires(*scopes: str) -> Any:
    """Require scopes: `Annotated[Principal, requires("messages:read")]`. OpenAPI lists the scopes."""
    return Security(current_principal, scopes=list(scopes))


def requires_detached(*scopes: str) -> Any:
    """Like `requires`, for operations with long work before their own transaction (imports)."""
    return Security(detached_principal, scopes=list(scopes))


AnyCaller = Annotated[Principal, requires()]
"""Any authenticated caller."""
OptionalCaller = Annotated[Principal | None, Depends(optional_principal)]
"""Any caller, authenticated or not."""


async def detached_optional_principal(
    request: Request, database: DatabaseDep, authorization: Annotated[str | None, Security(_oauth2)]
) -> Principal | None:
    """Return the caller of a public operation, if any, read in a short transaction of its own."""
    async with database.transaction(write=False) as session:
        return await optional_principal(request, session, authorization)


DetachedCaller = Annotated[Principal | None, Depends(detached_optional_principal)]
