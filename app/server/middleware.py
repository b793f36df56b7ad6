"""The outermost middleware: request ids, limits, security headers, access log, metrics and unhandled errors."""

import hashlib
import re
import time
from typing import Any
from urllib.parse import unquote_to_bytes

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core import request_context
from app.core.app_state import get_state
from app.core.ids import new_id
from app.core.metrics import Metrics
from app.core.problems import BadRequest, Problem, TooManyRequests, Unauthenticated, Unavailable
from app.core.rate_limits import RateLimit, RateLimiter
from app.core.security import bearer_token
from app.core.settings import Settings
from app.server.problem_responses import to_response

log = structlog.get_logger()

_VALID_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_UNLIMITED = ("/health/", "/metrics")
_DOCS = ("/docs", "/redoc", "/static-offline-docs")
MAX_TARGET = 8000

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
}
STRICT_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
# Swagger UI and ReDoc use inline scripts, inline styles and data: images.
DOCS_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'"
)


class RequestMiddleware:
    """Pure ASGI middleware; `BaseHTTPMiddleware` would add overhead to every request."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self._app = app
        self._settings = settings
        self._metrics = metrics
        self._limiter = RateLimiter()
        self._in_progress = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle an ASGI call."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        if method == "HEAD":  # a GET without its body (RFC 9110, 9.3.2)
            scope = {**scope, "method": "GET"}
        request = Request(scope)
        context = request_context.RequestContext(
            _get_request_id(request), request.client.host if request.client else None
        )
        token = request_context.current.set(context)
        started = time.perf_counter()
        response: dict[str, Any] = {"status": 0, "rate_limit": None}

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                response["status"] = message["status"]
                self._add_headers(MutableHeaders(scope=message), scope, context.request_id, response["rate_limit"])
            elif method == "HEAD" and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        self._in_progress += 1
        self._metrics.at_work.inc()
        try:
            await self._handle(request, receive, send_with_headers, response)
        finally:
            self._in_progress -= 1
            self._metrics.at_work.dec()
            self._record(scope, method, response["status"], time.perf_counter() - started)
            request_context.current.reset(token)

    async def _handle(self, request: Request, receive: Receive, send: Send, response: dict[str, Any]) -> None:
        scope = request.scope
        try:
            # Inside the try block and counted as in progress: a token of another issuer may wait for its keys.
            response["rate_limit"] = await self._count_request(request)
            refusal = self._find_refusal(request, response["rate_limit"])
            if refusal is not None:
                await to_response(refusal, request)(scope, receive, send)
                return
            await self._app(scope, receive, send)
        except Exception:
            log.exception("request_failed")
            if response["status"] == 0:
                await to_response(Problem(), request)(scope, receive, send)

    def _find_refusal(self, request: Request, rate_limit: RateLimit | None) -> Problem | None:
        scope = request.scope
        if len(scope.get("raw_path", b"")) + len(scope["query_string"]) > MAX_TARGET:
            return BadRequest()
        if not _is_utf8_query(scope["query_string"]):
            return BadRequest("Строка запроса не в кодировке «UTF-8».", "The query string is not UTF-8.")
        if scope["path"].startswith("/health/"):
            return None
        if self._in_progress > self._settings.max_concurrent_requests:
            return Unavailable(1)
        if rate_limit is not None and rate_limit.is_spent:
            return TooManyRequests(rate_limit.reset_seconds)
        return None

    async def _count_request(self, request: Request) -> RateLimit | None:
        if self._settings.rate_limit == "off" or request.url.path.startswith(_UNLIMITED):
            return None
        token = bearer_token(request.headers.get("authorization"))
        if token is not None and await _is_valid_token(request, token):
            caller = hashlib.sha256(token.encode()).hexdigest()[:32]
            return self._limiter.count(caller, self._settings.rate_limit_per_minute)
        address = request.client.host if request.client else "-"
        return self._limiter.count(address, self._settings.rate_limit_anonymous_per_minute)

    def _add_headers(
        self, headers: MutableHeaders, scope: Scope, request_id: str, rate_limit: RateLimit | None
    ) -> None:
        headers["X-Request-ID"] = request_id
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        docs = scope["path"].startswith(_DOCS)
        headers.setdefault("Content-Security-Policy", DOCS_POLICY if docs else STRICT_POLICY)
        if not docs:
            headers.setdefault("Cache-Control", "no-store")  # after signing out the browser's Back shows nothing
        if rate_limit is not None:
            left = max(0, rate_limit.remaining)
            headers["RateLimit"] = f'"default";r={left};t={rate_limit.reset_seconds}'
            headers["RateLimit-Policy"] = f'"default";q={rate_limit.limit};w=60'

    def _record(self, scope: Scope, method: str, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path_format", None) or getattr(scope.get("route"), "path", "(none)")
        method = method if method.isalpha() and len(method) < 10 else "(odd)"  # noqa: PLR2004
        self._metrics.requests.labels(method, route, status).inc()
        self._metrics.seconds.labels(method, route).observe(seconds)
        if not scope["path"].startswith(_UNLIMITED):
            log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))


def _get_request_id(request: Request) -> str:
    header = request.headers.get("x-request-id", "")
    return header if _VALID_ID.fullmatch(header) else str(new_id())


async def _is_valid_token(request: Request, token: str) -> bool:
    """Return whether a token is valid. Invented tokens are counted by address, or they would evade the limit."""
    try:
        await get_state(request).resolver.verify(token)
    except Unauthenticated:
        return False
    return True


def _is_utf8_query(query: bytes) -> bool:
    try:
        unquote_to_bytes(query).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
