"""Idempotency-Key (IETF draft 06): one key, one effect, one response.

The key is inserted first, in the same transaction as the work. Two concurrent requests with one key meet at its unique
constraint; a failed request leaves no row, so a corrected request may use the key again.
"""

import functools
import hashlib
import inspect
import json
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, TypeVar, cast

import sqlalchemy as sa
from fastapi import Depends, Header, Request, Response
from sqlalchemy.exc import DBAPIError
from sqlmodel import Field, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.db import Table, build_insert, json_column
from app.core.ids import new_id
from app.core.problems import BadRequest, Conflict, ValidationFailed
from app.core.security import Principal

MAX_KEY = 255
_VALID_KEY = re.compile(r"[\x21-\x7e]{1,255}")
KEPT_HEADERS = ("ETag", "Location")


class IdempotencyRecord(Table, table=True):
    """A caller's key for an operation, with the fingerprint of the request and the stored response."""

    __tablename__ = "idempotency_records"
    __table_args__ = (sa.UniqueConstraint("caller", "operation", "key", name="uq_idempotency_records_key"),)

    caller: str = Field(max_length=100)
    operation: str = Field(max_length=300)
    key: str = Field(max_length=MAX_KEY)
    fingerprint: str = Field(max_length=64)
    status: int | None = Field(default=None)
    headers: dict[str, str] | None = Field(default=None, sa_column=json_column(nullable=True))
    body: str | None = Field(default=None, sa_type=sa.Text)
    created_at: datetime = Field(index=True)


class IdempotencyKeyReused(ValidationFailed):
    """The key was already used for another request."""

    code = "idempotency_key_reused"
    title_ru, title_en = "Ключ идемпотентности уже использован", "The idempotency key was used for another request"
    detail_ru, detail_en = "Для другого запроса передайте новый ключ.", "Send a new key with a different request."


class IdempotencyKeyRequired(BadRequest):
    """Integrations must send a key with every request that creates an object; imports always require one."""

    code = "idempotency_key_required"
    title_ru, title_en = "Требуется ключ идемпотентности", "Idempotency-Key is required"
    detail_ru = "Передайте уникальный ключ запроса в заголовке «Idempotency-Key»."
    detail_en = "Send a unique key in the Idempotency-Key header."


class IdempotencyKeyMalformed(BadRequest):
    """The key is empty, too long or contains characters other than visible ASCII."""

    code = "idempotency_key_malformed"
    title_ru, title_en = "Неверный ключ идемпотентности", "The idempotency key is malformed"
    detail_ru = "Ключ состоит из латинских букв, цифр и знаков без пробелов, не более 255 символов."
    detail_en = "A key consists of up to 255 visible ASCII characters."


class IdempotencyInProgress(Conflict):
    """The first request with this key is still in progress."""

    code = "idempotency_in_progress"
    title_ru, title_en = "Первый запрос с этим ключом ещё выполняется", "The first request with this key is in progress"
    detail_ru, detail_en = "Повторите запрос через секунду.", "Retry in a second."

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


class Idempotency:
    """Runs the work of a creating request once per key: `return await idempotency(session, by, work)`."""

    def __init__(self, request: Request, key: str | None) -> None:
        self._request = request
        self._key = key

    async def __call__(
        self, session: AsyncSession, by: Principal | None, work: Callable[[], Awaitable[Response]]
    ) -> Response:
        """Run `work` and return its response, or replay the stored response of the first request with this key."""
        if self._key is None:
            if by is not None and by.kind == "client":
                raise IdempotencyKeyRequired
            return await work()
        caller = by.caller_key if by else "anonymous"
        operation = f"{self._request.method} {self._request.url.path}"
        fingerprint = await self._fingerprint()
        if not await claim_key(session, caller, operation, self._key, fingerprint):
            return await _replay(session, caller, operation, self._key, fingerprint)
        response = await work()
        await session.exec(
            sa.update(IdempotencyRecord)
            .where(*_match_key(caller, operation, self._key))
            .values(
                status=response.status_code,
                body=bytes(response.body).decode(),
                headers={name: response.headers[name] for name in KEPT_HEADERS if name in response.headers},
            )
        )
        return response

    async def is_known(self, session: AsyncSession, by: Principal) -> bool:
        """Return whether the caller used this key for the operation before, to skip costly work before a replay."""
        if self._key is None:
            return False
        operation = f"{self._request.method} {self._request.url.path}"
        query = select(IdempotencyRecord.id).where(*_match_key(by.caller_key, operation, self._key))
        return (await session.exec(query)).first() is not None

    async def _fingerprint(self) -> str:
        body = await self._request.body()
        try:
            content = json.dumps(json.loads(body), sort_keys=True).encode()
        except ValueError:
            content = body
        return hashlib.sha256(content + b"\0" + self._request.url.query.encode()).hexdigest()


def _match_key(caller: str, operation: str, key: str) -> tuple[Any, ...]:
    record = IdempotencyRecord
    return (col(record.caller) == caller, col(record.operation) == operation, col(record.key) == key)


async def claim_key(session: AsyncSession, caller: str, operation: str, key: str, fingerprint: str) -> bool:
    """Claim a key in the current transaction. A concurrent second claim waits for the first and returns False."""
    row = {
        "id": new_id(),
        "caller": caller,
        "operation": operation,
        "key": key,
        "fingerprint": fingerprint,
        "created_at": clock.now(),
    }
    statement = (
        build_insert(session, IdempotencyRecord)
        .values(row)
        .on_conflict_do_nothing(index_elements=["caller", "operation", "key"])
    )
    try:
        inserted = await session.exec(statement.returning(col(IdempotencyRecord.id)))
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == "55P03":  # lock_timeout: the first request is still in progress
            raise IdempotencyInProgress from error
        raise
    return inserted.first() is not None


async def delete_old_records(session: AsyncSession, before: datetime, limit: int) -> int:
    """Delete up to `limit` keys that were used before a moment and return their number."""
    old = sa.select(col(IdempotencyRecord.id)).where(col(IdempotencyRecord.created_at) < before).limit(limit)
    return int((await session.exec(sa.delete(IdempotencyRecord).where(col(IdempotencyRecord.id).in_(old)))).rowcount)


async def find_fingerprint(session: AsyncSession, caller: str, operation: str, key: str) -> str | None:
    """Return the fingerprint of the request that claimed the key, or None if it is unclaimed."""
    query = select(IdempotencyRecord.fingerprint).where(*_match_key(caller, operation, key))
    return (await session.exec(query)).first()


async def _replay(session: AsyncSession, caller: str, operation: str, key: str, fingerprint: str) -> Response:
    query = select(IdempotencyRecord).where(*_match_key(caller, operation, key))
    record = (await session.exec(query)).first()
    if record is None or record.status is None:
        raise IdempotencyInProgress
    if record.fingerprint != fingerprint:
        raise IdempotencyKeyReused
    headers = {**(record.headers or {}), "Idempotent-Replayed": "true"}
    return Response(record.body, record.status, headers, "application/json")


KeyHeader = Header(description="A unique key of the request: up to 255 visible ASCII characters, stored for 48 hours.")
RequiredKeyHeader = Header(description=f"Required (400 without it). {KeyHeader.description}")


def get_idempotency(request: Request, idempotency_key: Annotated[str | None, KeyHeader] = None) -> Idempotency:
    """Return the idempotency key of the request, if any. Raises `IdempotencyKeyMalformed`."""
    if idempotency_key is None:
        return Idempotency(request, None)
    key = idempotency_key.strip()
    if len(key) > 1 and key[0] == key[-1] == '"':  # the draft defines a quoted string; a plain value is accepted too
        key = key[1:-1]
    if not _VALID_KEY.fullmatch(key):
        raise IdempotencyKeyMalformed
    return Idempotency(request, key)


def get_required_idempotency(
    request: Request, idempotency_key: Annotated[str | None, RequiredKeyHeader] = None
) -> Idempotency:
    """Return the idempotency key of the request. Raises `IdempotencyKeyRequired` if it is missing."""
    if idempotency_key is None:
        raise IdempotencyKeyRequired
    return get_idempotency(request, idempotency_key)


IdempotencyDep = Annotated[Idempotency, Depends(get_idempotency)]
RequiredIdempotencyDep = Annotated[Idempotency, Depends(get_required_idempotency)]

Handler = TypeVar("Handler", bound=Callable[..., Awaitable[Response]])


def idempotent(handler: Handler) -> Handler:
    """Run a creating handler once per `Idempotency-Key`; it takes `session` and, unless it is public, the caller `by`.

    The decorator adds the header to the handler's parameters. It stands below the router's decorator.
    """
    header = inspect.Parameter("idempotency", inspect.Parameter.KEYWORD_ONLY, annotation=IdempotencyDep)
    signature = inspect.signature(handler)

    @functools.wraps(handler)
    async def run_once(*, idempotency: Idempotency, **arguments: Any) -> Response:
        return await idempotency(arguments["session"], arguments.get("by"), lambda: handler(**arguments))

    parameters = [*signature.parameters.values(), header]
    run_once.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # FastAPI reads it
    return cast("Handler", run_once)
