"""ETag, If-Match and If-None-Match (RFC 9110, 8.8.3 and 13.1): versions of rows, strongly compared."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel

from app.core.db import VersionedRow
from app.core.problems import PreconditionRequired, Stale

_STRONG = re.compile(r'\s*"([\x21\x23-\x7e]*)"\s*')


@dataclass(frozen=True, slots=True)
class Match:
    """The versions a caller will accept. Weak tags never match (RFC 9110, 13.1.1)."""

    tags: frozenset[str]

    def require(self, row: VersionedRow) -> None:
        """Raise `Stale` unless the row's present version is among them."""
        if "*" not in self.tags and str(row.version) not in self.tags:
            raise Stale


ANY_VERSION = Match(frozenset("*"))
"""Whatever the version: for actions on many objects at once, which name none."""


def _tags(header: str) -> frozenset[str]:
    if header.strip() == "*":
        return frozenset("*")
    return frozenset(found[1] for part in header.split(",") if (found := _STRONG.fullmatch(part)))


def if_match(
    if_match: Annotated[
        str | None, Header(description="The object's ETag, required (428 without it).", max_length=500)
    ] = None,
) -> Match:
    """The caller's `If-Match`; a change without one is 428."""
    if if_match is None:
        raise PreconditionRequired
    return Match(_tags(if_match))


MatchDep = Annotated[Match, Depends(if_match)]


def etag(version: int) -> str:
    """A version as a strong entity tag."""
    return f'"{version}"'


def answer(
    model: BaseModel, *, version: int | None = None, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """An object as the whole answer, with its ETag."""
    shown: dict[str, str] = dict(headers or {})
    if version is not None:
        shown["ETag"] = etag(version)
        shown.setdefault("Cache-Control", "private, no-cache")
    return Response(model.model_dump_json(by_alias=True), status, shown, "application/json")


def is_known(request: Request, tag: str) -> bool:
    """Whether `If-None-Match` names the tag (weakly compared), so that 304 is the answer to a GET."""
    wanted = request.headers.get("if-none-match", "")
    known = {part.strip().removeprefix("W/") for part in wanted.split(",")}
    return wanted.strip() == "*" or tag in known


def conditional(request: Request, model: BaseModel, *, version: int) -> Response:
    """The answer to a GET: 304 when `If-None-Match` names the present version."""
    if is_known(request, etag(version)):
        return Response(status_code=304, headers={"ETag": etag(version)})
    return answer(model, version=version)
