"""Template suggestions for a text (O-6.2.6)."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.security import Principal
from app.reply_templates.search.rules.index import Found
from app.reply_templates.search.schemas import SuggestionRead
from app.reply_templates.search.service.index_cache import refresh_choices, refresh_synonyms, refresh_templates


async def find_suggestions(
    session: AsyncSession, text: str, by: Principal, *, limit: int = 5, topic_id: UUID | str | None = None
) -> list[SuggestionRead]:
    """Return the published templates that fit a text and that the caller may use, best first.

    Templates below the threshold are left out. `topic_id` is the known topic of the message; its templates rank higher.
    """
    cache, usable = await refresh_templates(session, by)
    synonyms = await refresh_synonyms(session)
    await refresh_choices(session)
    topic = str(topic_id) if topic_id is not None else None
    suggestions = []
    for found in cache.index.find(text, usable, synonyms, limit=limit, topic_id=topic):
        known = cache.published[found.template_id]
        suggestions.append(
            SuggestionRead(
                template_id=found.template_id,
                template_version=known.number,
                title=known.title,
                score=found.score,
                matched=found.matched,
                learned=found.learned,
                reasons=_build_reasons(found, has_topic=topic in known.topic_ids),
            )
        )
    return suggestions


def _build_reasons(found: Found, *, has_topic: bool) -> list[str]:
    reasons = []
    if found.matched:
        reasons.append("Совпали слова: " + ", ".join(f"«{word}»" for word in found.matched[:10]))
    if has_topic:
        reasons.append("Тема сообщения совпадает с темой шаблона")
    if found.chosen:
        reasons.append(f"Для похожих сообщений этот шаблон выбирали: {found.chosen} из {found.similar}")
    return reasons
