"""ETag, If-Match and If-None-Match (RFC 9110, 8.8.3 and 13.1): row versions, compared strongly."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, TypeVar, cast

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import VersionedTable
from app.core.problems import PreconditionFailed, PreconditionRequired
from app.core.schemas import format_etag

_STRONG = re.compile(r'\s*"([\x21\x23-\x7e]*)"\s*')


@dataclass(frozen=True, slots=True)
class IfMatch:
    """The versions that the caller accepts. Weak tags never match (RFC 9110, 13.1.1)."""

    tags: frozenset[str]

    def require(self, row: VersionedTable) -> None:
        """Raise `PreconditionFailed` unless the row's current version is one of them."""
        if "*" not in self.tags and str(row.version) not in self.tags:
            raise PreconditionFailed


ANY_VERSION = IfMatch(frozenset("*"))
"""Accepts any version; for bulk actions, which name no versions."""


def _tags(header: str) -> frozenset[str]:
    if header.strip() == "*":
        return frozenset("*")
    return frozenset(found[1] for part in header.split(",") if (found := _STRONG.fullmatch(part)))


def get_if_match(
    if_match: Annotated[
        str | None,
        Header(description="The ETag of the object. Required: a request without it gets 428.", max_length=500),
    ] = None,
) -> IfMatch:
    """Return the parsed `If-Match` header. Raises `PreconditionRequired` (428) if it is missing."""
    if if_match is None:
        raise PreconditionRequired
    return IfMatch(_tags(if_match))


IfMatchDep = Annotated[IfMatch, Depends(get_if_match)]


def json_response(
    model: BaseModel, *, version: int | None = None, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a JSON response with the object and its ETag."""
    all_headers: dict[str, str] = dict(headers or {})
    if version is not None:
        all_headers["ETag"] = format_etag(version)
        all_headers.setdefault("Cache-Control", "private, no-cache")
    return Response(model.model_dump_json(by_alias=True), status, all_headers, "application/json")


RowT = TypeVar("RowT", bound=VersionedTable)
ReadOf = type[BaseModel] | Callable[[AsyncSession, RowT], Awaitable[BaseModel]]
"""The class of the response, if its fields are the row's, or a function that builds the response."""


async def versioned(
    session: AsyncSession,
    row: RowT,
    read: ReadOf[RowT],
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Write the changes, which raises the version and checks the constraints, and return the row with its ETag."""
    await session.flush()  # raises the version and checks the constraints, before the response is built
    return json_response(await _build_read(session, row, read), version=row.version, status=status, headers=headers)


async def conditional(
    request: Request,
    session: AsyncSession,
    row: RowT,
    read: ReadOf[RowT],
) -> Response:
    """Return the row with its ETag, or 304 without building the response if `If-None-Match` names its version."""
    if is_not_modified(request, format_etag(row.version)):
        return not_modified(format_etag(row.version))
    return json_response(await _build_read(session, row, read), version=row.version)


async def _build_read(session: AsyncSession, row: RowT, read: ReadOf[RowT]) -> BaseModel:
    if isinstance(read, type):
        return cast("type[BaseModel]", read).model_validate(row)
    return await read(session, row)


def is_not_modified(request: Request, tag: str) -> bool:
    """Return whether `If-None-Match` names the tag (compared weakly), so that a GET gets 304."""
    header = request.headers.get("if-none-match", "")
    tags = {part.strip().removeprefix("W/") for part in header.split(",")}
    return header.strip() == "*" or tag in tags


def not_modified(tag: str) -> Response:
    """Return the response to a GET whose caller already has the version."""
    return Response(status_code=304, headers={"ETag": tag})
