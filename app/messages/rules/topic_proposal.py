"""Which competence topic a text speaks for (O-6.2.1): a proposal with the words that led to it, a person decides."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class TopicWords:
    """A topic with its keywords, each as the dictionary forms of its words."""

    topic_id: UUID
    unit_id: UUID
    keywords: Sequence[frozenset[str]]


@dataclass(frozen=True, slots=True)
class Proposal:
    """The topic and unit that a text speaks for, and the words of the text that do."""

    topic_id: UUID
    unit_id: UUID
    words: list[str]


def propose_topics(text: Mapping[str, str], topics: Iterable[TopicWords], point_unit_id: UUID) -> Proposal | None:
    """The topic with most keywords in the text (dictionary form → word as written), None when none has any.

    A keyword of several words counts when all of them stand in the text. Of topics with as many the one with the
    longer keywords goes first, then one of the unit that owns the point, then the older one.
    """
    best: tuple[tuple[int, int, bool], Proposal] | None = None
    for topic in sorted(topics, key=lambda one: one.topic_id):
        found = [keyword for keyword in topic.keywords if keyword and keyword <= text.keys()]
        if not found:
            continue
        forms = frozenset[str]().union(*found)
        weight = (len(set(found)), sum(map(len, forms)), topic.unit_id == point_unit_id)
        if best is None or weight > best[0]:
            words = [word for form, word in text.items() if form in forms]
            best = weight, Proposal(topic.topic_id, topic.unit_id, words)
    return best[1] if best else None
