"""Use cases of the reply check: checking a text, and keeping its tables (O-6.2.3b, O-6.2.4, O-6.2.5)."""

import asyncio
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
from app.text_check.rules.check_context import MOST_WORDS, CheckContext, KnownClient, phrase_words
from app.text_check.rules.findings import Finding
from app.text_check.rules.overrides import select_setting
from app.text_check.rules.pictographs import name_of, pictograph_of
from app.text_check.rules.readability import compute_readability
from app.text_check.schemas import (
    CheckEntryCreate,
    CheckEntryPatch,
    CheckRulePatch,
    FindingRead,
    ReadabilityRead,
    TextCheck,
    TextCheckRead,
)

NOBODY = KnownClient()
_PHRASES = (EntryKind.BUREAUCRATIC_PHRASE, EntryKind.EMPTY_POLITENESS)
_LONGEST_ABBREVIATION = 20


async def find(
    session: AsyncSession,
    text: str,
    *,
    channel: str | None = None,
    is_public: bool | None = None,
    client: KnownClient = NOBODY,
) -> list[Finding]:
    """The findings of a text that goes to a channel, by place.

    `is_public` None, where it is not known: social networks count as public when personal data are looked for.
    """
    known = await load_tables(session)
    kinds = {kind.key: kind.is_social for kind in await points.list_channel_kinds(session)} if channel else {}
    is_social = kinds.get(channel) if channel else None
    case = CheckContext(
        lexicon=known.lexicon,
        settings={
            code: select_setting(setting, overrides, channel, is_public=is_public)
            for code, (setting, overrides) in known.rules.items()
        },
        is_social=is_social,
        is_public=bool(is_social) if is_public is None else is_public,
        client=client,
    )
    return await asyncio.to_thread(check, text, case)  # a long text takes as long as many requests


async def check_text(session: AsyncSession, body: TextCheck) -> TextCheckRead:
    """Findings and readability of a text without a message."""
    if body.channel is not None:
        await require_channel(session, body.channel, "/channel")
    findings = await find(session, body.text, channel=body.channel, is_public=body.is_public)
    return TextCheckRead(
        findings=[FindingRead.model_validate(one) for one in findings], readability=to_readability_read(body.text)
    )


def to_readability_read(text: str) -> ReadabilityRead | None:
    """The six figures of a text as the API shows them."""
    told = compute_readability(text)
    return None if told is None else ReadabilityRead.model_validate(told)


async def require_channel(session: AsyncSession, channel: str, pointer: str) -> None:
    """Raise 422 with a pointer unless there is such a kind of channel."""
    if channel not in {kind.key for kind in await points.list_channel_kinds(session)}:
        raise unknown_reference(pointer)


async def get_entry(session: AsyncSession, entry_id: UUID) -> CheckEntry:
    """The entry, or `CheckEntryNotFound`."""
    row = await session.get(CheckEntry, entry_id)
    if row is None:
        raise CheckEntryNotFound
    return row


def build_entry(kind: EntryKind, text: str, replacement: str | None) -> CheckEntry:
    """An entry with what it matches. Raises 422 for a text that can match nothing."""
    matched: str | None
    if kind is EntryKind.EMOJI:
        matched = pictograph_of(text)
        replacement = name_of(matched) if matched else None
    elif kind in _PHRASES:
        words = phrase_words(text)
        matched = " ".join(words) if 0 < len(words) <= MOST_WORDS else None
    else:
        is_word = text.isalpha() and len(text) <= _LONGEST_ABBREVIATION
        matched = text.upper() if is_word else None
    if matched is None:
        ru, en = "Такой текст не найти: проверьте вид записи.", "This text can match nothing: see its kind."
        raise ValidationFailed(field_errors=[FieldError("/text", "entry_text", ru, en)])
    return CheckEntry(kind=kind, text=text, matched=matched, replacement=replacement, updated_at=clock.now())


async def create_entry(session: AsyncSession, body: CheckEntryCreate, *, by: Principal) -> CheckEntry:
    """Add a phrase, an abbreviation or a positive emoji."""
    row = build_entry(body.kind, body.text, body.replacement)
    session.add(row)
    audit.record(session, by, "check_entry.created", "check_entry", row.id)
    await session.flush()  # the answer tells of an entry that is there
    return row


async def update_entry(
    session: AsyncSession, entry_id: UUID, body: CheckEntryPatch, match: IfMatch, *, by: Principal
) -> CheckEntry:
    """Change what stands instead, close or open an entry."""
    row = await get_entry(session, entry_id)
    if row.kind is EntryKind.EMOJI and "replacement" in body.model_fields_set:
        ru, en = "У эмодзи есть своё название.", "An emoji has its own name."
        raise ValidationFailed(field_errors=[FieldError("/replacement", "not_taken", ru, en)])
    match.require(row)
    changed = apply_changes(row, body)
    row.updated_at = clock.now()
    audit.record(session, by, "check_entry.changed", "check_entry", row.id, fields=changed)
    await session.flush()  # the version is counted at the flush
    return row


async def list_rules(session: AsyncSession) -> list[CheckRule]:
    """All rules, in the order of their codes."""
    return list((await session.exec(select(CheckRule).order_by(col(CheckRule.code)))).all())


async def get_rule(session: AsyncSession, code: str) -> CheckRule:
    """The rule, or `CheckRuleNotFound`."""
    row = next((row for row in await list_rules(session) if row.code == code), None)
    if row is None:
        raise CheckRuleNotFound
    return row


async def update_rule(
    session: AsyncSession, code: str, body: CheckRulePatch, match: IfMatch, *, by: Principal
) -> CheckRule:
    """Switch a rule, or set its number, its words, and how it holds for channels."""
    row = await get_rule(session, code)
    for place, override in enumerate(body.overrides):
        if override.channel is not None:
            await require_channel(session, override.channel, f"/overrides/{place}/channel")
    match.require(row)
    changed = sorted(body.model_fields_set)
    for name in changed:
        setattr(row, name, body.model_dump()[name])
    row.updated_at = clock.now()
    audit.record(session, by, "check_rule.changed", "check_rule", row.id, fields=changed)
    await session.flush()  # the version is counted at the flush
    return row
