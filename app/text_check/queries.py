"""The tables of the check as one lexicon, kept by the process while they stay as they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.text_check.models import CheckEntry, CheckRule, EntryKind
from app.text_check.rules.check_context import Abbreviation, Lexicon, Phrases, Setting
from app.text_check.rules.findings import NAMES_RU, RuleCode, severity_of
from app.text_check.schemas import CheckRuleRead


@dataclass(frozen=True, slots=True)
class Tables:
    """The lexicon and the settings, as they stood together."""

    lexicon: Lexicon
    rules: dict[RuleCode, tuple[Setting, list[dict[str, Any]]]]


@dataclass(slots=True)
class _CachedTables:
    state: tuple[Any, ...] | None = None
    tables: Tables | None = None


_kept = _CachedTables()


async def load_tables(session: AsyncSession) -> Tables:
    """The tables of the check as they are now: one small query when nothing changed since this process read them.

    Rows are never deleted and every change raises a version: so the sum of versions tells of every change, whichever
    worker made it; the last moment tells apart what was rolled back.
    """
    query = select(
        sa.select(sa.func.sum(col(CheckEntry.version))).scalar_subquery(),
        sa.select(sa.func.max(col(CheckEntry.updated_at))).scalar_subquery(),
        sa.select(sa.func.sum(col(CheckRule.version))).scalar_subquery(),
        sa.select(sa.func.max(col(CheckRule.updated_at))).scalar_subquery(),
    )
    state = (*(await session.exec(query)).one(), clock.today())
    if _kept.state != state or _kept.tables is None:
        _kept.tables = await _read(session)
        _kept.state = state
    return _kept.tables


def load_in_force(on: date) -> sa.ColumnElement[bool]:
    """Entries that are not closed on that day."""
    return sa.or_(col(CheckEntry.closed_on).is_(None), col(CheckEntry.closed_on) > on)


def read_rule(row: CheckRule) -> CheckRuleRead:
    """A rule as the API shows it."""
    return CheckRuleRead.model_validate(
        row.model_dump() | {"name": NAMES_RU[row.code], "severity": severity_of(row.code)}
    )


async def _read(session: AsyncSession) -> Tables:
    query = select(CheckEntry.kind, CheckEntry.text, CheckEntry.matched, CheckEntry.replacement)
    found = (await session.exec(query.where(load_in_force(clock.today())))).all()
    entries = [(EntryKind(row[0]), row[1], row[2], row[3]) for row in found]
    rules = (await session.exec(select(CheckRule))).all()
    return Tables(
        build_lexicon(entries),
        {row.code: (Setting(row.is_on, row.threshold, tuple(row.values)), row.overrides) for row in rules},
    )


def build_lexicon(entries: Sequence[tuple[EntryKind, str, str, str | None]]) -> Lexicon:
    """Entries (kind, text, what it matches, replacement), made ready for finding."""
    phrases: dict[EntryKind, list[tuple[str, str | None]]] = {kind: [] for kind in EntryKind}
    abbreviations: dict[str, Abbreviation] = {}
    positive: set[str] = set()
    for kind, text, matched, replacement in entries:
        if kind is EntryKind.EMOJI:
            positive.add(matched)
        elif kind in (EntryKind.ABBREVIATION, EntryKind.WELL_KNOWN_ABBREVIATION):
            is_well_known = kind is EntryKind.WELL_KNOWN_ABBREVIATION
            known = abbreviations.get(matched)
            if known is None or is_well_known:
                abbreviations[matched] = Abbreviation(replacement, is_well_known)
        else:
            phrases[kind].append((text, replacement))
    return Lexicon(
        Phrases(phrases[EntryKind.BUREAUCRATIC_PHRASE]),
        Phrases(phrases[EntryKind.EMPTY_POLITENESS]),
        abbreviations,
        frozenset(positive),
    )
