"""Liveness, readiness and metrics endpoints."""

import ipaddress
import secrets
from pathlib import Path

import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col

from app.core import clock
from app.core.app_state import get_state
from app.core.db import Database
from app.core.deps import DatabaseDep, SettingsDep
from app.core.outbox import OutboxEntry
from app.core.problems import NotFound, Problem, Unavailable

router = APIRouter(include_in_schema=False)

MIGRATIONS = Path(__file__).resolve().parents[2] / "alembic"


def migration_head() -> str:
    """Return the newest migration in this code."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config).get_current_head() or ""


async def is_ready(database: Database, head: str) -> bool:
    """Return whether the database is at that migration and holds the reference data; the form is loaded last."""
    async with database.transaction(write=False) as session:
        row = (await session.exec(sa.text("SELECT version_num FROM alembic_version"))).first()  # type: ignore[call-overload]
        if row is None or row[0] != head:
            return False
        seeded = await session.exec(sa.text("SELECT 1 FROM survey_forms LIMIT 1"))  # type: ignore[call-overload]
        return seeded.first() is not None


@router.get("/health/live")
async def live() -> JSONResponse:
    """Report that the process responds; nothing else is checked."""
    return JSONResponse({"status": "live"})


@router.get("/health/ready")
async def ready(request: Request, database: DatabaseDep, settings: SettingsDep) -> JSONResponse:
    """Return 200 if the database responds, is migrated and seeded, and the demo accounts are written; else 503."""
    if get_state(request).is_stopping:
        raise Unavailable
    try:
        prepared = await is_ready(database, get_state(request).migration_head)
    except (Problem, SQLAlchemyError, OSError):
        raise Unavailable from None
    if not prepared or (settings.is_demo and not settings.accounts_file.exists()):
        raise Unavailable
    return JSONResponse({"status": "ready", "migration": get_state(request).migration_head})


@router.get("/metrics")
async def metrics(request: Request, database: DatabaseDep, settings: SettingsDep) -> Response:
    """Return Prometheus metrics to callers on loopback or with the token; everyone else gets 404."""
    token = settings.metrics_token.get_secret_value()
    provided = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not (_is_loopback(request) or (token and secrets.compare_digest(provided.encode(), token.encode()))):
        raise NotFound
    instruments = get_state(request).metrics
    entry = OutboxEntry
    try:
        async with database.transaction(write=False) as session:
            waiting = sa.select(
                sa.func.count().filter(col(entry.parked_at).is_(None), col(entry.due_at) <= clock.now()),
                sa.func.count().filter(col(entry.parked_at).is_not(None)),
            ).where(col(entry.done_at).is_(None))
            depth, parked = (await session.exec(waiting)).one()  # type: ignore[call-overload]
        instruments.outbox_depth.set(depth)
        instruments.outbox_parked.set(parked)
    except (Problem, SQLAlchemyError, OSError):
        instruments.outbox_depth.set(float("nan"))
    return Response(generate_latest(instruments.registry), media_type=CONTENT_TYPE_LATEST)


def _is_loopback(request: Request) -> bool:
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
