"""Search over the templates' words in any form (O-6.2.6)."""

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.text import like, normalized, words
from app.reply_templates.finding.rules.synonyms import Term
from app.reply_templates.finding.rules.words import every_word
from app.reply_templates.finding.service.following import follow_synonyms
from app.reply_templates.models import ReplyTemplate


async def has_words(session: AsyncSession, q: str) -> list[ColumnElement[bool]]:
    """Every word of a search stands in the template: as part of a word, in any form, or by another name.

    Numbers and words of any text («есть») are looked for as they are written only: forms would find too much.
    """
    terms = {term.written: term for term in (await follow_synonyms(session)).terms(list(every_word(normalized(q))))}
    conditions = []
    for word in words(q):
        parts = [terms[p.written] for p in every_word(word) if p.written in terms and not p.written.isdigit()]
        forms = [sa.and_(*[_stands(part) for part in parts])] if parts else []
        conditions.append(sa.or_(col(ReplyTemplate.search_text).like(like(word), escape="\\"), *forms))
    return conditions


def _stands(term: Term) -> ColumnElement[bool]:
    same = [phrase for phrase, weight in term.alternatives.items() if weight == 1.0]
    return sa.or_(*[sa.and_(*[_has_form(form) for form in phrase]) for phrase in same])


def _has_form(form: str) -> ColumnElement[bool]:
    return col(ReplyTemplate.search_text).like(like(f" {form} "), escape="\\")
