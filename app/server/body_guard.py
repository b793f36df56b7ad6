"""Request bodies: limits of size and time, media type, and unambiguous JSON, all checked before parsing."""

import asyncio
import json
import re
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.problems import BadRequest, Problem, RequestTimeout, TooLarge, UnsupportedMediaType
from app.server.problem_responses import to_response

MAX_DEPTH = 32
MAX_FIELDS = 200
TABLE_TYPES = frozenset(
    {
        "text/csv",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/octet-stream",
    }
)
"""Media types of an uploaded table; the reader inspects the content itself."""
_OPENING, _CLOSING = frozenset("[{"), frozenset("]}")


class _Refused(ValueError):
    """JSON that Python accepts and this service refuses."""


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    known = dict(pairs)
    if len(known) != len(pairs):
        raise _Refused("repeated key")
    return known


def _no_constant(name: str) -> Any:
    raise _Refused(name)


def _is_too_deep(text: str) -> bool:
    """Whether brackets outside strings nest deeper than allowed. Scans the text, because the parser recurses."""
    depth, in_string, escaped = 0, False, False
    if max(text.count("["), text.count("{")) + min(text.count("["), text.count("{")) <= MAX_DEPTH:
        return False
    for character in text:
        if in_string:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character in _OPENING:
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif character in _CLOSING:
            depth -= 1
    return False


def check_json(body: bytes) -> None:
    """Raise `BadRequest` unless the body is JSON in UTF-8 without NaN, Infinity, repeated keys and deep nesting."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest("Тело запроса не в кодировке «UTF-8».", "The body is not UTF-8.") from None
    if _is_too_deep(text):
        raise BadRequest("Слишком глубокая вложенность данных в теле запроса.", "The JSON is nested too deep.")
    try:
        json.loads(text, parse_constant=_no_constant, object_pairs_hook=_once_each)
    except _Refused:
        raise BadRequest(
            "Тело запроса содержит «NaN», «Infinity» или повторяющийся ключ.",
            "The JSON has NaN, Infinity or a repeated key.",
        ) from None
    except (ValueError, RecursionError):
        raise BadRequest("Тело запроса не соответствует формату «JSON».", "The body is not JSON.") from None


def _check_form(body: bytes) -> None:
    if body.count(b"&") >= MAX_FIELDS:
        raise BadRequest("Слишком много полей формы.", "The form has too many fields.")


@dataclass(frozen=True, slots=True)
class BodyRules:
    """Paths that take something else than JSON, as full matches; domains name theirs where the app is wired."""

    form_paths: re.Pattern[str]
    table_paths: re.Pattern[str]


def _check(rules: BodyRules, scope: Scope, content_type: str, body: bytes) -> None:
    kind = content_type.partition(";")[0].strip().lower()
    if rules.form_paths.fullmatch(scope["path"]):
        if kind != "application/x-www-form-urlencoded":
            raise UnsupportedMediaType
        _check_form(body)
    elif rules.table_paths.fullmatch(scope["path"]):
        if kind not in TABLE_TYPES:
            raise UnsupportedMediaType
    elif kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json")):
        charset = re.search(r"charset\s*=\s*\"?([\w-]+)", content_type, re.IGNORECASE)
        if charset and charset[1].lower() not in ("utf-8", "utf8", "us-ascii"):
            raise UnsupportedMediaType
        check_json(body)
    else:
        raise UnsupportedMediaType


class BodyGuard:
    """Read the whole body within its limits, check it, and pass it on as one message."""

    def __init__(
        self, app: ASGIApp, rules: BodyRules, max_bytes: int, max_import_bytes: int, timeout_seconds: float
    ) -> None:
        self._app = app
        self._rules = rules
        self._max_bytes = max_bytes
        self._max_import_bytes = max_import_bytes
        self._timeout = timeout_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle an ASGI connection."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS", "TRACE"):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        try:
            is_table = self._rules.table_paths.fullmatch(scope["path"])
            limit = self._max_import_bytes if is_table else self._max_bytes
            body = await self._read(request, receive, limit)
            if body is None:
                return  # the caller disconnected
            if body:
                _check(self._rules, scope, request.headers.get("content-type", ""), body)
        except Problem as problem:
            await to_response(problem, request)(scope, receive, send)
            return

        is_passed_on = False

        async def replay() -> Message:
            nonlocal is_passed_on
            if is_passed_on:
                return await receive()
            is_passed_on = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, replay, send)

    async def _read(self, request: Request, receive: Receive, limit: int) -> bytes | None:
        declared = request.headers.get("content-length", "")
        if declared.isdigit() and (len(declared) > 12 or int(declared) > limit):  # noqa: PLR2004
            raise TooLarge
        body = bytearray()
        try:
            async with asyncio.timeout(self._timeout):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    body += message.get("body", b"")
                    if len(body) > limit:
                        raise TooLarge
                    if not message.get("more_body", False):
                        return bytes(body)
        except TimeoutError:
            raise RequestTimeout from None
