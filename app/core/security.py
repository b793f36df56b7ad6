"""Who calls and what they may: `Principal`, `requires(scope)`, and the port that tells who a token belongs to."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Protocol
from uuid import UUID

from fastapi import Depends, Request, Security
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlowPassword, OAuthFlows
from fastapi.security import OAuth2, SecurityScopes
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.deps import DatabaseDep, SessionDep
from app.core.problems import Forbidden, Unauthenticated

TOKEN_URL = "/api/v1/auth/token"  # noqa: S105  an address


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller: an employee or an API client, with the rights that the database gives at this moment."""

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
    """Of a client: the interaction points granted to it."""
    acts_for: UUID | None = None
    """Of a deputy: the head whose rights they have while the substitution runs."""

    def may(self, scope: str) -> bool:
        """Whether the caller holds a scope."""
        return scope in self.scopes

    @property
    def caller_key(self) -> str:
        """The caller as owner of idempotency keys and rate limits."""
        return f"{self.kind}:{self.id}"


def system_principal(unit_id: UUID, organization_id: UUID) -> Principal:
    """A unit where nobody calls, for what a unit may see or use: the worker asks on its behalf. It holds no scope."""
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
    """A token that was verified, before anything is read from the database."""


class PrincipalResolver(Protocol):
    """The port that identity implements."""

    async def verify(self, token: str) -> Credentials:
        """Check signature and claims. Raises `Unauthenticated`."""

    async def resolve(self, session: AsyncSession, credentials: Any) -> Principal:
        """Read role, unit and disabled state as they are now. Raises `Unauthenticated`."""


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
    """The token of an `Authorization` header."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


async def verify_credentials(request: Request, authorization: Annotated[str | None, Security(_oauth2)]) -> Credentials:
    """The verified token of the request; a garbage one never reaches the database."""
    token = bearer_token(authorization)
    if token is None:
        raise Unauthenticated
    resolver: PrincipalResolver = request.app.state.resolver
    return await resolver.verify(token)


async def current_principal(
    scopes: SecurityScopes,
    request: Request,
    credentials: Annotated[Credentials, Depends(verify_credentials)],
    session: SessionDep,
) -> Principal:
    """The caller, if they hold every scope of the operation."""
    resolver: PrincipalResolver = request.app.state.resolver
    principal = await resolver.resolve(session, credentials)
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
    """The caller, read in a transaction that ends at once: what follows may take long and must hold no connection."""
    async with database.transaction(write=False) as session:
        return await current_principal(scopes, request, credentials, session)


async def optional_principal(
    request: Request,
    session: SessionDep,
    authorization: Annotated[str | None, Security(_oauth2)],
) -> Principal | None:
    """The caller of a public operation, None without a token; a bad token is refused all the same."""
    if authorization is None:
        return None
    credentials = await verify_credentials(request, authorization)
    resolver: PrincipalResolver = request.app.state.resolver
    principal = await resolver.resolve(session, credentials)
    request.state.principal = principal
    return principal


def requires(*scopes: str) -> Any:
    """Says who may: `Annotated[Principal, requires("messages:read")]`. The OpenAPI document names the scopes."""
    return Security(current_principal, scopes=list(scopes))


def requires_detached(*scopes: str) -> Any:
    """Like `requires`, for operations that work long before their own transaction begins (imports)."""
    return Security(detached_principal, scopes=list(scopes))


AnyCaller = Annotated[Principal, requires()]
"""Whoever is signed in."""
OptionalCaller = Annotated[Principal | None, Depends(optional_principal)]
"""Anyone, signed in or not."""
