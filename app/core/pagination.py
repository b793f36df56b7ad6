"""Keyset pagination: `{"items": […], "next_cursor": …}`, with a signed cursor and a capped count."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import sqlalchemy as sa
from fastapi import Depends, Query, Request
from pydantic import BaseModel, Field
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.core.app_state import get_state
from app.core.problems import FieldError, ValidationFailed

T = TypeVar("T")
R = TypeVar("R", bound=BaseModel)

COUNT_STOPS_AT = 1001
MAX_CURSOR = 1000


class Page(BaseModel, Generic[R]):
    """One page of a list."""

    items: list[R]
    next_cursor: str | None = Field(description="Pass it as `cursor` to get the next page; null on the last page.")
    count: int | None = Field(description="With `with_count=true`: the number of items, at most 1,001.")


class PageParams:
    """The query parameters `limit`, `cursor` and `with_count` of a list."""

    def __init__(
        self,
        request: Request,
        limit: Annotated[int, Query(ge=1, le=200, description="Maximum number of items.")] = 50,
        cursor: Annotated[
            str | None, Query(max_length=MAX_CURSOR, description="`next_cursor` of the previous page.")
        ] = None,
        with_count: Annotated[bool, Query(description="Also return the number of items, at most 1,001.")] = False,
    ) -> None:
        self.limit = limit
        self.cursor = cursor
        self.with_count = with_count
        self._secret = get_state(request).settings.secret_key.get_secret_value().encode()
        # A cursor is valid only for the list and the filters that it was issued for.
        filters = sorted((k, v) for k, v in request.query_params.multi_items() if k not in ("cursor", "limit"))
        self._list = json.dumps([request.url.path, filters]).encode()

    def _sign(self, body: bytes) -> bytes:
        return hmac.new(self._secret, self._list + b"\0" + body, hashlib.sha256).digest()[:16]

    def encode(self, values: Sequence[Any]) -> str:
        """Return the cursor that points after a row with these sort values."""
        body = json.dumps([_encode_value(value) for value in values]).encode()
        return base64.urlsafe_b64encode(self._sign(body) + body).rstrip(b"=").decode()

    def decode(self) -> list[Any] | None:
        """Return the sort values of the last row of the previous page, None on the first page.

        Raises `ValidationFailed` for a cursor that this service did not issue.
        """
        if self.cursor is None:
            return None
        try:
            raw = base64.urlsafe_b64decode(self.cursor.encode("ascii") + b"=" * (-len(self.cursor) % 4))
        except ValueError:
            raise _broken_cursor() from None
        signature, body = raw[:16], raw[16:]
        if not hmac.compare_digest(signature, self._sign(body)):
            raise _broken_cursor()
        return [_decode_value(value) for value in json.loads(body)]


PageDep = Annotated[PageParams, Depends()]


def _broken_cursor() -> ValidationFailed:
    return ValidationFailed(
        field_errors=[
            FieldError(
                "/cursor",
                "cursor_broken",
                "Указатель страницы повреждён или относится к другому списку.",
                "The cursor is broken or belongs to another list.",
                "query",
            )
        ]
    )


def _encode_value(value: Any) -> Any:
    match value:
        case UUID():
            return {"u": str(value)}
        case datetime():
            return {"t": value.isoformat()}
        case date():
            return {"d": value.isoformat()}
    return value


def _decode_value(value: Any) -> Any:
    match value:
        case {"u": text}:
            return UUID(text)
        case {"t": text}:
            return datetime.fromisoformat(text)
        case {"d": text}:
            return date.fromisoformat(text)
    return value


async def paginate_rows(
    session: AsyncSession,
    query: SelectOfScalar[T],
    page: PageParams,
    *,
    order: Sequence[Any],
    descending: bool = True,
) -> tuple[list[T], str | None, int | None]:
    """Return the rows of one page, the next cursor and the count if requested; newest first by default.

    `order` is a list of columns, the last of them unique. They are compared as one row value, for which both databases
    use an index. Only the first column may be null: rows without it come last in both directions.
    """
    count = None
    if page.with_count:
        only = query.with_only_columns(sa.literal(1), maintain_column_froms=True)
        capped = only.order_by(None).limit(COUNT_STOPS_AT).subquery()
        count = (await session.exec(select(sa.func.count()).select_from(capped))).one()
    after = page.decode()
    rows: list[T] = []
    for part, columns in _split_by_null(query, order):
        is_passed = after is not None and len(columns) == len(order) and after[0] is None
        if is_passed or len(rows) > page.limit:
            continue
        page_query = part.order_by(*[column.desc() if descending else column.asc() for column in columns])
        if after is not None and (after[0] is None) == (len(columns) < len(order)):
            values = zip(after[-len(columns) :], columns, strict=True)
            current, last = sa.tuple_(*columns), sa.tuple_(*[sa.literal(v, c.type) for v, c in values])
            page_query = page_query.where(current < last if descending else current > last)
        rows += (await session.exec(page_query.limit(page.limit + 1 - len(rows)))).all()
    more = len(rows) > page.limit
    rows = rows[: page.limit]
    cursor = page.encode([getattr(rows[-1], column.key) for column in order]) if more else None
    return rows, cursor, count


def _split_by_null(query: SelectOfScalar[T], order: Sequence[Any]) -> list[tuple[SelectOfScalar[T], Sequence[Any]]]:
    """Split a query into rows with the first column of the order and rows without it; each part uses an index."""
    if not getattr(order[0], "nullable", False):
        return [(query, order)]
    return [(query.where(order[0].is_not(None)), order), (query.where(order[0].is_(None)), order[1:])]


async def paginate(
    session: AsyncSession,
    query: SelectOfScalar[T],
    page: PageParams,
    read: Callable[[T], R],
    *,
    order: Sequence[Any],
    descending: bool = True,
) -> Page[R]:
    """Return one page of rows, each mapped by `read`; newest first by default."""
    rows, cursor, count = await paginate_rows(session, query, page, order=order, descending=descending)
    return Page(items=[read(row) for row in rows], next_cursor=cursor, count=count)


def paginate_known(
    rows: Sequence[T], page: PageParams, read: Callable[[T], R], key: Callable[[T], list[str]]
) -> Page[R]:
    """Return one page of a short list held in memory, ordered by its unique keys."""
    after = page.decode()
    ordered = [row for row in sorted(rows, key=key) if after is None or key(row) > after]
    selected = ordered[: page.limit]
    cursor = page.encode(key(selected[-1])) if len(ordered) > len(selected) else None
    count = min(len(rows), COUNT_STOPS_AT) if page.with_count else None
    return Page(items=[read(row) for row in selected], next_cursor=cursor, count=count)
