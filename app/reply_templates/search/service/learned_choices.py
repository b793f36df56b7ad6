"""Record which template was chosen for a message, to improve suggestions (O-6.2.6)."""

from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.language.lemmas import is_known, is_possible_name
from app.language.personal_data import find_personal_data
from app.reply_templates.search.models import TemplateChoice
from app.reply_templates.search.rules.choices import CHOICES_KEPT
from app.reply_templates.search.rules.synonyms import Synonyms
from app.reply_templates.search.rules.tokenizer import tokenize
from app.reply_templates.search.service.index_cache import refresh_synonyms

MAX_FORMS = 60


async def record_choice(session: AsyncSession, template_id: UUID, text: str) -> None:
    """Record that a template was chosen for a message; the last 20 choices of each template are kept.

    Only the dictionary forms of the message's significant words are stored, without possible personal data. A message
    without such words is not recorded.
    """
    forms = select_telling_forms(text, await refresh_synonyms(session))
    if not forms:
        return
    session.add(TemplateChoice(template_id=template_id, forms=forms, chosen_at=clock.now()))
    await session.flush()  # the query below counts the new row too
    is_of_template = col(TemplateChoice.template_id) == template_id
    oldest_kept = (
        sa.select(col(TemplateChoice.id))
        .where(is_of_template)
        .order_by(col(TemplateChoice.id).desc())
        .offset(CHOICES_KEPT - 1)
        .limit(1)
        .scalar_subquery()
    )
    await session.exec(sa.delete(TemplateChoice).where(is_of_template, col(TemplateChoice.id) < oldest_kept))


def select_telling_forms(text: str, synonyms: Synonyms) -> list[str]:
    """Return the forms to store for a message, without repetitions, numbers, names and unknown words."""
    for place in reversed(find_personal_data(text)):
        text = text[: place.start] + " " + text[place.end :]
    forms: dict[str, None] = {}
    for word in tokenize(text):
        is_private = any(is_possible_name(form) for form in (word.written, *word.forms))
        if word.is_stop_word or is_private or any(character.isdigit() for character in word.written):
            continue
        if is_known(word.form) or synonyms.has(word.form):
            forms[word.form] = None
    return list(forms)[:MAX_FORMS]
