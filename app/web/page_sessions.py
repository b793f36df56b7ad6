"""Sessions of the employees' pages: a signed cookie with the id of an identity session.

The cookie is signed with HMAC. Every request checks in the database that the session is active and which rights its
owner has, as for tokens. The cookie is not an access token: the API does not accept it.
"""

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response

from app.core import clock
from app.core.deps import DatabaseDep, SessionDep, SettingsDep
from app.core.problems import Forbidden, Unauthenticated
from app.core.security import Principal
from app.identity.router.sessions import TokensDep
from app.identity.tokens import Claims

COOKIE = "monitoring_session"
PATH = "/monitoring"
LIFETIME = timedelta(hours=12)
"""A working day; a session is not renewed."""


def _compute_signature(secret: str, payload: str) -> str:
    return hmac.new(secret.encode(), f"monitoring\0{payload}".encode(), hashlib.sha256).hexdigest()


def sign(secret: str, family_id: UUID, ends: int) -> str:
    """Build the cookie of a session that ends at a Unix time in seconds."""
    payload = f"{family_id.hex}.{ends:x}"
    return f"{payload}.{_compute_signature(secret, payload)}"


def parse_cookie(secret: str, cookie: str, now: float) -> UUID | None:
    """Return the session id of a cookie, or None if the signature is wrong or the session has ended."""
    payload, _, signature = cookie.rpartition(".")
    if not cookie.isascii() or not hmac.compare_digest(_compute_signature(secret, payload), signature):
        return None
    family_id, _, ends = payload.partition(".")
    return UUID(family_id) if int(ends, 16) > now else None


def set_cookie(response: Response, secret: str, family_id: UUID, public_url: str) -> None:
    """Set the cookie of a new session, hidden from scripts and from requests of other sites."""
    seconds = int(LIFETIME.total_seconds())
    payload = sign(secret, family_id, int(clock.now().timestamp()) + seconds)
    is_secure = public_url.startswith("https://")
    response.set_cookie(COOKIE, payload, seconds, path=PATH, secure=is_secure, httponly=True, samesite="lax")


def delete_cookie(response: Response) -> None:
    """Delete the cookie."""
    response.delete_cookie(COOKIE, path=PATH)


def get_session_id(request: Request, settings: SettingsDep) -> UUID | None:
    """Return the session id of the request's cookie; the session may have been ended."""
    secret = settings.secret_key.get_secret_value()
    return parse_cookie(secret, request.cookies.get(COOKIE, ""), clock.now().timestamp())


SessionId = Annotated[UUID | None, Depends(get_session_id)]


def signed_in(scope: str) -> Callable[..., Awaitable[Principal]]:
    """Build a dependency that returns the signed-in employee. Raises `Unauthenticated` and `Forbidden`."""

    async def get_principal(
        request: Request, family_id: SessionId, session: SessionDep, tokens: TokensDep
    ) -> Principal:
        if family_id is None:
            raise Unauthenticated
        by = await tokens.resolve(session, Claims("", 0, family_id, None))
        request.state.principal = by
        if not by.may(scope):
            raise Forbidden
        return by

    return get_principal


def signed_in_detached(scope: str) -> Callable[..., Awaitable[Principal]]:
    """Like `signed_in`, for pages with long work after their own transaction (charts, reports)."""
    resolve = signed_in(scope)

    async def get_principal(
        request: Request, family_id: SessionId, database: DatabaseDep, tokens: TokensDep
    ) -> Principal:
        async with database.transaction(write=False) as session:
            return await resolve(request, family_id, session, tokens)

    return get_principal
