"""Create and update synonym groups."""

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
from app.reply_templates.search.schemas import SynonymGroupCreate, SynonymGroupPatch


async def get_group(session: AsyncSession, group_id: UUID) -> SynonymGroup:
    """Return a synonym group. Raises `SynonymGroupNotFound`."""
    row = await session.get(SynonymGroup, group_id)
    if row is None:
        raise SynonymGroupNotFound
    return row


async def create_group(session: AsyncSession, body: SynonymGroupCreate, *, by: Principal) -> SynonymGroup:
    """Create a synonym group."""
    _require_terms(body.kind, body.terms)
    row = SynonymGroup.model_validate(body)
    session.add(row)
    audit.record(session, by, "synonym_group.created", "synonym_group", row.id)
    await session.flush()  # a duplicate name fails here
    return row


async def update_group(
    session: AsyncSession, group_id: UUID, body: SynonymGroupPatch, match: IfMatch, *, by: Principal
) -> SynonymGroup:
    """Update or close a synonym group; every worker uses the change from its next query."""
    row = await get_group(session, group_id)
    if "terms" in body.model_fields_set:
        _require_terms(row.kind, body.terms)
    match.require(row)
    changed = apply_changes(row, body)
    audit.record(session, by, "synonym_group.changed", "synonym_group", row.id, fields=changed)
    await session.flush()  # the flush increments the version
    return row


def _require_terms(kind: SynonymKind, terms: list[str]) -> None:
    """Raise 422 unless every term has a word and synonyms have at least two different terms."""
    phrases = [phrase_of(term) for term in terms]
    for place, phrase in enumerate(phrases):
        if not phrase:
            ru, en = "В термине нет ни одного слова.", "The term contains no words."
            raise ValidationFailed(field_errors=[FieldError(f"/terms/{place}", "no_words", ru, en)])
    if kind is not SynonymKind.FOREIGN and len(set(phrases)) == 1:
        ru, en = "Нужно не менее двух разных терминов.", "At least two different terms are required."
        raise ValidationFailed(field_errors=[FieldError("/terms", "too_few_terms", ru, en)])
