"""Sign-in and sessions: passwords, client secrets, rotation of refresh tokens (RFC 6749, RFC 9700 4.14.2).

These use cases take the database and not a session: a failed sign-in must be counted although its answer is an error,
and no password is hashed inside a transaction.
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
from app.identity.queries import load_rights
from app.identity.roles import ROLE_SCOPES, SCOPES, Role
from app.identity.tokens import TokenResolver
from app.organizations.models import Employee


@dataclass(frozen=True, slots=True)
class IssuedTokens:
    """The tokens of a session."""

    access_token: str
    refresh_token: str | None
    scopes: frozenset[str]


def hash_secret(secret: str) -> str:
    """The SHA-256 of a secret of 256 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def select_scopes(scope: str | None) -> frozenset[str] | None:
    """The scopes a caller narrows itself to; None is all. Raises `InvalidScope` for one that does not exist."""
    if scope is None or not scope.strip():
        return None
    asked = frozenset(scope.split())
    if not asked <= set(SCOPES):
        raise InvalidScope
    return asked


async def sign_in(
    database: Database, settings: Settings, tokens: TokenResolver, username: str, password: str, scope: str | None
) -> IssuedTokens:
    """Sign an employee in. Raises `InvalidGrant`, or `SignInLocked` after too many failures."""
    asked = select_scopes(scope)
    name = unicodedata.normalize("NFC", username).casefold()
    account = hash_secret(name)
    async with database.transaction() as session:
        locked = await count_attempt(session, settings, account)
        if locked is not None:
            audit.record(session, None, "sign_in.locked", "account", account[:16], result="refused")
        employee = (await session.exec(select(Employee).where(Employee.username == name))).first()
        known = select(Password.hash).where(Password.employee_id == (employee.id if employee else None))
        known_hash = (await session.exec(known)).first()
    if locked is not None:
        raise SignInLocked(locked)
    is_right = await passwords.verify_password(password, known_hash)
    async with database.transaction() as session:
        if not is_right or employee is None or not await _may_still(session, employee.id, known_hash):
            employee = None
            audit.record(session, None, "sign_in.failed", "account", account[:16], result="refused")
        else:
            await clear_attempts(session, account)
            family = _new_family(settings, asked)
            family.employee_id = employee.id
            session.add(family)
            await session.flush()  # the refresh token refers to it
            refresh = _new_refresh(session, family.id)
            held = (await load_rights(session, employee)).scopes
            audit.record(session, None, "sign_in.ok", "employee", employee.id)
    if employee is None:
        raise InvalidGrant
    return _issued(tokens, employee.id, family, held, refresh)


async def sign_in_client(
    database: Database,
    settings: Settings,
    tokens: TokenResolver,
    client_id: str,
    client_secret: str,
    scope: str | None,
) -> IssuedTokens:
    """Sign an API client in. Raises `InvalidClient`."""
    asked = select_scopes(scope)
    async with database.transaction() as session:
        # The row is held: who rotates the secret or disables the client at this moment ends this session too.
        query = select(ApiClient).where(ApiClient.client_id == client_id).with_for_update(read=True)
        client = (await session.exec(query)).first()
        wanted = client.secret_hash if client else hash_secret("")
        is_right = secrets.compare_digest(wanted, hash_secret(client_secret)) and client is not None
        family = _new_family(settings, asked)
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
    return _issued(tokens, client.id, family, ROLE_SCOPES[Role.INTEGRATION], None)


async def refresh(database: Database, tokens: TokenResolver, refresh_token: str, scope: str | None) -> IssuedTokens:
    """Rotate a refresh token. One that was used before ends the whole family: somebody else holds a copy."""
    asked = select_scopes(scope)
    moment = clock.now()
    token_hash = hash_secret(refresh_token)
    result: IssuedTokens | None = None
    async with database.transaction() as session:
        token = (await session.exec(select(RefreshToken).where(RefreshToken.token_hash == token_hash))).first()
        family = await session.get(TokenFamily, token.family_id) if token else None
        employee = await session.get(Employee, family.employee_id) if family and family.employee_id else None
        if token is not None and family is not None and employee is not None:
            used = await session.exec(
                sa.update(RefreshToken)
                .where(col(RefreshToken.id) == token.id, col(RefreshToken.used_at).is_(None))
                .values(used_at=moment)
            )
            is_live = family.revoked_at is None and family.expires_at > moment and not employee.is_disabled
            if used.rowcount != 1:
                await _revoke(session, col(TokenFamily.id) == family.id)
                audit.record(session, None, "refresh.reused", "employee", employee.id, result="refused")
            elif is_live:
                audit.record(session, None, "refresh.ok", "employee", employee.id)
                held = (await load_rights(session, employee)).scopes
                fresh = _new_refresh(session, family.id)
                result = _issued(tokens, employee.id, family, held, fresh, asked)
    if result is None:
        raise InvalidGrant
    return result


async def revoke(session: AsyncSession, tokens: TokenResolver, token: str) -> None:
    """End the session of a refresh or access token (RFC 7009); an unknown token is no error."""
    found = select(RefreshToken.family_id).where(RefreshToken.token_hash == hash_secret(token))
    family_id = (await session.exec(found)).first() or await tokens.family_of(token)
    if family_id is not None:
        await end_session(session, family_id)


async def end_session(session: AsyncSession, family_id: UUID) -> None:
    """End one session, if it still lives."""
    if await _revoke(session, col(TokenFamily.id) == family_id):
        audit.record(session, None, "session.revoked", "session", family_id)


async def end_sessions(session: AsyncSession, employee_id: UUID, *, but: UUID | None = None) -> None:
    """End all sessions of an employee, but the one that asks."""
    others = col(TokenFamily.id) != but if but else sa.true()
    await _revoke(session, sa.and_(col(TokenFamily.employee_id) == employee_id, others))


async def end_client_sessions(session: AsyncSession, api_client_id: UUID) -> None:
    """End all sessions of an API client."""
    await _revoke(session, col(TokenFamily.api_client_id) == api_client_id)


async def _revoke(session: AsyncSession, which: sa.ColumnElement[bool]) -> bool:
    ended = await session.exec(
        sa.update(TokenFamily).where(which, col(TokenFamily.revoked_at).is_(None)).values(revoked_at=clock.now())
    )
    return bool(ended.rowcount)


async def _may_still(session: AsyncSession, employee_id: UUID, known_hash: str | None) -> bool:
    """Whether the password that was looked at is still the employee's, and they are not disabled.

    The rows are held: who resets the password or disables the account meanwhile finds the new session, and ends it.
    """
    query = (
        select(Password.id)
        .join(Employee, col(Employee.id) == col(Password.employee_id))
        .where(Employee.id == employee_id, col(Employee.is_disabled).is_(False), Password.hash == known_hash)
        .with_for_update(read=True)
    )
    return (await session.exec(query)).first() is not None


async def count_attempt(session: AsyncSession, settings: Settings, account: str) -> int | None:
    """Count a try before it is judged, in one statement, so that many at once cannot slip by; a success clears it.

    Seconds to wait when there were too many, else None.
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
    """Forget the failures of an account: a try was right."""
    await session.exec(sa.delete(SignInAttempts).where(col(SignInAttempts.account) == account))


def _seconds_until(end: datetime, moment: datetime) -> int:
    return max(1, int((end - moment).total_seconds()) + 1)


def _new_family(settings: Settings, asked: frozenset[str] | None) -> TokenFamily:
    moment = clock.now()
    scope = None if asked is None else " ".join(sorted(asked))
    life = timedelta(days=settings.refresh_token_days)
    return TokenFamily(scope=scope, created_at=moment, expires_at=moment + life)


def _new_refresh(session: AsyncSession, family_id: UUID) -> str:
    token = secrets.token_urlsafe(32)
    session.add(RefreshToken(family_id=family_id, token_hash=hash_secret(token), issued_at=clock.now()))
    return token


def _issued(
    tokens: TokenResolver,
    owner: UUID,
    family: TokenFamily,
    held: frozenset[str],
    refresh_token: str | None,
    asked: frozenset[str] | None = None,
) -> IssuedTokens:
    """Tokens for what the owner holds, within what the session and, if anything, this call narrowed them to."""
    of_session = None if family.scope is None else frozenset(family.scope.split())
    scopes = held
    for limit in (of_session, asked):
        scopes = scopes if limit is None else scopes & limit
    is_narrowed = of_session is not None or asked is not None
    return IssuedTokens(tokens.issue(owner, family.id, scopes, narrowed=is_narrowed), refresh_token, scopes)
