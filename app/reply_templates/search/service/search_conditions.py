"""Search over the templates' words in any form (O-6.2.6)."""

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.security import Principal
from app.language.normalization import like, normalized, words
from app.reply_templates.queries import shown_text
from app.reply_templates.search.rules.synonyms import Term
from app.reply_templates.search.rules.tokenizer import every_word
from app.reply_templates.search.service.index_cache import follow_synonyms


async def has_words(session: AsyncSession, q: str, by: Principal) -> list[ColumnElement[bool]]:
    """Every word of a search stands in the version that the caller sees: in part, in any form, or by another name.

    Numbers and words of any text («есть») are looked for as they are written only: forms would find too much.
    """
    terms = {term.written: term for term in (await follow_synonyms(session)).terms(list(every_word(normalized(q))))}
    text = shown_text(by)
    conditions = []
    for word in words(q):
        parts = [terms[p.written] for p in every_word(word) if p.written in terms and not p.written.isdigit()]
        forms = [sa.and_(*[_stands(text, part) for part in parts])] if parts else []
        conditions.append(sa.or_(text.like(like(word), escape="\\"), *forms))
    return conditions


def _stands(text: ColumnElement[str], term: Term) -> ColumnElement[bool]:
    same = [phrase for phrase, weight in term.alternatives.items() if weight == 1.0]
    return sa.or_(*[sa.and_(*[_has_form(text, form) for form in phrase]) for phrase in same])


def _has_form(text: ColumnElement[str], form: str) -> ColumnElement[bool]:
    return text.like(like(f" {form} "), escape="\\")
