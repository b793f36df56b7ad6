"""The worker: relays the outbox, sends deliveries, watches deadlines and removes expired data.

It runs inside the server or as a process of its own.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import structlog

from app.core.db import Database
from app.core.outbox import Event, Handler, Handlers, Relay
from app.core.settings import Settings
from app.deliveries.dispatcher import Dispatcher, DispatchOptions
from app.deliveries.ports import Registry
from app.housekeeping import clean_up
from app.importers import IMPORTERS
from app.imports.events import ImportChecked, ImportEnded, ImportQueued
from app.imports.service.processing import handlers as import_handlers
from app.integrations.feedback_platform import FeedbackPlatform
from app.messages import delivery, gap_handlers, notification_handlers
from app.messages.service import outgoing, reminders
from app.monitoring import comment_handlers as monitoring_notices
from app.monitoring.service.targets import check_targets
from app.reply_templates import notification_handlers as template_notices
from app.reply_templates.service import review
from app.surveys import comment_indexer, counters
from app.surveys.events import CommentsIndexed

log = structlog.get_logger()

CLEANUP_SECONDS = 600
POLL_SECONDS = 2
TARGET_CHECK_SECONDS = 60


def merge_handlers(*mappings: Handlers) -> Handlers:
    """Merge the handlers of several domains; an event may have handlers in each of them."""
    merged: dict[type[Event], list[Handler]] = defaultdict(list)
    for mapping in mappings:
        for event, handlers in mapping.items():
            merged[event] += handlers
    return merged


HANDLERS = merge_handlers(
    notification_handlers.HANDLERS,
    gap_handlers.HANDLERS,
    template_notices.HANDLERS,
    monitoring_notices.HANDLERS,
    import_handlers(IMPORTERS),
)
"""The handlers of every event."""
HANDLED_EVENTS = frozenset(event.type for event in HANDLERS)
"""The types of events that are written to the outbox."""


DELIVERIES = Registry(
    adapters={outgoing.PLATFORM: FeedbackPlatform()},
    handlers={outgoing.REPLY: delivery.ReplyDeliveries()},
)
"""The adapters by target and the domains' handlers by kind."""

LONG_JOBS: Sequence[Sequence[type[Event]]] = ((ImportQueued, ImportChecked, ImportEnded), (CommentsIndexed,))
"""Groups of events whose handling takes minutes. Each group has a relay of its own."""


def build_relays(database: Database) -> list[Relay]:
    """Return relays that together handle every event once, so that notifications do not wait behind imports."""
    long_jobs = [event for events in LONG_JOBS for event in events]
    return [
        Relay(database, HANDLERS, exclude=long_jobs),
        *(Relay(database, HANDLERS, include=events) for events in LONG_JOBS),
    ]


def make_dispatcher(database: Database, settings: Settings, registry: Registry = DELIVERIES) -> Dispatcher:
    """Return the dispatcher of deliveries."""
    timeout = timedelta(seconds=settings.delivery_timeout_seconds)
    return Dispatcher(database, registry, DispatchOptions(timeout, settings.delivery_attempts))


async def _clean_up_regularly(database: Database, settings: Settings, stop: asyncio.Event) -> None:
    while not stop.is_set():
        await clean_up(database, settings)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), CLEANUP_SECONDS)


async def _watch_deadlines(database: Database, stop: asyncio.Event, poll_seconds: float) -> None:
    while not stop.is_set():
        sent = 0
        try:
            if await is_deadline_due(database):
                async with database.transaction() as session:
                    sent = await reminders.remind_and_escalate(session)
            if await is_review_due(database):
                async with database.transaction() as session:
                    sent += await review.remind_of_reviews(session)
        except Exception as error:  # the loop survives every outage  # noqa: BLE001
            log.warning("deadlines_not_watched", error=type(error).__name__)
        if not sent:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), poll_seconds)


async def fold_counters(database: Database) -> bool:
    """Fold a batch of the counters' tail and return whether there may be more."""
    async with database.transaction(write=False) as session:
        if not await counters.is_tail_waiting(session):
            return False
    async with database.transaction() as session:
        return await counters.fold(session) == counters.FOLDED_AT_ONCE


async def index_comments(database: Database) -> bool:
    """Index the comments of a batch of submissions and return whether there may be more."""
    return await comment_indexer.index_comments(database) > 0


async def _run_regularly(
    database: Database,
    stop: asyncio.Event,
    work: Callable[[Database], Awaitable[bool]],
    seconds: float = POLL_SECONDS,
) -> None:
    """Repeat some work while there is more of it, else wait `seconds` before the next check."""
    while not stop.is_set():
        is_more = False
        try:
            is_more = await work(database)
        except Exception as error:  # the loop survives every outage  # noqa: BLE001
            log.warning("work_not_done", work=work.__name__, error=type(error).__name__)
        if not is_more:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), seconds)


async def is_deadline_due(database: Database) -> bool:
    """Return whether a reminder or an escalation is due; a read-only check keeps an idle worker off the write lock."""
    async with database.transaction(write=False) as session:
        return await reminders.has_due_reminders(session)


async def is_review_due(database: Database) -> bool:
    """Return whether a reminder of a template review is due, in a read-only transaction for the same reason."""
    async with database.transaction(write=False) as session:
        return await review.is_review_due(session)


async def run_worker(database: Database, settings: Settings, stop: asyncio.Event) -> None:
    """Run all loops of the worker until `stop` is set."""
    async with asyncio.TaskGroup() as tasks:
        for relay in build_relays(database):
            tasks.create_task(relay.run(stop, settings.worker_poll_seconds))
        tasks.create_task(_clean_up_regularly(database, settings, stop))
        tasks.create_task(make_dispatcher(database, settings).run(stop, settings.worker_poll_seconds))
        tasks.create_task(_watch_deadlines(database, stop, settings.deadline_poll_seconds))
        tasks.create_task(_run_regularly(database, stop, fold_counters))
        tasks.create_task(_run_regularly(database, stop, index_comments))
        tasks.create_task(_run_regularly(database, stop, check_targets, TARGET_CHECK_SECONDS))
