"""Parts of core: ids, types, problems, the body guard, rate limits, settings, logs."""

import io
import json
import logging as standard_logging
from typing import Any

import httpx
import pytest
import structlog
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from sqlmodel import func, select

from app.core import clock
from app.core.audit import AuditEvent
from app.core.db import Database
from app.core.etags import IfMatch, _tags
from app.core.ids import new_id
from app.core.problems import BadRequest, FieldError, ValidationFailed
from app.core.rate_limits import RateLimiter
from app.core.settings import Settings, is_weak_secret
from app.core.types import Day, FreeText, Key, Moment, Name
from app.language.normalization import like_pattern, normalize
from app.main import create_app
from app.server import logging
from app.server.body_guard import check_json
from app.server.problem_responses import document, prefers_english
from tests.callers import People
from tests.conftest import SECRET, Api, JoinedDatabase, KnownCallers, principal, settings_for


def test_ids_are_uuids_of_version_7_in_the_order_of_creation() -> None:
    ids = [new_id() for _ in range(5000)]
    assert ids == sorted(ids) and len(set(ids)) == 5000
    assert {(i.version, i.variant) for i in ids} == {(7, "specified in RFC 4122")}


@given(st.text(max_size=200))
def test_free_text_is_kept_code_point_for_code_point_or_rejected(text: str) -> None:
    is_bad = any(c in text for c in map(chr, [*range(9), 11, 12, *range(14, 32), *range(127, 160)])) or not text.strip()
    try:
        assert TypeAdapter(FreeText).validate_python(text) == text
        assert not is_bad
    except ValidationError:
        assert is_bad


@pytest.mark.parametrize(
    ("kind", "value", "is_good"),
    [
        (Name, "Иван П.", True),
        (Name, " Иван", False),
        (Name, "Иван\n", False),
        (Name, "a\u2029b", False),
        (Key, "demo-1", True),
        (Key, "-a", False),
        (Key, "Demo", False),
        (Key, "a\n", False),
        (Day, "2026-11-24", True),
        (Day, "0", False),
        (Day, "1899-12-31", False),
        (Day, 0, False),
        (Day, "2026-02-30", False),
        (Moment, "2026-11-24T10:15:00+07:00", True),
        (Moment, "2026-11-24T10:15:00Z", True),
        (Moment, "2026-11-24T10:15:00", False),
        (Moment, "1764000000", False),
        (Moment, 1764000000, False),
        (Moment, "0001-01-01T00:00:00+14:00", False),
        (Moment, "9999-12-31T23:59:59-14:00", False),
    ],
)
def test_shared_types(kind: Any, value: Any, is_good: bool) -> None:
    if is_good:
        assert TypeAdapter(kind).validate_python(value)
    else:
        with pytest.raises(ValidationError):
            TypeAdapter(kind).validate_python(value)


def test_a_problem_document_is_small_and_valid() -> None:
    field_errors = [FieldError("/\ud800\x00" + "я" * 500, "code", "ошибка " * 20, "error " * 20) for _ in range(1000)]
    body = document(ValidationFailed(field_errors=field_errors), request_id="r", english=False)
    assert 1 <= len(body["errors"]) <= 20
    assert len(json.dumps(body, ensure_ascii=False).encode()) <= 4096
    few = document(
        ValidationFailed(field_errors=[FieldError(f"/{n}", "c", "а", "a") for n in range(50)]),
        request_id="r",
        english=True,
    )
    assert len(few["errors"]) == 20 and few["errors"][0]["detail"] == "a"


@pytest.mark.parametrize(
    ("header", "english"),
    [
        ("", False),
        ("en", True),
        ("ru", False),
        ("en;q=0.2, ru;q=0.1", True),
        ("de", False),
        ("en;q=x", False),
        ("en;q=0", False),
    ],
)
def test_the_language_of_a_problem(header: str, english: bool) -> None:
    assert prefers_english(header) is english


@pytest.mark.parametrize(
    ("body", "is_good"),
    [
        (b'{"a": [1, "}}}}]]]]"]}', True),
        (b"[" * 32 + b"]" * 32, True),
        (b"[" * 33 + b"]" * 33, False),
        (b'{"a":' * 200_000, False),
        (b'"' + b"[" * 1000 + b'"', True),
        (b'"\\"' + b"[" * 1000 + b'"', True),
        (b'{"a": 1, "\\u0061": 2}', False),
        (b'{"a": {"b": 1, "b": 1}}', False),
        (b"NaN", False),
        (b"\xef\xbb\xbf{}", False),
    ],
)
def test_ambiguous_json_is_rejected(body: bytes, is_good: bool) -> None:
    if is_good:
        check_json(body)
    else:
        with pytest.raises(BadRequest):
            check_json(body)


async def test_the_body_limit_counts_received_bytes(api: Api) -> None:
    async def endless() -> Any:
        for _ in range(20):
            yield b"x" * 100_000

    headers = {"Content-Type": "application/json"}
    response = await api.post("/api/v1/survey-submissions", content=endless(), headers=headers)
    assert (response.status_code, response.json()["code"]) == (413, "too_large")
    false_length = await api.post(
        "/api/v1/survey-submissions", content=b"{}", headers=headers | {"Content-Length": "9" * 30}
    )
    assert false_length.status_code == 413


def test_etags_are_compared_strongly() -> None:
    assert _tags('"3"') == {"3"} and _tags('"1", "3"') == {"1", "3"} and _tags("*") == {"*"}
    assert _tags('W/"3"') == _tags("3") == _tags("") == _tags('"3') == frozenset()
    assert IfMatch(frozenset("*"))


def test_each_caller_has_its_own_rate_limit() -> None:
    limiter = RateLimiter()
    assert [limiter.count("a", 2).is_spent for _ in range(3)] == [False, False, True]
    assert limiter.count("b", 2).is_spent is False
    assert 0 < limiter.count("b", 2).reset_seconds <= 60


async def test_too_many_requests_are_429_and_health_checks_are_not_counted(settings: Settings) -> None:
    values = settings.model_dump() | {"rate_limit": "on", "rate_limit_anonymous_per_minute": 3}
    application = create_app(Settings.model_validate(values))
    transport = httpx.ASGITransport(application, client=("203.0.113.5", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        for left in (2, 1, 0):
            response = await client.get("/nothing", headers={"X-Forwarded-For": f"10.0.0.{left}"})
            assert response.status_code == 404 and f"r={left};" in response.headers["ratelimit"]
        rejected = await client.get("/nothing", headers={"X-Forwarded-For": "10.0.0.9"})
        assert (rejected.status_code, rejected.json()["code"]) == (429, "too_many_requests")
        assert int(rejected.headers["retry-after"]) > 0
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/metrics")).status_code == 404, "metrics are only for loopback"
    await application.state.database.close()


async def test_invalid_tokens_are_counted_by_address(settings: Settings) -> None:
    """Otherwise a new token with every call would evade the limits of public operations (sign-in, questionnaires)."""
    values = {"rate_limit": "on", "rate_limit_anonymous_per_minute": 3, "rate_limit_per_minute": 5}
    application = create_app(Settings.model_validate(settings.model_dump() | values))
    callers = application.state.resolver = KnownCallers()
    callers.principals["ours"] = principal("operator")
    transport = httpx.ASGITransport(application, client=("203.0.113.6", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        responses = [await client.get("/nothing", headers={"Authorization": f"Bearer {i}"}) for i in range(4)]
        assert [response.status_code for response in responses] == [404, 404, 404, 429]
        mine = await client.get("/nothing", headers={"Authorization": "Bearer ours"})
        assert mine.status_code == 404 and "r=4;" in mine.headers["ratelimit"]
    await application.state.database.close()


async def test_every_response_has_the_security_headers(api: Api) -> None:
    for path in ("/api/v1/municipalities", "/nothing", "/docs", "/health/live"):
        response = await api.get(path, headers={"X-Request-ID": "mine-1"})
        assert response.headers["x-request-id"] == "mine-1"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
        assert "server" not in response.headers
    for bad in ("a b", "x" * 200, "<script>", ""):
        response = await api.get("/nothing", headers={"X-Request-ID": bad})
        assert len(response.headers["x-request-id"]) == 36
    page = await api.get("/nothing", headers={"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html") and "Не найдено" in page.text
    in_api = await api.get("/api/v1/nothing", headers={"Accept": "text/html"})
    assert in_api.headers["content-type"] == "application/problem+json"


async def test_unsupported_methods_are_405_with_allow(api: Api) -> None:
    for path, allowed in (
        ("/api/v1/units", "GET, POST"),
        ("/api/v1/interaction-points/public", "GET"),
        ("/api/v1/municipalities/50701000", "GET, PATCH"),
    ):
        response = await api.request("DELETE", path)
        assert (response.status_code, response.headers["allow"]) == (405, allowed)
    assert (
        "access-control-allow-origin"
        not in (await api.get("/api/v1/municipalities", headers={"Origin": "https://evil.example"})).headers
    )


@pytest.mark.parametrize(
    "change",
    [
        {"secret_key": ""},
        {"secret_key": "short"},
        {"secret_key": "a" * 64},
        {"secret_key": "please-change-this-secret-key-now-1234"},
        {"signing_key": ""},
        {"rate_limit": "off"},
        {"metrics_token": "weak"},
        {"idp_issuer": "https://idp.example"},
    ],
    ids=str,
)
def test_production_refuses_weak_or_missing_secrets(change: dict[str, Any]) -> None:
    good = {"profile": "production", "secret_key": SECRET, "signing_key": "key.pem"}
    assert Settings.model_validate(good)
    with pytest.raises(ValidationError):
        Settings.model_validate(good | change)
    assert is_weak_secret("") and not is_weak_secret(SECRET)


async def test_connections_have_durable_settings(joined_database: JoinedDatabase) -> None:
    """E3: settings of every pooled connection."""
    if not joined_database.is_sqlite:
        async with joined_database.engine.connect() as connection:
            timeout = (await connection.exec_driver_sql("SHOW statement_timeout")).scalar_one()
            assert timeout == "5s"
        return
    async with joined_database.engine.connect() as connection:
        pragmas = {
            name: (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}


def test_logs_have_the_place_of_an_error_but_not_its_text() -> None:
    logging.configure("INFO")
    out = io.StringIO()
    handler = standard_logging.getLogger().handlers[0]
    assert isinstance(handler, standard_logging.StreamHandler)
    original, handler.stream = handler.stream, out
    try:
        try:
            raise ValueError("+7 913 000-00-00 a client's number")
        except ValueError:
            structlog.get_logger().exception("failed")
            standard_logging.getLogger("library").error("broken", exc_info=True)
    finally:
        handler.stream = original
    first, second = [json.loads(line) for line in out.getvalue().splitlines()]
    assert (first["error"], first["event"], second["error"]) == ("ValueError", "failed", "ValueError")
    assert any(frame.startswith("test_http.py:") for frame in first["frames"])
    assert "913 000-00-00" not in out.getvalue() and "client" not in out.getvalue()


def test_text_is_normalized_for_comparison() -> None:
    assert normalize("  ЁЛКА\n и\tёж ") == "елка и еж"
    assert normalize("и\u0306") == normalize("й")
    assert like_pattern("100%_\\") == "%100\\%\\_\\\\%"


def test_many_applications_can_be_created(tmp_path: Any) -> None:
    applications = [create_app(settings_for(f"sqlite:///{tmp_path}/{n}.sqlite3", tmp_path)) for n in range(2)]
    assert all(isinstance(application, FastAPI) for application in applications)


async def test_head_returns_the_headers_of_get_without_a_body(api: Api, people: People) -> None:
    """For every kind of route: an object, a list, a stream, a page of the docs, a problem (RFC 9110, 9.3.2)."""
    reader = api.as_(people.admin)
    point = f"/api/v1/interaction-points/{people.point_id}"
    cases: tuple[tuple[str, dict[str, str], int], ...] = (
        (point, reader, 200),
        ("/api/v1/control-notes/x", api.as_(people.operator), 422),
        ("/api/v1/interaction-points?limit=2", reader, 200),
        ("/api/v1/interaction-points/export?format=csv", reader, 200),
        ("/api/v1/interaction-points/export?format=xlsx", reader, 200),
        ("/api/v1/interaction-points/public", {}, 200),
        (point, {}, 401),
        ("/api/v1/nowhere", {}, 404),
        ("/api/v1/auth/token", {}, 405),
        ("/health/live", {}, 200),
        ("/docs", {}, 200),
    )
    for path, headers, status in cases:
        head, get = await api.head(path, headers=headers), await api.get(path, headers=headers)
        assert (head.status_code, get.status_code, head.content) == (status, status, b""), path
        assert get.content, path
        for name in ("etag", "content-type", "content-length", "content-disposition", "allow", "cache-control"):
            if path.endswith("xlsx") and name == "content-length":
                continue  # it contains the time of packing
            assert head.headers.get(name) == get.headers.get(name), (path, name)
    tag = (await api.head(point, headers=reader)).headers["etag"]
    assert (await api.head(point, headers=reader | {"If-None-Match": tag})).status_code == 304


def test_head_operations_are_not_documented(application: FastAPI) -> None:
    assert all("head" not in path_item for path_item in application.openapi()["paths"].values())


async def test_a_read_only_transaction_reads_one_snapshot(settings: Settings, fresh_database: str) -> None:
    database = Database(settings_for(fresh_database, settings.var_dir))
    count = select(func.count()).select_from(AuditEvent)
    try:
        async with database.transaction(write=False) as reader:
            before = (await reader.exec(count)).one()
            async with database.transaction() as writer:
                values: dict[str, Any] = {
                    "actor_kind": "system",
                    "actor_roles": [],
                    "action": "x.done",
                    "object_type": "x",
                    "fields": [],
                }
                writer.add(AuditEvent(occurred_at=clock.now(), **values))
            assert (await reader.exec(count)).one() == before
        async with database.transaction() as writer:
            assert (await writer.exec(count)).one() == before + 1
    finally:
        await database.close()
