"""The search index of this process, refreshed from the database on every query.

A query first loads the ids and row versions of the templates that the caller may use, then only those templates that
the index lacks or has in another version. No polling, clock or commit order is needed: a change committed by another
worker is visible in the next query, and a removed template is not queried.

Choices are only added, with ids ordered by time. The choices of the last minute are always read again, to cover slow
transactions and small clock differences.

The index is not a `VersionedCache`, because one published template would rebuild all of it (about 1 ms per template)
and every caller searches other templates. Synonym groups are few, so all of them are loaded again after a change.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import sqlalchemy as sa
import structlog
from sqlalchemy import ColumnElement
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.db import Database
from app.core.security import Principal
from app.core.versioned_cache import VersionedCache
from app.reply_templates.models import ReplyTemplate, TemplateVersion
from app.reply_templates.queries import is_in_use, usable_by
from app.reply_templates.search.models import SynonymGroup, TemplateChoice
from app.reply_templates.search.queries import select_groups
from app.reply_templates.search.rules.choices import CHOICES_KEPT
from app.reply_templates.search.rules.index import Index, Source
from app.reply_templates.search.rules.synonyms import Synonyms

log = structlog.get_logger()

_BATCH_SIZE = 200
_OVERLAP_MS = 60_000
_NIL = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Published:
    """The data of a published template that a suggestion needs."""

    row_version: int
    number: int
    title: str
    topic_ids: frozenset[str]


@dataclass(slots=True)
class CachedIndex:
    """The cached search data of one database."""

    index: Index = field(default_factory=Index)
    published: dict[UUID, Published] = field(default_factory=dict)
    choices: dict[UUID, dict[UUID, list[str]]] = field(default_factory=dict)
    last_choice: UUID = _NIL


_caches: WeakKeyDictionary[Any, CachedIndex] = WeakKeyDictionary()
"""One cache per database, released together with its engine."""


def get_cached_index(session: AsyncSession) -> CachedIndex:
    """Return the cache of the session's database."""
    return _caches.setdefault(session.get_bind(), CachedIndex())


async def warm_up(database: Database) -> None:
    """Load all templates in use at process start, so that the first query is fast."""
    try:
        async with database.transaction(write=False) as session:
            await refresh_synonyms(session)
            await _refresh_matching(session, is_in_use())
            await refresh_choices(session)
    except Exception as error:  # queries load missing templates themselves  # noqa: BLE001
        log.warning("templates_not_read", error=type(error).__name__)


async def refresh_templates(session: AsyncSession, by: Principal) -> tuple[CachedIndex, list[UUID]]:
    """Return the refreshed cache and the ids of the templates that the caller may use."""
    return await _refresh_matching(session, usable_by(by))


async def _refresh_matching(session: AsyncSession, condition: ColumnElement[bool]) -> tuple[CachedIndex, list[UUID]]:
    cache = get_cached_index(session)
    usable = (await session.exec(select(ReplyTemplate.id, ReplyTemplate.version).where(condition))).all()
    stale = [
        one for one, version in usable if one not in cache.published or cache.published[one].row_version != version
    ]
    for batch in _split_batches(stale):
        await _load_templates(session, cache, batch)
    return cache, [one for one, _ in usable]


async def refresh_synonyms(session: AsyncSession) -> Synonyms:
    """Return the present synonyms, reloaded if they changed."""
    return await _SYNONYMS.get(session)


async def _read_synonyms_version(session: AsyncSession) -> tuple[Any, ...]:
    """Return the number of groups, the sum of their versions and the day: a group closes on a date.

    No use case changes a group and searches in one transaction, so a state that was rolled back was never loaded.
    """
    figures = select(sa.func.count(), sa.func.sum(SynonymGroup.version))
    return (*(await session.exec(figures)).one(), clock.today())


async def _load_synonyms(session: AsyncSession) -> Synonyms:
    rows = (await session.exec(select_groups(None, with_closed=False).order_by(col(SynonymGroup.id)))).all()
    return Synonyms.of([(row.kind, row.terms) for row in rows])


_SYNONYMS = VersionedCache(_read_synonyms_version, _load_synonyms)


async def refresh_choices(session: AsyncSession) -> None:
    """Load new choices into the index."""
    cache = get_cached_index(session)
    since = UUID(int=max(0, cache.last_choice.int - (_OVERLAP_MS << 80)))
    query = select(TemplateChoice.id, TemplateChoice.template_id, TemplateChoice.forms)
    query = query.where(col(TemplateChoice.id) > since).order_by(col(TemplateChoice.id))
    changed = set()
    for choice_id, template_id, forms in await session.exec(query):
        known = cache.choices.setdefault(template_id, {})
        if choice_id not in known:
            known[choice_id] = list(forms)
            changed.add(template_id)
        cache.last_choice = max(cache.last_choice, choice_id)
    for template_id in changed:
        newest = sorted(cache.choices[template_id].items())[-CHOICES_KEPT:]
        cache.choices[template_id] = dict(newest)
        cache.index.learn(template_id, [forms for _, forms in newest])


async def _load_templates(session: AsyncSession, cache: CachedIndex, template_ids: Sequence[UUID]) -> None:
    is_published = sa.and_(
        col(TemplateVersion.template_id) == col(ReplyTemplate.id),
        col(TemplateVersion.number) == col(ReplyTemplate.published_version),
    )
    query = select(ReplyTemplate.id, ReplyTemplate.version, TemplateVersion).join(TemplateVersion, is_published)
    for template_id, row_version, version in await session.exec(query.where(col(ReplyTemplate.id).in_(template_ids))):
        topics = frozenset(version.topic_ids)
        source = Source(version.title, version.keywords, version.examples, version.text, topics)
        cache.index.put(template_id, source)
        cache.published[template_id] = Published(row_version, version.number, version.title, topics)
        await asyncio.sleep(0)  # about 1 ms per template: let other requests run


def _split_batches(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(ids), _BATCH_SIZE):
        yield ids[start : start + _BATCH_SIZE]
