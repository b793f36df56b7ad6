"""What a message stores about its text: words to search for, possible personal data, the proposed topic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.language.lemmas import lemmas
from app.language.normalization import normalize
from app.language.personal_data import find_personal_data
from app.messages.rules.topic_proposal import TopicWords, propose_topics
from app.organizations import service as organizations

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

    from app.interaction_points.models import Point


async def analyze_text(session: AsyncSession, text: str, point: Point) -> dict[str, Any]:
    """Return the columns of a message that hold its text and what is computed from it."""
    suspicions = find_personal_data(text)
    return {
        "text": text,
        "search_text": normalize(text),
        "personal_data": [{"kind": place.kind, "start": place.start, "end": place.end} for place in suspicions],
        "has_personal_data": bool(suspicions),
        "proposal": await _build_proposal(session, text, point),
    }


async def _build_proposal(session: AsyncSession, text: str, point: Point) -> dict[str, Any] | None:
    """Build the proposal of a topic and unit for a text, as stored in the message; None without a match."""
    topics = [
        TopicWords(topic.id, topic.unit_id, [frozenset(lemmas(keyword)) for keyword in topic.keywords])
        for topic in await organizations.load_topics_in_force(session, point.organization_id)
    ]
    found = propose_topics(lemmas(text), topics, point.unit_id)
    if found is None:
        return None
    return {"topic_id": str(found.topic_id), "unit_id": str(found.unit_id), "words": found.words}
