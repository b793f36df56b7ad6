"""Hostile bodies, queries and paths get a documented 4xx, the same on both databases, never 5xx (C2, G2)."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from app.core.ids import new_id
from tests.callers import People
from tests.conftest import Api
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
SEEN: dict[str, dict[str, int]] = {}
"""Statuses by backend: the second backend must return the same as the first."""


def allowed_role(name: str) -> str:
    """Return a role that may call the operation."""
    row = MATRIX["operations"][name]
    return next(role for role, may in zip(COLUMNS[1:], row[1:], strict=True) if may != "deny")


def with_ids(path: str) -> str:
    """Return the path with ids of objects that do not exist."""
    return "/".join("0198c6f0-0000-7000-8000-00000000dead" if s.startswith("{") else s for s in path.split("/"))


def list_hostile_bodies(body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the body with each hostile value in each field, without each field, and with unknown fields."""
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


async def check(api: Api, statuses: dict[str, int], what: str, method: str, path: str, **arguments: Any) -> int:
    """Call the operation and require a well-formed response; record and return its status."""
    answer = await api.request(method, path, **arguments)
    assert answer.status_code < 500, (what, answer.status_code, answer.text[:500])
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json", what
        assert len(answer.content) <= 4096, what
        problem = answer.json()
        assert {"type", "title", "status", "detail", "instance", "code", "request_id"} <= set(problem), what
        assert len(problem.get("errors", [])) <= 20, what
        assert "Traceback" not in answer.text and "SELECT" not in answer.text
    statuses[what] = answer.status_code
    return answer.status_code


def require_same_on_both(backend: str, test: str, statuses: dict[str, int]) -> None:
    """Require the same statuses as on the other backend, if it was tested before."""
    SEEN[f"{test}-{backend}"] = statuses
    other = SEEN.get(f"{test}-{'sqlite' if backend == 'postgresql' else 'postgresql'}")
    if other is not None:
        assert {k: (statuses[k], other[k]) for k in statuses if statuses[k] != other[k]} == {}


@pytest.mark.order("O-3")
async def test_hostile_bodies(application: FastAPI, api: Api, people: People, backend: str) -> None:
    statuses: dict[str, int] = {}
    for name, (method, path, operation) in operations(application).items():
        arguments = example_of(application, operation)
        if "json" not in arguments:
            continue
        caller = api.as_(people.of(allowed_role(name)))
        headers = caller | {"If-Match": "*", "Content-Type": "application/json"}
        for what, body in list_hostile_bodies(arguments["json"]):
            key = {"Idempotency-Key": new_id().hex}
            content = json.dumps(body)
            await check(api, statuses, f"{name} {what}", method, with_ids(path), headers=headers | key, content=content)
        for place, (content_bytes, kind, expected) in enumerate(RAW):
            raw_headers = headers | {"Content-Type": kind}
            status = await check(
                api, statuses, f"{name} raw {place}", method, with_ids(path), headers=raw_headers, content=content_bytes
            )
            assert status == expected, (name, place, status)
    assert len(statuses) > 2000
    require_same_on_both(backend, "bodies", statuses)


async def test_hostile_queries_and_paths(application: FastAPI, api: Api, people: People, backend: str) -> None:
    statuses: dict[str, int] = {}
    hostile = [
        "%00",
        "%ff%fe",
        "%F0%9F%98%80",
        "-1",
        "0",
        "9" * 30,
        str(2**63),
        "%27%20OR%201=1--",
        "id;drop",
        "x" * 5000,
    ]
    hostile += ["0001-01-01", "9999-12-31", "2026-02-30", "%25", "_", "%5C", "true", "1.5", "%ED%A0%80", ""]
    for name, (method, path, operation) in operations(application).items():
        caller = api.as_(people.of(allowed_role(name))) | {"If-Match": "*"}
        arguments = example_of(application, operation)
        for parameter in operation.get("parameters", []):
            for value in hostile:
                if parameter["in"] == "query" and method == "GET":
                    url = f"{with_ids(path)}?{parameter['name']}={value}"
                elif parameter["in"] == "path" and value:
                    url = with_ids(path.replace(f"{{{parameter['name']}}}", value, 1))
                else:
                    continue
                key = {"Idempotency-Key": new_id().hex}
                what = f"{name} {parameter['name']}={value[:20]}"
                await check(api, statuses, what, method, url, headers=caller | key, **arguments)
    assert len(statuses) > 1000
    require_same_on_both(backend, "queries", statuses)


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
