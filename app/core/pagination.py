"""Keyset pages: `{"items": […], "next_cursor": …}`, with a signed cursor and a count that stops early."""

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

from app.core.problems import FieldError, ValidationFailed
from app.core.settings import Settings

T = TypeVar("T")
R = TypeVar("R", bound=BaseModel)

COUNT_STOPS_AT = 1001
MAX_CURSOR = 1000


class Page(BaseModel, Generic[R]):
    """One page of a list."""

    items: list[R]
    next_cursor: str | None = Field(description="Give it as `cursor` to get the next page; null on the last.")
    count: int | None = Field(description="With `with_count=true`: how many there are, stopping at 1,001.")


class PageParams:
    """`limit`, `cursor` and `with_count` of a list."""

    def __init__(
        self,
        request: Request,
        limit: Annotated[int, Query(ge=1, le=200, description="How many items at most.")] = 50,
        cursor: Annotated[str | None, Query(max_length=MAX_CURSOR, description="`next_cursor` of the page before.")] = (
            None
        ),
        with_count: Annotated[bool, Query(description="Count the items too, stopping at 1,001.")] = False,
    ) -> None:
        settings: Settings = request.app.state.settings
        self.limit = limit
        self.cursor = cursor
        self.with_count = with_count
        self._secret = settings.secret_key.get_secret_value().encode()
        # A cursor belongs to the list and the filters it came from.
        filters = sorted((k, v) for k, v in request.query_params.multi_items() if k not in ("cursor", "limit"))
        self._list = json.dumps([request.url.path, filters]).encode()

    def _sign(self, body: bytes) -> bytes:
        return hmac.new(self._secret, self._list + b"\0" + body, hashlib.sha256).digest()[:16]

    def encode(self, values: Sequence[Any]) -> str:
        """The cursor that stands behind a row with these sort values."""
        body = json.dumps([_told(value) for value in values]).encode()
        return base64.urlsafe_b64encode(self._sign(body) + body).rstrip(b"=").decode()

    def decode(self) -> list[Any] | None:
        """The sort values of the row before, None on the first page. Raises 422 for any cursor we did not make."""
        if self.cursor is None:
            return None
        try:
            raw = base64.urlsafe_b64decode(self.cursor.encode("ascii") + b"=" * (-len(self.cursor) % 4))
        except ValueError:
            raise _broken_cursor() from None
        signature, body = raw[:16], raw[16:]
        if not hmac.compare_digest(signature, self._sign(body)):
            raise _broken_cursor()
        return [_read(value) for value in json.loads(body)]


PageDep = Annotated[PageParams, Depends()]


def _broken_cursor() -> ValidationFailed:
    return ValidationFailed(
        field_errors=[
            FieldError(
                "/cursor",
                "cursor_broken",
                "Курсор повреждён или относится к другому списку.",
                "The cursor is broken or belongs to another list.",
                "query",
            )
        ]
    )


def _told(value: Any) -> Any:
    match value:
        case UUID():
            return {"u": str(value)}
        case datetime():
            return {"t": value.isoformat()}
        case date():
            return {"d": value.isoformat()}
    return value


def _read(value: Any) -> Any:
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
    """The rows of one page, the next cursor, and the count if it was asked for; newest first unless said otherwise.

    `order` are columns, the last of them unique; they are compared as one row value, which both databases answer from
    an index. Only the first may be null: rows without it come last, whatever the direction, by the rest of the order.
    """
    count = None
    if page.with_count:
        only = query.with_only_columns(sa.literal(1), maintain_column_froms=True)
        capped = only.order_by(None).limit(COUNT_STOPS_AT).subquery()
        count = (await session.exec(select(sa.func.count()).select_from(capped))).one()
    behind = page.decode()
    rows: list[T] = []
    for part, columns in _parts(query, order):
        is_passed = behind is not None and len(columns) == len(order) and behind[0] is None
        if is_passed or len(rows) > page.limit:
            continue
        stretch = part.order_by(*[column.desc() if descending else column.asc() for column in columns])
        if behind is not None and (behind[0] is None) == (len(columns) < len(order)):
            told = zip(behind[-len(columns) :], columns, strict=True)
            here, there = sa.tuple_(*columns), sa.tuple_(*[sa.literal(v, c.type) for v, c in told])
            stretch = stretch.where(here < there if descending else here > there)
        rows += (await session.exec(stretch.limit(page.limit + 1 - len(rows)))).all()
    more = len(rows) > page.limit
    rows = rows[: page.limit]
    cursor = page.encode([getattr(rows[-1], column.key) for column in order]) if more else None
    return rows, cursor, count


def _parts(query: SelectOfScalar[T], order: Sequence[Any]) -> list[tuple[SelectOfScalar[T], Sequence[Any]]]:
    """The stretches of a list, each on an index: rows with the first column of the order, then those without."""
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
    """One page of rows that are shown as they are, newest first unless said otherwise."""
    rows, cursor, count = await paginate_rows(session, query, page, order=order, descending=descending)
    return Page(items=[read(row) for row in rows], next_cursor=cursor, count=count)


def paginate_known(
    rows: Sequence[T], page: PageParams, read: Callable[[T], R], key: Callable[[T], list[str]]
) -> Page[R]:
    """One page of a short list that is in memory already, in the order of its unique keys."""
    behind = page.decode()
    ordered = [row for row in sorted(rows, key=key) if behind is None or key(row) > behind]
    shown = ordered[: page.limit]
    cursor = page.encode(key(shown[-1])) if len(ordered) > len(shown) else None
    count = min(len(rows), COUNT_STOPS_AT) if page.with_count else None
    return Page(items=[read(row) for row in shown], next_cursor=cursor, count=count)
