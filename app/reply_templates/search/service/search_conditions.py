"""Conditions of the word search over templates (O-6.2.6)."""

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.security import Principal
from app.language.normalization import like_pattern, normalize, split_words
from app.reply_templates.queries import visible_text
from app.reply_templates.search.rules.synonyms import Term
from app.reply_templates.search.rules.tokenizer import tokenize
from app.reply_templates.search.service.index_cache import refresh_synonyms


async def has_words(session: AsyncSession, q: str, by: Principal) -> list[ColumnElement[bool]]:
    """Return the conditions that the visible version contains every word, in part, in any form or as a synonym.

    Numbers and stop words («есть») are matched only as written, because their forms would match too much.
    """
    terms = {term.written: term for term in (await refresh_synonyms(session)).terms(list(tokenize(normalize(q))))}
    text = visible_text(by)
    conditions = []
    for word in split_words(q):
        parts = [terms[p.written] for p in tokenize(word) if p.written in terms and not p.written.isdigit()]
        forms = [sa.and_(*[_matches_term(text, part) for part in parts])] if parts else []
        conditions.append(sa.or_(text.like(like_pattern(word), escape="\\"), *forms))
    return conditions


def _matches_term(text: ColumnElement[str], term: Term) -> ColumnElement[bool]:
    same = [phrase for phrase, weight in term.alternatives.items() if weight == 1.0]
    return sa.or_(*[sa.and_(*[_has_form(text, form) for form in phrase]) for phrase in same])


def _has_form(text: ColumnElement[str], form: str) -> ColumnElement[bool]:
    return text.like(like_pattern(f" {form} "), escape="\\")
