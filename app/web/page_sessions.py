"""Sessions of the pages for heads: a signed cookie that names a session of identity, and nothing else.

The cookie is made by us and cannot be made by others (HMAC); whether its session still lives, and what its owner may,
the database says at every request, as for tokens. It is no access token: the API does not take it.
"""

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response

from app.core import clock
from app.core.deps import SessionDep, SettingsDep
from app.core.problems import Forbidden, Unauthenticated
from app.core.security import Principal
from app.identity.router.sessions import TokensDep
from app.identity.tokens import Claims

COOKIE = "monitoring_session"
PATH = "/monitoring"
LIFE = timedelta(hours=12)
"""A working day: a session is not renewed, its owner signs in again."""


def _signature(secret: str, told: str) -> str:
    return hmac.new(secret.encode(), f"monitoring\0{told}".encode(), hashlib.sha256).hexdigest()


def sign(secret: str, family_id: UUID, ends: int) -> str:
    """The cookie of a session that ends at a moment (seconds of Unix time)."""
    told = f"{family_id.hex}.{ends:x}"
    return f"{told}.{_signature(secret, told)}"


def read(secret: str, cookie: str, now: float) -> UUID | None:
    """The session of a cookie; None for one that is not ours or has ended."""
    told, _, signature = cookie.rpartition(".")
    if not cookie.isascii() or not hmac.compare_digest(_signature(secret, told), signature):
        return None
    family_id, _, ends = told.partition(".")
    return UUID(family_id) if int(ends, 16) > now else None


def give(answer: Response, secret: str, family_id: UUID, public_url: str) -> None:
    """Put the cookie of a new session on an answer: not for scripts, not for other sites' requests."""
    seconds = int(LIFE.total_seconds())
    told = sign(secret, family_id, int(clock.now().timestamp()) + seconds)
    is_secure = public_url.startswith("https://")
    answer.set_cookie(COOKIE, told, seconds, path=PATH, secure=is_secure, httponly=True, samesite="lax")


def take(answer: Response) -> None:
    """Take the cookie back."""
    answer.delete_cookie(COOKIE, path=PATH)


def session_id(request: Request, settings: SettingsDep) -> UUID | None:
    """The session that the request's cookie names, whether it lives or not."""
    secret = settings.secret_key.get_secret_value()
    return read(secret, request.cookies.get(COOKIE, ""), clock.now().timestamp())


SessionId = Annotated[UUID | None, Depends(session_id)]


def signed_in(scope: str) -> Callable[..., Awaitable[Principal]]:
    """A dependency that tells who is signed in. Raises `Unauthenticated`, or `Forbidden` without the scope."""

    async def caller(request: Request, family_id: SessionId, session: SessionDep, tokens: TokensDep) -> Principal:
        if family_id is None:
            raise Unauthenticated
        by = await tokens.resolve(session, Claims("", 0, family_id, None))
        request.state.principal = by
        if not by.may(scope):
            raise Forbidden
        return by

    return caller
