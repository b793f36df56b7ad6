"""`create_app(settings)`: the only place that wires things together."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator

from fastapi import APIRouter, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline

from app.attachments.file_store import FileStore
from app.calendar.ports import CalendarListener
from app.calendar.router import router as calendar_router
from app.core.app_state import AppState
from app.core.db import Database
from app.core.metrics import Metrics
from app.core.settings import Settings
from app.deliveries.router import router as deliveries_router
from app.identity.router import router as identity_router
from app.identity.tokens import TokenResolver
from app.imports.router import router as imports_router
from app.interaction_points.router import router as points_router
from app.legal_acts.router import router as legal_acts_router
from app.messages.router import router as messages_router
from app.messages.service.recalculation import recalculate
from app.monitoring.router import router as monitoring_router
from app.notifications.router import router as notifications_router
from app.organizations.router import municipalities_router, units_router
from app.organizations.router import router as organizations_router
from app.reply_templates.router import router as templates_router
from app.reply_templates.search.router import suggestions_router, synonyms_router
from app.reply_templates.search.service.index_cache import warm_up
from app.server import health, logging, openapi, problem_responses
from app.server.body_guard import BodyGuard, BodyRules
from app.server.middleware import RequestMiddleware
from app.surveys.router import router as surveys_router
from app.text_check.router import router as reply_check_router
from app.web.monitoring import router as monitoring_page_router
from app.web.pages import error_page
from app.web.paper import router as paper_page_router
from app.web.router import PageLimits
from app.web.router import router as web_router
from app.worker import DELIVERIES, HANDLED_EVENTS, run_worker

ROUTERS = (
    identity_router,
    notifications_router,
    organizations_router,
    units_router,
    municipalities_router,
    legal_acts_router,
    imports_router,
    points_router,
    messages_router,
    calendar_router,
    suggestions_router,
    synonyms_router,
    templates_router,
    reply_check_router,
    surveys_router,
    monitoring_router,
    deliveries_router,
)


BODY_RULES = BodyRules(
    form_paths=re.compile(r"/api/v1/auth/(token|revoke)|/survey/.*|/monitoring/(paper|sign-(in|out))"),
    table_paths=re.compile(r"/api/v1/[a-z-]+/import"),
)
"""Paths whose bodies are forms (RFC 6749, pages) or tables (imports)."""


def operation_id(route: APIRoute) -> str:
    """Operation ids are the names of the functions."""
    return route.name


def create_app(settings: Settings) -> FastAPI:
    """The application with everything wired; nothing is opened before its lifespan begins."""
    logging.configure(settings.log_level)
    database = Database(settings, HANDLED_EVENTS)
    metrics = Metrics()

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        stop = asyncio.Event()
        work = [run_worker(database, settings, stop)] if settings.embedded_worker else []
        worker = asyncio.gather(warm_up(database), *work)
        try:
            yield
        finally:
            state.is_stopping = True
            stop.set()
            await worker
            await database.close()

    app = FastAPIOffline(
        title="Взаимодействие с внешними клиентами",
        version="0.1.0",
        lifespan=lifespan,
        generate_unique_id_function=operation_id,
        redirect_slashes=False,
        swagger_ui_init_oauth={"scopes": "", "clientId": ""},
    )
    tokens = TokenResolver(settings)
    state = AppState(settings, database, metrics, tokens, health.migration_head(), error_page)
    files = FileStore(settings.var_dir / "files")
    state.provide(tokens, files, DELIVERIES, PageLimits(), CalendarListener(recalculate))
    app.state = state  # type: ignore[assignment]  # Starlette's own holds attributes without types

    api = APIRouter(prefix="/api/v1")
    for router in ROUTERS:
        api.include_router(router)
    app.include_router(api)
    app.include_router(health.router)
    app.include_router(web_router)
    app.include_router(monitoring_page_router)
    app.include_router(paper_page_router)

    problem_responses.install(app)
    openapi.install(app)
    app.add_middleware(
        BodyGuard,
        rules=BODY_RULES,
        max_bytes=settings.max_body_bytes,
        max_import_bytes=settings.max_import_bytes,
        timeout_seconds=settings.body_timeout_seconds,
    )
    if origins := settings.list_of(settings.cors_origins):
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["*"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match"],
            expose_headers=["ETag", "X-Request-ID", "Retry-After", "RateLimit", "Idempotent-Replayed"],
        )
    app.add_middleware(RequestMiddleware, settings=settings, metrics=metrics)
    return app
