"""Use cases of the reply check: checking texts, editing the dictionary and the rules (O-6.2.3b, O-6.2.4, O-6.2.5)."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.etags import IfMatch
from app.core.problems import FieldError, ValidationFailed
from app.core.references import unknown_reference
from app.core.schemas import apply_changes
from app.core.security import Principal
from app.interaction_points import service as points
from app.text_check.errors import CheckEntryNotFound, CheckRuleNotFound
from app.text_check.models import CheckEntry, CheckRule, EntryKind
from app.text_check.queries import load_tables
from app.text_check.rules.check import check
from app.text_check.rules.check_context import MAX_PHRASE_WORDS, CheckContext, KnownClient, split_phrase
from app.text_check.rules.findings import Finding
from app.text_check.rules.overrides import select_setting
from app.text_check.rules.pictographs import get_name, parse_pictograph
from app.text_check.rules.readability import compute_readability
from app.text_check.schemas import FindingRead, ReadabilityRead, TextCheckRead

NOBODY = KnownClient()
_PHRASE_KINDS = (EntryKind.BUREAUCRATIC_PHRASE, EntryKind.EMPTY_POLITENESS)
_MAX_ABBREVIATION_LENGTH = 20


async def find(
    session: AsyncSession,
    text: str,
    *,
    channel: str | None = None,
    is_public: bool | None = None,
    client: KnownClient = NOBODY,
) -> list[Finding]:
    """Return the findings of a text for a channel, in order of position.

    If `is_public` is None (unknown), a social network is treated as public in the personal data rules.
    """
    tables = await load_tables(session)
    kinds = {kind.key: kind.is_social for kind in await points.list_channel_kinds(session)} if channel else {}
    is_social = kinds.get(channel) if channel else None
    context = CheckContext(
        lexicon=tables.lexicon,
        settings={
            code: select_setting(setting, overrides, channel, is_public=is_public)
            for code, (setting, overrides) in tables.rules.items()
        },
        is_social=is_social,
        is_public=bool(is_social) if is_public is None else is_public,
        client=client,
    )
    return await asyncio.to_thread(check, text, context)  # a long text would block the event loop


async def check_text(session: AsyncSession, text: str, *, channel: str | None, is_public: bool | None) -> TextCheckRead:
    """Return the findings and readability of a text."""
    await require_channels(session, {"/channel": channel})
    findings = await find(session, text, channel=channel, is_public=is_public)
    return TextCheckRead(
        findings=[FindingRead.model_validate(finding) for finding in findings],
        readability=to_readability_read(text),
    )


def to_readability_read(text: str) -> ReadabilityRead | None:
    """Return the readability of a text as an API object, None for a text without words."""
    readability = compute_readability(text)
    return None if readability is None else ReadabilityRead.model_validate(readability)


async def require_channels(session: AsyncSession, channels: Mapping[str, str | None]) -> None:
    """Raise 422 with the pointer of the first channel kind that does not exist; None means any channel."""
    given = {pointer: channel for pointer, channel in channels.items() if channel is not None}
    known = {kind.key for kind in await points.list_channel_kinds(session)} if given else set()
    for pointer, channel in given.items():
        if channel not in known:
            raise unknown_reference(pointer)


async def get_entry(session: AsyncSession, entry_id: UUID) -> CheckEntry:
    """Return a dictionary entry. Raises `CheckEntryNotFound`."""
    row = await session.get(CheckEntry, entry_id)
    if row is None:
        raise CheckEntryNotFound
    return row


def build_entry(kind: EntryKind, text: str, replacement: str | None) -> CheckEntry:
    """Build a dictionary entry with its match key. Raises 422 for a text that can never match."""
    matched: str | None
    if kind is EntryKind.EMOJI:
        matched = parse_pictograph(text)
        replacement = get_name(matched) if matched else None
    elif kind in _PHRASE_KINDS:
        words = split_phrase(text)
        matched = " ".join(words) if 0 < len(words) <= MAX_PHRASE_WORDS else None
    else:
        is_word = text.isalpha() and len(text) <= _MAX_ABBREVIATION_LENGTH
        matched = text.upper() if is_word else None
    if matched is None:
        ru, en = "Текст не соответствует виду записи.", "The text does not fit the kind of entry."
        raise ValidationFailed(field_errors=[FieldError("/text", "entry_text", ru, en)])
    return CheckEntry(kind=kind, text=text, matched=matched, replacement=replacement, updated_at=clock.now())


async def create_entry(
    session: AsyncSession, kind: EntryKind, text: str, replacement: str | None, *, by: Principal
) -> CheckEntry:
    """Create a dictionary entry: a phrase, an abbreviation or a positive emoji."""
    row = build_entry(kind, text, replacement)
    session.add(row)
    audit.record(session, by, "check_entry.created", "check_entry", row.id)
    return row


async def update_entry(
    session: AsyncSession, entry_id: UUID, changes: Mapping[str, Any], match: IfMatch, *, by: Principal
) -> CheckEntry:
    """Change the replacement of an entry, close it or reopen it."""
    row = await get_entry(session, entry_id)
    if row.kind is EntryKind.EMOJI and "replacement" in changes:
        ru, en = "Для эмодзи замену указать нельзя.", "An emoji cannot have a replacement."
        raise ValidationFailed(field_errors=[FieldError("/replacement", "not_taken", ru, en)])
    match.require(row)
    changed = apply_changes(row, changes)
    row.updated_at = clock.now()
    audit.record(session, by, "check_entry.changed", "check_entry", row.id, fields=changed)
    return row


async def list_rules(session: AsyncSession) -> list[CheckRule]:
    """Return all rules, ordered by code."""
    return list((await session.exec(select(CheckRule).order_by(col(CheckRule.code)))).all())


async def get_rule(session: AsyncSession, code: str) -> CheckRule:
    """Return a rule. Raises `CheckRuleNotFound`."""
    row = next((row for row in await list_rules(session) if row.code == code), None)
    if row is None:
        raise CheckRuleNotFound
    return row


async def update_rule(
    session: AsyncSession, code: str, changes: Mapping[str, Any], match: IfMatch, *, by: Principal
) -> CheckRule:
    """Update a rule: on or off, threshold, values and overrides for channels."""
    row = await get_rule(session, code)
    overrides = enumerate(changes.get("overrides", ()))
    await require_channels(
        session, {f"/overrides/{index}/channel": override["channel"] for index, override in overrides}
    )
    match.require(row)
    apply_changes(row, changes)
    row.updated_at = clock.now()
    audit.record(session, by, "check_rule.changed", "check_rule", row.id, fields=sorted(changes))
    return row
