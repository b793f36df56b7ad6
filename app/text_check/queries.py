"""Queries of the reply check: its lexicon and settings, cached by the process until they change."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.validity import Validity
from app.text_check.models import CheckEntry, CheckRule, EntryKind
from app.text_check.rules.check_context import Abbreviation, Lexicon, Phrases, Setting
from app.text_check.rules.findings import NAMES_RU, RuleCode, get_severity
from app.text_check.schemas import CheckRuleRead


@dataclass(frozen=True, slots=True)
class Tables:
    """A consistent snapshot of the lexicon and the rule settings."""

    lexicon: Lexicon
    rules: dict[RuleCode, tuple[Setting, list[dict[str, Any]]]]


@dataclass(slots=True)
class _CachedTables:
    state: tuple[Any, ...] | None = None
    tables: Tables | None = None


_cache = _CachedTables()


async def load_tables(session: AsyncSession) -> Tables:
    """Load the current tables of the check; only one small query if they have not changed.

    Rows are never deleted and every change increments a version, so the sums of versions reveal a change by any
    worker; `updated_at` distinguishes a change that follows a rollback.
    """
    query = select(
        sa.select(sa.func.sum(col(CheckEntry.version))).scalar_subquery(),
        sa.select(sa.func.max(col(CheckEntry.updated_at))).scalar_subquery(),
        sa.select(sa.func.sum(col(CheckRule.version))).scalar_subquery(),
        sa.select(sa.func.max(col(CheckRule.updated_at))).scalar_subquery(),
    )
    state = (*(await session.exec(query)).one(), clock.today())
    if _cache.state != state or _cache.tables is None:
        _cache.tables = await _load(session)
        _cache.state = state
    return _cache.tables


def is_open_on(on: date) -> sa.ColumnElement[bool]:
    """Return the filter of entries that are not closed on a day."""
    return Validity.condition(on, last=col(CheckEntry.closed_on))


def to_rule_read(row: CheckRule) -> CheckRuleRead:
    """Return a rule as an API object."""
    return CheckRuleRead.model_validate(
        row.model_dump() | {"name": NAMES_RU[row.code], "severity": get_severity(row.code)}
    )


async def _load(session: AsyncSession) -> Tables:
    query = select(CheckEntry.kind, CheckEntry.text, CheckEntry.matched, CheckEntry.replacement)
    rows = (await session.exec(query.where(is_open_on(clock.today())))).all()
    entries = [(EntryKind(row[0]), row[1], row[2], row[3]) for row in rows]
    rules = (await session.exec(select(CheckRule))).all()
    return Tables(
        build_lexicon(entries),
        {row.code: (Setting(row.is_on, row.threshold, tuple(row.values)), row.overrides) for row in rules},
    )


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
