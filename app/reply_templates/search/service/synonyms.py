"""Create and update synonym groups."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit
from app.core.etags import IfMatch
from app.core.problems import FieldError, ValidationFailed
from app.core.schemas import apply_changes
from app.core.security import Principal
from app.reply_templates.search.errors import SynonymGroupNotFound
from app.reply_templates.search.models import SynonymGroup
from app.reply_templates.search.rules.synonyms import SynonymKind, phrase_of


async def get_group(session: AsyncSession, group_id: UUID) -> SynonymGroup:
    """Return a synonym group. Raises `SynonymGroupNotFound`."""
    row = await session.get(SynonymGroup, group_id)
    if row is None:
        raise SynonymGroupNotFound
    return row


async def create_group(
    session: AsyncSession, kind: SynonymKind, name: str, terms: Sequence[str], *, by: Principal
) -> SynonymGroup:
    """Create a synonym group."""
    _require_terms(kind, terms)
    row = SynonymGroup(kind=kind, name=name, terms=list(terms))
    session.add(row)
    audit.record(session, by, "synonym_group.created", "synonym_group", row.id)
    return row


async def update_group(
    session: AsyncSession, group_id: UUID, changes: Mapping[str, Any], match: IfMatch, *, by: Principal
) -> SynonymGroup:
    """Update or close a synonym group; every worker uses the change from its next query."""
    row = await get_group(session, group_id)
    if "terms" in changes:
        _require_terms(row.kind, changes["terms"])
    match.require(row)
    changed = apply_changes(row, changes)
    audit.record(session, by, "synonym_group.changed", "synonym_group", row.id, fields=changed)
    return row


def _require_terms(kind: SynonymKind, terms: Sequence[str]) -> None:
    """Raise 422 unless every term has a word and synonyms have at least two different terms."""
    phrases = [phrase_of(term) for term in terms]
    for place, phrase in enumerate(phrases):
        if not phrase:
            ru, en = "В термине нет ни одного слова.", "The term contains no words."
            raise ValidationFailed(field_errors=[FieldError(f"/terms/{place}", "no_words", ru, en)])
    if kind is not SynonymKind.FOREIGN and len(set(phrases)) == 1:
        ru, en = "Нужно не менее двух разных терминов.", "At least two different terms are required."
        raise ValidationFailed(field_errors=[FieldError("/terms", "too_few_terms", ru, en)])
