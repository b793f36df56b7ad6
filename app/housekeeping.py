"""Clean-up by age: what has served its purpose is deleted in short transactions. Ages are settings."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock, idempotency, outbox
from app.core.db import Database
from app.core.settings import Settings
from app.deliveries.service import remove_old_deliveries
from app.identity.service.expiry import delete_expired_attempts, delete_expired_token_families
from app.importers import IMPORTERS
from app.imports.service.staging import clear_abandoned, delete_old_imports
from app.surveys.service import drafts, links

log = structlog.get_logger()

BATCH = 1_000
"""Rows of one transaction, so that SQLite's other writers do not wait for long."""


async def delete_handled_events(session: AsyncSession, settings: Settings) -> int:
    """Delete events that were handled, after `outbox_kept_days`."""
    before = clock.now() - timedelta(days=settings.outbox_kept_days)
    return await outbox.delete_handled_events(session, before, BATCH)


async def delete_idempotency_records(session: AsyncSession, settings: Settings) -> int:
    """Delete idempotency keys with their responses, after `idempotency_kept_hours`."""
    before = clock.now() - timedelta(hours=settings.idempotency_kept_hours)
    return await idempotency.delete_old_records(session, before, BATCH)


async def clear_abandoned_imports(session: AsyncSession, settings: Settings) -> int:
    """Fail imports that are unfinished after `import_uploads_kept_hours` and delete their rows."""
    return await clear_abandoned(session, hours=settings.import_uploads_kept_hours)


async def delete_reports_of_imports(session: AsyncSession, settings: Settings) -> int:
    """Delete imports that ended, after `imports_kept_days`, unless an object names its import."""
    return await delete_old_imports(session, IMPORTERS, days=settings.imports_kept_days)


async def delete_expired_sessions(session: AsyncSession, settings: Settings) -> int:
    """Delete sessions with their refresh tokens, `token_families_kept_days` after they expired."""
    return await delete_expired_token_families(session, kept_days=settings.token_families_kept_days)


async def delete_failed_sign_ins(session: AsyncSession, _settings: Settings) -> int:
    """Delete counts of failed sign-ins whose window is over."""
    return await delete_expired_attempts(session)


async def delete_expired_questionnaires(session: AsyncSession, _settings: Settings) -> int:
    """Delete expired drafts of questionnaires and expired one-time links."""
    return await drafts.clear_expired(session) + await links.clear_expired(session)


async def delete_old_deliveries(session: AsyncSession, settings: Settings) -> int:
    """Delete finished deliveries, after `delivery_kept_days` and `delivery_failed_kept_days`."""
    sent_days, failed_days = settings.delivery_kept_days, settings.delivery_failed_kept_days
    return await remove_old_deliveries(session, sent_days=sent_days, failed_days=failed_days)


Job = Callable[[AsyncSession, Settings], Awaitable[int]]
JOBS: Sequence[Job] = (
    clear_abandoned_imports,
    delete_reports_of_imports,
    delete_expired_sessions,
    delete_failed_sign_ins,
    delete_handled_events,
    delete_idempotency_records,
    delete_expired_questionnaires,
    delete_old_deliveries,
)


async def clean_up(database: Database, settings: Settings) -> int:
    """Run every job until it finds nothing, and return the number of deleted rows.

    A job that fails is logged and does not stop the others.
    """
    total = 0
    for job in JOBS:
        while count := await _delete_batch(database, settings, job):
            total += count
    return total


async def _delete_batch(database: Database, settings: Settings, job: Job) -> int:
    try:
        async with database.transaction() as session:
            return await job(session, settings)
    except Exception as error:  # the next clean-up tries again  # noqa: BLE001
        log.warning("clean_up_failed", job=job.__name__, error=type(error).__name__)
        return 0
