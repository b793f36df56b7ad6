"""Hostile bodies, queries and paths get a documented 4xx, the same on both databases, never 5xx (C2, G2).

The routes judge every hostile request in process, with the validation that they use for real requests. What they refuse
never reaches a database: the refusal is checked in process, and a sample over HTTP shows that it is the real one. What
they accept is sent to both databases, and the answers are compared.
"""

import json
import re
from collections.abc import Iterator, Sequence
from inspect import isawaitable
from typing import Any
from urllib.parse import unquote

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.datastructures import QueryParams
from starlette.requests import Request

from app.core.ids import new_id
from tests.callers import People
from tests.conftest import Api, Service
from tests.contracts.test_matrix import COLUMNS, MATRIX, example_of, operations

HOSTILE: list[Any] = [
    "\x00",
    "a\x00b",
    "\ud800",
    "\u0085",
    "\u202e",
    "",
    " ",
    "x" * 100_001,
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "0001-01-01",
    "' OR 1=1--",
    "{0.__class__}",
    "../../etc/passwd",
    2**31,
    2**63,
    -(2**63) - 1,
    10**30,
    -1,
    1.5,
    1e308,
    True,
    None,
    [],
    [[]],
    {},
    {"\x00": 1},
    {"\ud800": "\ud800"},
]
RAW: list[tuple[bytes, str, int]] = [
    (b'{"a": NaN}', "application/json", 400),
    (b'{"a": -Infinity}', "application/json", 400),
    (b'{"a": 1, "a": 2}', "application/json", 400),
    (b"[" * 300 + b"]" * 300, "application/json", 400),
    (b"[" * 100_000, "application/json", 400),
    (b'{"a": ' + b"9" * 5000 + b"}", "application/json", 400),
    (b'{"a": "\xff\xfe"}', "application/json", 400),
    ('{"a": "я"}'.encode("utf-16"), "application/json", 400),
    (b"{", "application/json", 400),
    (b"", "application/json", 422),
    (b"{}", "text/plain", 415),
    (b"a=1", "application/x-www-form-urlencoded", 415),
    (b"{}", "application/json; charset=utf-16", 415),
    (b'"' + b"x" * 1_100_000 + b'"', "application/json", 413),
    (b"null", "application/json", 422),
    (b"[]", "application/json", 422),
    (b'{"a": 1e400}', "application/json", 422),
]
HOSTILE_PARAMETERS = [
    "%00",
    "%F0%9F%98%80",
    "-1",
    "0",
    "9" * 30,
    str(2**63),
    "%27%20OR%201=1--",
    "id;drop",
    "x" * 5000,
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "%25",
    "_",
    "%5C",
    "true",
    "1.5",
    "",
]
RAW_PARAMETERS = ["%ff%fe", "%ED%A0%80"]
"""Not UTF-8."""
ABSENT_ID = "0198c6f0-0000-7000-8000-00000000dead"
Errors = Sequence[dict[str, Any]]


def allowed_role(name: str) -> str:
    """Return a role that may call the operation."""
    row = MATRIX["operations"][name]
    return next(role for role, may in zip(COLUMNS[1:], row[1:], strict=True) if may != "deny")


def with_ids(path: str) -> str:
    """Return the path with ids and keys of objects that do not exist."""
    return "/".join(absent(step.strip("{}")) if step.startswith("{") else step for step in path.split("/"))


def absent(parameter: str) -> str:
    """Return a value of a path parameter that names nothing. An id for a key would be the path of another operation."""
    return "absent" if parameter == "key" else ABSENT_ID


def list_hostile_bodies(body: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield hostile values as the body and in each field, the body without each field, and with unknown fields."""
    for place, value in enumerate(HOSTILE):
        if value is not None:  # FastAPI calls `null` a missing body; it is one of the raw bodies
            yield f"={place}", value
    for field, original in body.items():
        for place, value in enumerate(HOSTILE):
            yield f"{field}:{place}", body | {field: value}
        if isinstance(original, dict):
            for inner in original:
                for place, value in enumerate(HOSTILE):
                    yield f"{field}.{inner}:{place}", body | {field: original | {inner: value}}
        yield f"-{field}", {key: value for key, value in body.items() if key != field}
    for extra in ("id", "unit_id_", "version", "is_admin", "created_at"):
        yield f"+{extra}", body | {extra: "1"}


def list_routes(application: FastAPI) -> dict[str, APIRoute]:
    """Return operation id → route."""

    def walk(routes: Sequence[Any]) -> Iterator[APIRoute]:
        for route in routes:
            included = getattr(route, "original_router", None)
            if included is not None:
                yield from walk(included.routes)
            elif isinstance(route, APIRoute):
                yield route

    return {route.name: route for route in walk(application.router.routes)}


def judge_body(route: APIRoute, body: Any) -> Errors:
    """Return the errors that the route finds in a body."""
    assert route.body_field is not None
    return route.body_field.validate(json.loads(json.dumps(body)), {}, loc=("body",))[1]


def judge_parameters(dependant: Dependant, path: dict[str, str], query: QueryParams) -> Errors:
    """Return the errors that a route finds in its parameters, in FastAPI's order: first those of its dependencies."""
    errors = [error for inner in dependant.dependencies for error in judge_parameters(inner, path, query)]
    for fields, received in ((dependant.path_params, path), (dependant.query_params, query)):
        errors += request_params_to_args(fields, received)[1]
    return errors


def require_well_formed(what: str, status: int, media_type: str, content: bytes) -> dict[str, Any]:
    """Require a documented refusal and return its problem document."""
    assert status < 500, (what, status, content[:500])
    assert media_type == "application/problem+json", what
    assert len(content) <= 4096, what
    problem: dict[str, Any] = json.loads(content)
    assert {"type", "title", "status", "detail", "instance", "code", "request_id"} <= set(problem), what
    assert problem["status"] == status, what
    assert len(problem.get("errors", [])) <= 20, what
    assert b"Traceback" not in content and b"SELECT" not in content, what
    return problem


async def refuse(application: FastAPI, what: str, errors: Errors) -> dict[str, Any]:
    """Return the well-formed problem document that the application makes of a route's errors."""
    request = Request({"type": "http", "method": "POST", "path": "/api/v1", "headers": [], "app": application})
    handled = application.exception_handlers[RequestValidationError](request, RequestValidationError(errors))
    answer = await handled if isawaitable(handled) else handled
    problem = require_well_formed(what, answer.status_code, answer.headers["content-type"], bytes(answer.body))
    assert problem["code"] == "invalid" and problem["errors"], what
    return problem


def without_request(problem: dict[str, Any]) -> dict[str, Any]:
    """Return a problem document without the id of its request."""
    return {name: value for name, value in problem.items() if name not in ("instance", "request_id")}


async def check(api: Api, what: str, method: str, path: str, **arguments: Any) -> tuple[int, dict[str, Any]]:
    """Call the operation, require a well-formed response, and return its status and problem document, if any."""
    answer = await api.request(method, path, **arguments)
    if answer.status_code < 400:
        return answer.status_code, {}
    kind = answer.headers["content-type"]
    return answer.status_code, require_well_formed(what, answer.status_code, kind, answer.content)


class Inquiry:
    """Hostile requests: each is judged by its route; the accepted ones and a sample of the others are sent."""

    def __init__(self, both: dict[str, Service]) -> None:
        self._both = both
        self._application = next(iter(both.values())).application
        self.routes = list_routes(self._application)
        self.operations = operations(self._application)
        self.judged = self.sent = 0
        self._sampled: set[tuple[str, ...]] = set()
        self._refused_of: dict[str, int] = {}

    async def send(self, name: str, what: str, path: str, **arguments: Any) -> dict[str, Any]:
        """Send a request to the service on both databases, require the same answer, and return its problem."""
        answers = {}
        method, key = self.operations[name][0], new_id().hex
        for kind, service in self._both.items():
            headers = service.api.as_(service.people.of(allowed_role(name))) | {"If-Match": "*"}
            headers |= {"Idempotency-Key": key} | (
                {"Content-Type": "application/json"} if "content" in arguments else {}
            )
            status, problem = await check(service.api, what, method, path, headers=headers, **arguments)
            answers[kind] = status, without_request(problem)
        assert answers["sqlite"] == answers["postgresql"], what
        self.sent += 1
        return answers["sqlite"][1]

    async def judge(self, name: str, what: str, errors: Errors, path: str, **arguments: Any) -> None:
        """Send an accepted request, or check the refusal in process and sometimes compare it with a real one."""
        what = f"{name} {what}"
        self.judged += 1
        if not errors:
            await self.send(name, what, path, **arguments)
            return
        problem = await refuse(self._application, what, errors)
        if self._is_in_sample(name, errors):
            assert await self.send(name, what, path, **arguments) == without_request(problem), what

    def _is_in_sample(self, name: str, errors: Errors) -> bool:
        """Return whether a refusal is sent: one per kind of error and one per operation, at a place that varies."""
        count = self._refused_of[name] = self._refused_of.get(name, -1) + 1
        kinds = tuple(sorted({str(error["type"]) for error in errors}))
        is_new = kinds not in self._sampled
        self._sampled.add(kinds)
        return is_new or count == len(self._refused_of) % 11


@pytest.mark.order("O-3")
async def test_hostile_bodies(both: dict[str, Service]) -> None:
    inquiry = Inquiry(both)
    application = both["sqlite"].application
    for name, (_, path, operation) in inquiry.operations.items():
        arguments = example_of(application, operation)
        if "json" not in arguments:
            continue
        for what, body in list_hostile_bodies(arguments["json"]):
            errors = judge_body(inquiry.routes[name], body)
            await inquiry.judge(name, what, errors, with_ids(path), content=json.dumps(body))
    print(f"{inquiry.judged} bodies judged, {inquiry.sent} sent to both databases")  # noqa: T201
    assert inquiry.judged > 7000
    assert inquiry.sent > 1000


SEND_ALL_RAW_TO = ("register_message", "create_organization", "submit_survey")


async def test_raw_bodies(application: FastAPI, api: Api, people: People) -> None:
    """They are refused before or without a model: three operations get all of them, each other one a different one."""
    tried = 0
    with_body = {n: o for n, o in operations(application).items() if "json" in example_of(application, o[2])}
    for turn, (name, (method, path, _)) in enumerate(with_body.items()):
        for content, kind, expected in RAW if name in SEND_ALL_RAW_TO else [RAW[turn % len(RAW)]]:
            headers = api.as_(people.of(allowed_role(name))) | {"If-Match": "*", "Content-Type": kind}
            headers |= {"Idempotency-Key": new_id().hex}
            status, _ = await check(api, name, method, with_ids(path), headers=headers, content=content)
            assert status == expected, (name, content[:20], status)
            tried += 1
    assert set(SEND_ALL_RAW_TO) <= set(with_body)
    assert tried > len(RAW) * 3 + 50


async def test_hostile_queries_and_paths(both: dict[str, Service]) -> None:
    inquiry = Inquiry(both)
    for name, (method, path, operation) in inquiry.operations.items():
        route = inquiry.routes[name]
        arguments = example_of(both["sqlite"].application, operation)
        for parameter in operation.get("parameters", []):
            in_query = parameter["in"] == "query"
            for value in HOSTILE_PARAMETERS + ([] if in_query else RAW_PARAMETERS):
                in_path, query = {step: absent(step) for step in route.param_convertors}, ""
                if in_query and method == "GET":
                    query = f"{parameter['name']}={value}"
                    url = f"{with_ids(path)}?{query}"
                elif parameter["in"] == "path" and value:
                    in_path[parameter["name"]] = unquote(value)
                    url = with_ids(path.replace(f"{{{parameter['name']}}}", value, 1))
                else:
                    continue
                what = f"{parameter['name']}={value[:20]}"
                if all(re.fullmatch(route.param_convertors[step].regex, text) for step, text in in_path.items()):
                    errors = judge_parameters(route.dependant, in_path, QueryParams(query))
                    await inquiry.judge(name, what, errors, url, **arguments)
                else:
                    await inquiry.send(name, f"{name} {what}, which no route takes", url, **arguments)
    print(f"{inquiry.judged} parameters judged, {inquiry.sent} sent to both databases")  # noqa: T201
    assert inquiry.judged > 7000
    assert inquiry.sent > 1000


async def test_queries_that_are_not_utf8(application: FastAPI, api: Api, people: People) -> None:
    """They are refused before the route is called, in whatever parameter: each operation gets one of them."""
    for turn, (name, (method, path, operation)) in enumerate(operations(application).items()):
        url = f"{with_ids(path)}?q={RAW_PARAMETERS[turn % len(RAW_PARAMETERS)]}"
        headers = api.as_(people.of(allowed_role(name))) | {"If-Match": "*", "Idempotency-Key": new_id().hex}
        arguments = example_of(application, operation)
        status, problem = await check(api, name, method, url, headers=headers, **arguments)
        assert (status, problem["code"]) == (400, "unreadable"), name


@pytest.mark.parametrize(
    "key",
    ["", " ", "a" * 256, "я", "a\tb", "a b", '""'],
    ids=["empty", "blank", "long", "cyrillic", "tab", "space", "quotes"],
)
async def test_malformed_idempotency_keys_are_400(api: Api, people: People, key: str) -> None:
    headers = [(k.encode(), v.encode()) for k, v in api.as_(people.admin).items()]
    headers.append((b"idempotency-key", key.encode()))
    body = {"key": "fond", "kind": "subordinate", "name": "Фонд"}
    answer = await api.post("/api/v1/organizations", headers=headers, json=body)
    assert answer.status_code == 400
    assert answer.json()["code"] == "idempotency_key_malformed"


async def test_broken_and_foreign_cursors_are_422(api: Api, people: People) -> None:
    headers = api.as_(people.admin)
    first = await api.get("/api/v1/units?limit=1", headers=headers)
    cursor = first.json()["next_cursor"]
    assert cursor
    good = await api.get("/api/v1/units", params={"limit": 1, "cursor": cursor}, headers=headers)
    assert good.json()["items"][0]["id"] != first.json()["items"][0]["id"]
    for path, wrong in (("/api/v1/units", cursor[:-2] + "AA"), ("/api/v1/legal-acts", cursor), ("/api/v1/units", "я")):
        rejected = await api.get(path, params={"cursor": wrong}, headers=headers)
        assert rejected.status_code == 422
        assert rejected.json()["errors"][0]["code"] == "cursor_broken"
        assert rejected.json()["errors"][0]["pointer"] == "/cursor"


async def test_problems_are_in_the_requested_language(api: Api) -> None:
    for header, language, title in (
        ("", "ru", "Требуется вход"),
        ("en-US,en;q=0.9", "en", "Authentication is required"),
        ("ru,en;q=0.5", "ru", "Требуется вход"),
        ("de, en;q=0.1", "en", "Authentication is required"),
    ):
        answer = await api.get("/api/v1/auth/me", headers={"Accept-Language": header} if header else {})
        assert (answer.headers["content-language"], answer.json()["title"]) == (language, title)
        assert answer.headers["www-authenticate"] == "Bearer"
