"""Which templates fit a text, and which a search finds (O-6.2.6)."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.security import Principal
from app.reply_templates.search.rules.index import Found
from app.reply_templates.search.schemas import SuggestionRead
from app.reply_templates.search.service.index_cache import refresh_choices, refresh_synonyms, refresh_templates


async def find_suggestions(
    session: AsyncSession, text: str, by: Principal, *, limit: int = 5, topic_id: UUID | str | None = None
) -> list[SuggestionRead]:
    """The published templates that the caller may use and that fit a text, best first; none below the threshold.

    `topic_id` is the competence topic of the message, where it is known: templates of that topic go up a little.
    """
    kept, usable = await refresh_templates(session, by)
    synonyms = await refresh_synonyms(session)
    await refresh_choices(session)
    topic = str(topic_id) if topic_id is not None else None
    answer = []
    for found in kept.index.find(text, usable, synonyms, limit=limit, topic_id=topic):
        known = kept.published[found.template_id]
        answer.append(
            SuggestionRead(
                template_id=found.template_id,
                template_version=known.number,
                title=known.title,
                score=found.score,
                matched=found.matched,
                learned=found.learned,
                reasons=_reasons(found, has_topic=topic in known.topic_ids),
            )
        )
    return answer


def _reasons(found: Found, *, has_topic: bool) -> list[str]:
    reasons = []
    if found.matched:
        reasons.append("Совпало по словам: " + ", ".join(f"«{word}»" for word in found.matched[:10]))
    if has_topic:
        reasons.append("Тема сообщения та же, что у шаблона")
    if found.chosen:
        reasons.append(f"Для похожих сообщений этот шаблон выбирали: {found.chosen} из {found.similar}")
    return reasons
