"""Error responses: problem documents for API callers, an HTML page for browsers."""

import re
from collections.abc import Sequence
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match

from app.core import request_context
from app.core.app_state import get_state
from app.core.database_errors import to_problem
from app.core.problems import MEDIA_TYPE, BadRequest, FieldError, MethodNotAllowed, NotFound, Problem
from app.core.validation_errors import to_validation_failed

log = structlog.get_logger()

MAX_FIELD_ERRORS = 20
MAX_ERRORS_BYTES = 3000
MAX_POINTER = 100


def prefers_english(accept_language: str) -> bool:
    """Return whether English is preferred to Russian, the default (RFC 9110, 12.5.4)."""
    weights = {"ru": -1.0, "en": -1.0}
    for part in accept_language[:200].split(","):
        tag, _, parameters = part.strip().partition(";")
        language = tag.strip().lower().split("-")[0]
        if language not in weights:
            continue
        weight = parameters.strip().removeprefix("q=") if parameters.strip() else "1"
        try:
            weights[language] = max(weights[language], float(weight))
        except ValueError:
            continue
    return weights["en"] > 0 and weights["en"] > weights["ru"]


def printable(text: str) -> str:
    """Return a pointer shortened and without lone surrogates and control characters."""
    cleaned = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[: MAX_POINTER + 1])
    return cleaned if len(cleaned) <= MAX_POINTER else cleaned[:MAX_POINTER] + "…"


def document(problem: Problem, *, request_id: str, english: bool) -> dict[str, Any]:
    """Return the RFC 9457 document of a problem in the caller's language."""
    detail = problem.en if english else problem.ru
    body: dict[str, Any] = {
        "type": f"urn:client-interaction:problem:{problem.code}",
        "title": problem.title_en if english else problem.title_ru,
        "status": int(problem.status),
        "detail": detail,
        "instance": f"urn:client-interaction:request:{request_id}",
        "code": problem.code,
        "request_id": request_id,
        **problem.extra,
    }
    if "error" in problem.extra:
        body["error_description"] = problem.en  # RFC 6749 5.2 allows ASCII only
    if problem.field_errors:
        body["errors"] = _list_errors(problem.field_errors, english)
    return body


def _list_errors(field_errors: Sequence[FieldError], english: bool) -> list[dict[str, str]]:
    """Return at most 20 field errors, and only as many as keep the document under 4 kB."""
    rows: list[dict[str, str]] = []
    room = MAX_ERRORS_BYTES
    for error in field_errors[:MAX_FIELD_ERRORS]:
        row = {
            "pointer": printable(error.pointer),
            "detail": error.en if english else error.ru,
            "code": error.code,
            "in": error.place,
        }
        room -= sum(len(key.encode()) + len(value.encode()) + 6 for key, value in row.items())
        if room < 0 and rows:
            break
        rows.append(row)
    return rows


def to_response(problem: Problem, request: Request) -> Response:
    """Return the response to this request for a problem."""
    request_id = request_context.get_request_id() or "-"
    if "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/"):
        return get_state(request).error_page(problem, request, request_id)
    english = prefers_english(request.headers.get("accept-language", ""))
    body = document(problem, request_id=request_id, english=english)
    headers = {"Vary": "Accept-Language", "Content-Language": "en" if english else "ru", **problem.headers}
    return JSONResponse(body, int(problem.status), headers, MEDIA_TYPE)


_ID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_ANY = "[^/]+"


def _list_methods(request: Request) -> str:
    """Return all methods of a path (RFC 9110, 15.5.6): the framework names only those of the first matching route.

    A fixed path wins over a path with an id, and that over a path with any other parameter. A path with a malformed id
    gets the methods of the path that has an id there.
    """
    paths = request.app.openapi()["paths"]
    for an_id, another in (("", ""), (_ID, ""), (_ID, _ANY), (_ANY, _ANY)):
        for template, operations in paths.items():
            pattern = re.sub(r"\{\w+_id\}", an_id, re.sub(r"\{\w+(?<!_id)\}", another, template))
            if re.fullmatch(pattern, request.url.path):
                return ", ".join(sorted(method.upper() for method in operations))
    return ", ".join(method for method in ("GET", "HEAD", "POST") if _accepts(request, method))


def _accepts(request: Request, method: str) -> bool:
    scope = {**request.scope, "method": method}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.router.routes)


def _from_http_exception(error: HTTPException, request: Request) -> Problem:
    if error.status_code == MethodNotAllowed.status:
        return MethodNotAllowed(headers={"Allow": _list_methods(request)})
    if error.status_code == NotFound.status:
        return NotFound()
    if error.status_code < 500:  # noqa: PLR2004
        return BadRequest()
    return Problem()


def install(app: FastAPI) -> None:
    """Install the exception handlers of the application."""

    @app.exception_handler(Problem)
    async def _problem(request: Request, problem: Any) -> Response:
        return to_response(problem, request)

    @app.exception_handler(RequestValidationError)
    async def _validation(request: Request, error: Any) -> Response:
        return to_response(to_validation_failed(error.errors()), request)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: Any) -> Response:
        return to_response(_from_http_exception(error, request), request)

    @app.exception_handler(SQLAlchemyError)
    async def _database(request: Request, error: Any) -> Response:
        problem = to_problem(error)
        if problem.status >= 500:  # noqa: PLR2004
            log.error("database_failed", exc_info=error)
        return to_response(problem, request)
