"""ETag, If-Match and If-None-Match (RFC 9110, 8.8.3 and 13.1): versions of rows, strongly compared."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel

from app.core.db import VersionedTable
from app.core.problems import PreconditionFailed, PreconditionRequired

_STRONG = re.compile(r'\s*"([\x21\x23-\x7e]*)"\s*')


@dataclass(frozen=True, slots=True)
class IfMatch:
    """The versions a caller will accept. Weak tags never match (RFC 9110, 13.1.1)."""

    tags: frozenset[str]

    def require(self, row: VersionedTable) -> None:
        """Raise `PreconditionFailed` unless the row's present version is among them."""
        if "*" not in self.tags and str(row.version) not in self.tags:
            raise PreconditionFailed


ANY_VERSION = IfMatch(frozenset("*"))
"""Whatever the version: for actions on many objects at once, which name none."""


def _tags(header: str) -> frozenset[str]:
    if header.strip() == "*":
        return frozenset("*")
    return frozenset(found[1] for part in header.split(",") if (found := _STRONG.fullmatch(part)))


def get_if_match(
    if_match: Annotated[
        str | None, Header(description="The object's ETag, required (428 without it).", max_length=500)
    ] = None,
) -> IfMatch:
    """The caller's `If-Match`; a change without one is 428."""
    if if_match is None:
        raise PreconditionRequired
    return IfMatch(_tags(if_match))


IfMatchDep = Annotated[IfMatch, Depends(get_if_match)]


def format_etag(version: int) -> str:
    """A version as a strong entity tag."""
    return f'"{version}"'


def json_response(
    model: BaseModel, *, version: int | None = None, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """An object as the whole answer, with its ETag."""
    shown: dict[str, str] = dict(headers or {})
    if version is not None:
        shown["ETag"] = format_etag(version)
        shown.setdefault("Cache-Control", "private, no-cache")
    return Response(model.model_dump_json(by_alias=True), status, shown, "application/json")


def is_not_modified(request: Request, tag: str) -> bool:
    """Whether `If-None-Match` names the tag (weakly compared), so that 304 is the answer to a GET."""
    wanted = request.headers.get("if-none-match", "")
    known = {part.strip().removeprefix("W/") for part in wanted.split(",")}
    return wanted.strip() == "*" or tag in known


def conditional_response(request: Request, model: BaseModel, *, version: int) -> Response:
    """The answer to a GET: 304 when `If-None-Match` names the present version."""
    if is_not_modified(request, format_etag(version)):
        return Response(status_code=304, headers={"ETag": format_etag(version)})
    return json_response(model, version=version)
