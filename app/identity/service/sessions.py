"""Use cases of sign-in and sessions: passwords, client secrets, refresh token rotation (RFC 6749, RFC 9700 4.14.2).

They take the database instead of a session: a failed sign-in must be counted although the response is an error, and
passwords are hashed outside of transactions.
"""

import hashlib
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.db import Database, build_insert
from app.core.ids import new_id
from app.core.settings import Settings
from app.identity import passwords
from app.identity.errors import InvalidClient, InvalidGrant, InvalidScope, SignInLocked
from app.identity.models import ApiClient, Password, RefreshToken, SignInAttempts, TokenFamily
from app.identity.queries import is_account_unchanged, load_employee, load_employee_by_username, load_rights
from app.identity.roles import ROLE_SCOPES, SCOPES, Role
from app.identity.tokens import TokenResolver


@dataclass(frozen=True, slots=True)
class IssuedTokens:
    """The tokens of a session."""

    access_token: str
    refresh_token: str | None
    scopes: frozenset[str]


def hash_secret(secret: str) -> str:
    """Return the SHA-256 of a secret of 256 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def select_scopes(scope: str | None) -> frozenset[str] | None:
    """Return the requested scopes, or None for all. Raises `InvalidScope` for a scope that does not exist."""
    if scope is None or not scope.strip():
        return None
    requested = frozenset(scope.split())
    if not requested <= set(SCOPES):
        raise InvalidScope
    return requested


async def sign_in(
    database: Database, settings: Settings, tokens: TokenResolver, username: str, password: str, scope: str | None
) -> IssuedTokens:
    """Sign an employee in. Raises `InvalidGrant`, or `SignInLocked` after too many failures."""
    requested = select_scopes(scope)
    name = unicodedata.normalize("NFC", username).casefold()
    account = hash_secret(name)
    async with database.transaction() as session:
        locked = await count_attempt(session, settings, account)
        if locked is not None:
            audit.record(session, None, "sign_in.locked", "account", account[:16], result="refused")
        employee = await load_employee_by_username(session, name)
        known = select(Password.hash).where(Password.employee_id == (employee.id if employee else None))
        known_hash = (await session.exec(known)).first()
    if locked is not None:
        raise SignInLocked(locked)
    is_right = await passwords.verify_password(password, known_hash)
    async with database.transaction() as session:
        if not is_right or employee is None or not await is_account_unchanged(session, employee.id, known_hash):
            employee = None
            audit.record(session, None, "sign_in.failed", "account", account[:16], result="refused")
        else:
            await clear_attempts(session, account)
            family = _build_family(settings, requested)
            family.employee_id = employee.id
            session.add(family)
            await session.flush()  # the refresh token refers to the row
            refresh = _create_refresh_token(session, family.id)
            owner_scopes = (await load_rights(session, employee)).scopes
            audit.record(session, None, "sign_in.ok", "employee", employee.id)
    if employee is None:
        raise InvalidGrant
    return _issue_tokens(tokens, employee.id, family, owner_scopes, refresh)


async def sign_in_client(
    database: Database,
    settings: Settings,
    tokens: TokenResolver,
    client_id: str,
    client_secret: str,
    scope: str | None,
) -> IssuedTokens:
    """Sign an API client in. Raises `InvalidClient`."""
    requested = select_scopes(scope)
    async with database.transaction() as session:
        # The row is locked, so that a concurrent rotation or disabling ends this session too.
        query = select(ApiClient).where(ApiClient.client_id == client_id).with_for_update(read=True)
        client = (await session.exec(query)).first()
        expected = client.secret_hash if client else hash_secret("")
        is_right = secrets.compare_digest(expected, hash_secret(client_secret)) and client is not None
        family = _build_family(settings, requested)
        if client is not None and is_right and not client.is_disabled:
            family.api_client_id = client.id
            family.expires_at = clock.now() + timedelta(seconds=settings.access_token_seconds)
            session.add(family)
            audit.record(session, None, "sign_in.ok", "api_client", client.id)
        else:
            client = None
            audit.record(session, None, "sign_in.failed", "api_client", None, result="refused")
    if client is None:
        raise InvalidClient
    return _issue_tokens(tokens, client.id, family, ROLE_SCOPES[Role.INTEGRATION], None)


async def refresh(database: Database, tokens: TokenResolver, refresh_token: str, scope: str | None) -> IssuedTokens:
    """Rotate a refresh token. Raises `InvalidGrant`.

    A token that was used before ends the whole session, because it may have been stolen.
    """
    requested = select_scopes(scope)
    moment = clock.now()
    token_hash = hash_secret(refresh_token)
    result: IssuedTokens | None = None
    async with database.transaction() as session:
        token = (await session.exec(select(RefreshToken).where(RefreshToken.token_hash == token_hash))).first()
        family = await session.get(TokenFamily, token.family_id) if token else None
        employee = await load_employee(session, family.employee_id) if family else None
        if token is not None and family is not None and employee is not None:
            used = await session.exec(
                sa.update(RefreshToken)
                .where(col(RefreshToken.id) == token.id, col(RefreshToken.used_at).is_(None))
                .values(used_at=moment)
            )
            is_active = family.revoked_at is None and family.expires_at > moment and not employee.is_disabled
            if used.rowcount != 1:
                await _revoke(session, col(TokenFamily.id) == family.id)
                audit.record(session, None, "refresh.reused", "employee", employee.id, result="refused")
            elif is_active:
                audit.record(session, None, "refresh.ok", "employee", employee.id)
                owner_scopes = (await load_rights(session, employee)).scopes
                next_token = _create_refresh_token(session, family.id)
                result = _issue_tokens(tokens, employee.id, family, owner_scopes, next_token, requested)
    if result is None:
        raise InvalidGrant
    return result


async def revoke(session: AsyncSession, tokens: TokenResolver, token: str) -> None:
    """End the session of a refresh or access token (RFC 7009); an unknown token is not an error."""
    found = select(RefreshToken.family_id).where(RefreshToken.token_hash == hash_secret(token))
    family_id = (await session.exec(found)).first() or await tokens.family_of(token)
    if family_id is not None:
        await end_session(session, family_id)


async def end_session(session: AsyncSession, family_id: UUID) -> None:
    """End a session if it is still active."""
    if await _revoke(session, col(TokenFamily.id) == family_id):
        audit.record(session, None, "session.revoked", "session", family_id)


async def end_sessions(session: AsyncSession, employee_id: UUID, *, exclude: UUID | None = None) -> None:
    """End all sessions of an employee except `exclude`."""
    others = col(TokenFamily.id) != exclude if exclude else sa.true()
    await _revoke(session, sa.and_(col(TokenFamily.employee_id) == employee_id, others))


async def end_client_sessions(session: AsyncSession, api_client_id: UUID) -> None:
    """End all sessions of an API client."""
    await _revoke(session, col(TokenFamily.api_client_id) == api_client_id)


async def _revoke(session: AsyncSession, which: sa.ColumnElement[bool]) -> bool:
    ended = await session.exec(
        sa.update(TokenFamily).where(which, col(TokenFamily.revoked_at).is_(None)).values(revoked_at=clock.now())
    )
    return bool(ended.rowcount)


async def count_attempt(session: AsyncSession, settings: Settings, account: str) -> int | None:
    """Count an attempt before its outcome is known. Returns the seconds to wait after too many attempts, else None.

    A single statement counts, so that concurrent attempts cannot exceed the limit; a success clears the count.
    """
    moment = clock.now()
    window = moment + timedelta(minutes=settings.sign_in_window_minutes)
    table = SignInAttempts.__table__  # type: ignore[attr-defined]
    is_over = table.c.window_ends_at <= moment
    counted = (
        build_insert(session, table)
        .values(id=new_id(), account=account, failures=1, window_ends_at=window)
        .on_conflict_do_update(
            index_elements=["account"],
            set_={
                "failures": sa.case((is_over, 1), else_=table.c.failures + 1),
                "window_ends_at": sa.case((is_over, window), else_=table.c.window_ends_at),
            },
        )
        .returning(table.c.failures, table.c.window_ends_at)
    )
    failures, ends_at = (await session.exec(counted)).one()
    if failures <= settings.sign_in_failures:
        return None
    return _seconds_until(ends_at, moment)


async def clear_attempts(session: AsyncSession, account: str) -> None:
    """Delete the counted attempts of an account after a success."""
    await session.exec(sa.delete(SignInAttempts).where(col(SignInAttempts.account) == account))


def _seconds_until(end: datetime, moment: datetime) -> int:
    return max(1, int((end - moment).total_seconds()) + 1)


def _build_family(settings: Settings, requested: frozenset[str] | None) -> TokenFamily:
    moment = clock.now()
    scope = None if requested is None else " ".join(sorted(requested))
    lifetime = timedelta(days=settings.refresh_token_days)
    return TokenFamily(scope=scope, created_at=moment, expires_at=moment + lifetime)


def _create_refresh_token(session: AsyncSession, family_id: UUID) -> str:
    token = secrets.token_urlsafe(32)
    session.add(RefreshToken(family_id=family_id, token_hash=hash_secret(token), issued_at=clock.now()))
    return token


def _issue_tokens(
    tokens: TokenResolver,
    owner: UUID,
    family: TokenFamily,
    owner_scopes: frozenset[str],
    refresh_token: str | None,
    requested: frozenset[str] | None = None,
) -> IssuedTokens:
    """Issue tokens with the owner's scopes, narrowed to those of the session and those of this request."""
    session_scopes = None if family.scope is None else frozenset(family.scope.split())
    scopes = owner_scopes
    for limit in (session_scopes, requested):
        scopes = scopes if limit is None else scopes & limit
    is_narrowed = session_scopes is not None or requested is not None
    return IssuedTokens(tokens.issue(owner, family.id, scopes, narrowed=is_narrowed), refresh_token, scopes)
