"""Queries of the reply check: its lexicon and settings, cached by the process until they change."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.core import clock
from app.core.validity import Validity
from app.core.versioned_cache import VersionedCache
from app.text_check.models import CheckEntry, CheckRule, EntryKind
from app.text_check.rules.check_context import Abbreviation, Lexicon, Phrases, Setting
from app.text_check.rules.findings import RuleCode


@dataclass(frozen=True, slots=True)
class Tables:
    """A consistent snapshot of the lexicon and the rule settings."""

    lexicon: Lexicon
    rules: dict[RuleCode, tuple[Setting, list[dict[str, Any]]]]


async def load_tables(session: AsyncSession) -> Tables:
    """Load the current tables of the check; only one small query if they have not changed."""
    return await _TABLES.get(session)


async def _read_version(session: AsyncSession) -> tuple[Any, ...]:
    """Return what every change by any process changes: rows are never deleted, and a change increments a version.

    `updated_at` distinguishes a change that follows a rollback; an entry is closed by the day.
    """
    query = select(
        sa.select(sa.func.sum(col(CheckEntry.version))).scalar_subquery(),
        sa.select(sa.func.max(col(CheckEntry.updated_at))).scalar_subquery(),
        sa.select(sa.func.sum(col(CheckRule.version))).scalar_subquery(),
        sa.select(sa.func.max(col(CheckRule.updated_at))).scalar_subquery(),
    )
    return (*(await session.exec(query)).one(), clock.today())


def select_entries(kind: EntryKind | None, *, with_closed: bool) -> SelectOfScalar[CheckEntry]:
    """Return the select of the dictionary entries, of one kind or all, without the closed ones unless requested."""
    query = select(CheckEntry)
    if kind is not None:
        query = query.where(CheckEntry.kind == kind)
    return query if with_closed else query.where(_is_open())


def _is_open() -> sa.ColumnElement[bool]:
    return Validity.condition(clock.today(), last=col(CheckEntry.closed_on))


async def _load_tables(session: AsyncSession) -> Tables:
    query = select(CheckEntry.kind, CheckEntry.text, CheckEntry.matched, CheckEntry.replacement)
    rows = (await session.exec(query.where(_is_open()))).all()
    entries = [(EntryKind(row[0]), row[1], row[2], row[3]) for row in rows]
    rules = (await session.exec(select(CheckRule))).all()
    return Tables(
        build_lexicon(entries),
        {row.code: (Setting(row.is_on, row.threshold, tuple(row.values)), row.overrides) for row in rules},
    )


_TABLES = VersionedCache(_read_version, _load_tables)


def build_lexicon(entries: Sequence[tuple[EntryKind, str, str, str | None]]) -> Lexicon:
    """Build the lexicon from entries: kind, text, match key, replacement."""
    phrases: dict[EntryKind, list[tuple[str, str | None]]] = {kind: [] for kind in EntryKind}
    abbreviations: dict[str, Abbreviation] = {}
    positive: set[str] = set()
    for kind, text, matched, replacement in entries:
        if kind is EntryKind.EMOJI:
            positive.add(matched)
        elif kind in (EntryKind.ABBREVIATION, EntryKind.WELL_KNOWN_ABBREVIATION):
            is_well_known = kind is EntryKind.WELL_KNOWN_ABBREVIATION
            existing = abbreviations.get(matched)
            if existing is None or is_well_known:
                abbreviations[matched] = Abbreviation(replacement, is_well_known)
        else:
            phrases[kind].append((text, replacement))
    return Lexicon(
        Phrases(phrases[EntryKind.BUREAUCRATIC_PHRASE]),
        Phrases(phrases[EntryKind.EMPTY_POLITENESS]),
        abbreviations,
        frozenset(positive),
    )
