"""The index of this process, kept in step with the database by every question itself.

A question begins with the ids and row versions of the templates that the caller may use. Whatever the index lacks or
has in another version is read then; the rest is not. So there is nothing to poll, no clock and no order of commits to
trust: what another worker committed is there with the next question, and what was taken away is not asked about.

Choices are only ever added, with ids in the order of time; those of the last minute are looked at again, which a slow
transaction or a clock that goes wrong by seconds does not outlast. Synonyms are few: a change shows in the sum of their
versions, which only grows, and they are read anew.
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
from app.reply_templates.models import ReplyTemplate, TemplateVersion
from app.reply_templates.queries import is_in_use, usable_by
from app.reply_templates.search.models import SynonymGroup, TemplateChoice
from app.reply_templates.search.rules.index import CHOICES_KEPT, Index, Source
from app.reply_templates.search.rules.synonyms import Synonyms

log = structlog.get_logger()

_READ_AT_ONCE = 200
_LOOKED_BACK_MS = 60_000
_NIL = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Published:
    """What a suggestion tells of a template."""

    row_version: int
    number: int
    title: str
    topic_ids: frozenset[str]


@dataclass(slots=True)
class CachedIndex:
    """What this process keeps of one database."""

    index: Index = field(default_factory=Index)
    published: dict[UUID, Published] = field(default_factory=dict)
    synonyms: Synonyms = field(default_factory=Synonyms)
    synonyms_are_of: tuple[Any, ...] = ()
    choices: dict[UUID, dict[UUID, list[str]]] = field(default_factory=dict)
    last_choice: UUID = _NIL


_kept: WeakKeyDictionary[Any, CachedIndex] = WeakKeyDictionary()
"""One index for each database that the process works on, for as long as its engine lives."""


def get_cached_index(session: AsyncSession) -> CachedIndex:
    """What is kept of the session's database."""
    return _kept.setdefault(session.get_bind(), CachedIndex())


async def warm_up(database: Database) -> None:
    """Read everything that is in use when a process starts, so that its first question doesn't wait for it."""
    try:
        async with database.transaction(write=False) as session:
            await refresh_synonyms(session)
            await _follow(session, is_in_use())
            await refresh_choices(session)
    except Exception as error:  # the questions read what is missing themselves  # noqa: BLE001
        log.warning("templates_not_read", error=type(error).__name__)


async def refresh_templates(session: AsyncSession, by: Principal) -> tuple[CachedIndex, list[UUID]]:
    """The index in step with the templates that the caller may use, and their ids."""
    return await _follow(session, usable_by(by))


async def _follow(session: AsyncSession, which: ColumnElement[bool]) -> tuple[CachedIndex, list[UUID]]:
    kept = get_cached_index(session)
    usable = (await session.exec(select(ReplyTemplate.id, ReplyTemplate.version).where(which))).all()
    stale = [one for one, version in usable if one not in kept.published or kept.published[one].row_version != version]
    for some in _in_parts(stale):
        await _read(session, kept, some)
    return kept, [one for one, _ in usable]


async def refresh_synonyms(session: AsyncSession) -> Synonyms:
    """The synonyms as they are now."""
    kept = get_cached_index(session)
    day = clock.today()
    figures = select(sa.func.count(), sa.func.sum(SynonymGroup.version))
    now = (*(await session.exec(figures)).one(), day)  # the day too: a group may close by itself
    if now != kept.synonyms_are_of:
        in_force = sa.or_(col(SynonymGroup.closed_on).is_(None), col(SynonymGroup.closed_on) > day)
        rows = (await session.exec(select(SynonymGroup).where(in_force).order_by(col(SynonymGroup.id)))).all()
        kept.synonyms = Synonyms.of([(row.kind, row.terms) for row in rows])
        kept.synonyms_are_of = now
    return kept.synonyms


async def refresh_choices(session: AsyncSession) -> None:
    """The index in step with what was chosen."""
    kept = get_cached_index(session)
    since = UUID(int=max(0, kept.last_choice.int - (_LOOKED_BACK_MS << 80)))
    query = select(TemplateChoice.id, TemplateChoice.template_id, TemplateChoice.forms)
    query = query.where(col(TemplateChoice.id) > since).order_by(col(TemplateChoice.id))
    changed = set()
    for choice_id, template_id, forms in await session.exec(query):
        known = kept.choices.setdefault(template_id, {})
        if choice_id not in known:
            known[choice_id] = list(forms)
            changed.add(template_id)
        kept.last_choice = max(kept.last_choice, choice_id)
    for template_id in changed:
        newest = sorted(kept.choices[template_id].items())[-CHOICES_KEPT:]
        kept.choices[template_id] = dict(newest)
        kept.index.learn(template_id, [forms for _, forms in newest])


async def _read(session: AsyncSession, kept: CachedIndex, template_ids: Sequence[UUID]) -> None:
    is_published = sa.and_(
        col(TemplateVersion.template_id) == col(ReplyTemplate.id),
        col(TemplateVersion.number) == col(ReplyTemplate.published_version),
    )
    query = select(ReplyTemplate.id, ReplyTemplate.version, TemplateVersion).join(TemplateVersion, is_published)
    for template_id, row_version, version in await session.exec(query.where(col(ReplyTemplate.id).in_(template_ids))):
        topics = frozenset(version.topic_ids)
        source = Source(version.title, version.keywords, version.examples, version.text, topics)
        kept.index.put(template_id, source)
        kept.published[template_id] = Published(row_version, version.number, version.title, topics)
        await asyncio.sleep(0)  # a template takes a millisecond: with thousands of them the other requests go on


def _in_parts(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(ids), _READ_AT_ONCE):
        yield ids[start : start + _READ_AT_ONCE]
