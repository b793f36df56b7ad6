"""Proposal of the topic of a text by its keywords (O-6.2.1). The decision is made in triage."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class TopicWords:
    """A topic with its keywords, each as a set of lemmas."""

    topic_id: UUID
    unit_id: UUID
    keywords: Sequence[frozenset[str]]


@dataclass(frozen=True, slots=True)
class Proposal:
    """The proposed topic and unit, with the words of the text that led to them."""

    topic_id: UUID
    unit_id: UUID
    words: list[str]


def propose_topics(text: Mapping[str, str], topics: Iterable[TopicWords], point_unit_id: UUID) -> Proposal | None:
    """Return the topic with the most keywords in the text (lemma → word as written), None without a match.

    A keyword of several words matches if the text contains all of them. Among equal topics the one with the longer
    keywords is chosen, then one of the unit that owns the point, then the older one.
    """
    best: tuple[tuple[int, int, bool], Proposal] | None = None
    for topic in sorted(topics, key=lambda topic: topic.topic_id):
        found = [keyword for keyword in topic.keywords if keyword and keyword <= text.keys()]
        if not found:
            continue
        forms = frozenset[str]().union(*found)
        weight = (len(set(found)), sum(map(len, forms)), topic.unit_id == point_unit_id)
        if best is None or weight > best[0]:
            words = [word for form, word in text.items() if form in forms]
            best = weight, Proposal(topic.topic_id, topic.unit_id, words)
    return best[1] if best else None
